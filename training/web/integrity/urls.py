from django.urls import path

from training.web.integrity import views

urlpatterns = [
    path("", views.runs, name="integrity"),
    path("export/", views.runs.file, name="integrity-export"),
    path("<int:pk>/", views.findings, name="integrity-run"),
    path("<int:pk>/export/", views.findings_file, name="integrity-run-export"),
]
