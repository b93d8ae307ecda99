from django.urls import path

from training.web.changes import views

urlpatterns = [
    path("", views.changes, name="changes"),
    path("export/", views.changes.file, name="changes-export"),
    path("<int:pk>/", views.change, name="change"),
    path("<int:pk>/approve/", views.approve, name="change-approve"),
    path("<int:pk>/decline/", views.decline, name="change-decline"),
    path("<int:pk>/withdraw/", views.withdraw, name="change-withdraw"),
    path("lessons/<int:pk>/", views.request_lesson, name="change-lesson"),
    path("sessions/<int:pk>/roster/", views.roster, name="roster-changes"),
    path("sessions/<int:pk>/roster/export/", views.roster_export, name="roster-changes-export"),
    path("sessions/<int:pk>/roster/add/", views.add_person, name="roster-change-add"),
    path("enrolments/<int:pk>/remove/", views.remove_person, name="roster-change-remove"),
    path("sessions/<int:pk>/cancel/", views.cancel, name="session-call-off"),
    path("sessions/<int:pk>/stop/", views.stop, name="session-stop"),
    path("sessions/<int:pk>/calls/", views.call_list, name="call-list"),
]
