from django.urls import path

from training.web.audit import views

urlpatterns = [
    path("", views.trail, name="audit"),
    path("export/", views.trail.file, name="audit-export"),
]
