from django.urls import path

from training.web.publications import views

urlpatterns = [
    path("", views.publications, name="publications"),
    path("export/", views.publications.file, name="publications-export"),
    path("sessions/", views.draft_sessions, name="publication-sessions"),
    path("table/", views.draft_table, name="publication-table"),
    path("<int:pk>/", views.publication, name="publication"),
    path("<int:pk>/leave-out/", views.leave_out, name="publication-leave-out"),
    path("<int:pk>/publish/", views.publish, name="publication-publish"),
    path("<int:pk>/withdraw/", views.withdraw, name="publication-withdraw"),
    path("<int:pk>/discard/", views.discard, name="publication-discard"),
]
