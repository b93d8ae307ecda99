from django.urls import path

from training.web.versions import views

urlpatterns = [
    path("dossiers/<int:pk>/", views.versions, name="dossier-versions"),
    path("dossiers/<int:pk>/draft/", views.draft, name="dossier-draft"),
    path("dossiers/<int:pk>/unseal/", views.unseal, name="dossier-unseal"),
    path("dossiers/<int:pk>/transfer/", views.transfer, name="dossier-transfer"),
    path("checks/<int:pk>/report.pdf", views.check_report, name="print-property-check"),
    path("transfers/<int:pk>/list.pdf", views.transfer_list, name="print-transfer"),
    path("dossiers/<int:pk>/compare/", views.compare, name="dossier-compare"),
    path("<int:pk>/cancel/", views.cancel, name="version-cancel"),
]
