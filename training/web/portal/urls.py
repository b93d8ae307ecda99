from django.urls import path

from training.web.portal import site, views

urlpatterns = [
    path("p/", site.portal, name="portal"),
    path("p/<str:code>/", site.programme, name="portal-programme"),
    path("p/<str:code>/complaint/", site.complaint, name="portal-complaint"),
    path("p/<str:code>/published/<int:pk>/", site.publication, name="portal-publication"),
    path("p/<str:code>/published/<int:pk>/table.json", site.publication_file, name="portal-publication-file"),
    path("t/", site.complaint_status, name="complaint-status"),
    path("c/", site.certificate_check, name="certificate-check"),
    path("c/<str:number>/<str:check_code>/", site.certificate, name="certificate-shown"),
    path("d/<str:token>", views.public_dossier, name="public-dossier"),
    path("verify", views.verify_file, name="public-verify"),
    path("s/<str:code>/<str:token>", views.public_session, name="public-session"),
]
