from django.urls import path

from training.web.bureau import views

urlpatterns = [
    path("queue/", views.queue, name="bureau-queue"),
    path("queue/export/", views.export_queue, name="bureau-queue-export"),
    path("sessions/", views.sessions, name="bureau-sessions"),
    path("sessions/export/", views.export_sessions, name="bureau-sessions-export"),
    path("sessions/<int:pk>/", views.session, name="bureau-session"),
    path("sessions/<int:pk>/approve/", views.approve, name="bureau-session-approve"),
    path("sessions/<int:pk>/return/", views.return_session, name="bureau-session-return"),
    path("dossiers/<int:pk>/", views.dossier, name="bureau-dossier"),
    path("dossiers/<int:pk>/return/", views.return_dossier, name="bureau-dossier-return"),
    path("dossiers/<int:pk>/seal/", views.seal, name="bureau-dossier-seal"),
    path("events/<int:pk>/", views.event, name="bureau-event"),
    path("events/<int:pk>/reveal/", views.reveal_walk_in, name="bureau-event-reveal"),
    path("held/", views.held, name="bureau-held"),
    path("held/export/", views.held.file, name="bureau-held-export"),
    path("held/refused/", views.refused, name="bureau-refused"),
    path("held/refused/export/", views.refused.file, name="bureau-refused-export"),
]
