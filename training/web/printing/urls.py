from django.urls import path

from training.web.printing import views

urlpatterns = [
    path("sessions/<int:pk>/application.pdf", views.application, name="print-application"),
    path("sessions/<int:pk>/approval.pdf", views.approval, name="print-approval"),
    path("sessions/<int:pk>/notice.pdf", views.notice, name="print-notice"),
    path("sessions/<int:pk>/roster.pdf", views.roster, name="print-roster"),
    path("sessions/<int:pk>/roster-board.pdf", views.roster_board, name="print-roster-board"),
]
