from django.urls import path

from training.web.claims import views

urlpatterns = [
    path("", views.claims, name="claims"),
    path("export/", views.export_claims, name="claims-export"),
    path("<int:pk>/", views.claim, name="claim"),
    path("<int:pk>/submit/", views.submit, name="claim-submit"),
    path("<int:pk>/withdraw/", views.withdraw, name="claim-withdraw"),
    path("<int:pk>/form.pdf", views.paper, name="print-claim"),
]
