from django.urls import path

from training.web.desk import views

urlpatterns = [
    path("", views.queue, name="desk"),
    path("export/", views.export_queue, name="desk-export"),
    path("download/", views.download, name="desk-download"),
    path("dossiers/<int:pk>/", views.dossier, name="desk-dossier"),
    path("dossiers/<int:pk>/accept/", views.accept, name="desk-accept"),
    path("dossiers/<int:pk>/mark/", views.mark, name="desk-mark"),
    path("dossiers/<int:pk>/confirm/", views.confirm, name="desk-confirm"),
    path("trace/<int:pk>/", views.trace, name="trace"),
]
