from django.urls import path

from training.web.portal import views

urlpatterns = [
    path("d/<str:token>", views.public_dossier, name="public-dossier"),
    path("verify", views.verify_file, name="public-verify"),
    path("s/<str:code>/<str:token>", views.public_session, name="public-session"),
]
