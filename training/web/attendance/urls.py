from django.urls import path

from training.web.attendance import views

urlpatterns = [
    path("sessions/<int:pk>/", views.register, name="register"),
    path("sessions/<int:pk>/export/", views.export_register, name="register-export"),
    path("sessions/<int:pk>/blank/", views.blank_register, name="register-blank"),
    path("sessions/<int:pk>/paper/", views.paper, name="register-paper"),
    path("sessions/<int:pk>/attest/", views.attest, name="register-attest"),
    path("rows/<int:pk>/", views.paper_row, name="register-row"),
    path("sessions/<int:pk>/correction/", views.propose, name="correction-add"),
    path("enrolments/<int:pk>/", views.person, name="attendance-person"),
    path("events/<int:pk>/void/", views.void, name="event-void"),
    path("corrections/", views.corrections, name="corrections"),
    path("corrections/export/", views.export_corrections, name="corrections-export"),
    path("corrections/approve/", views.approve_many, name="corrections-approve"),
    path("corrections/<int:pk>/decline/", views.decline, name="correction-decline"),
    path("corrections/<int:pk>/withdraw/", views.withdraw, name="correction-withdraw"),
    path("clashes/", views.clashes, name="clashes"),
    path("clashes/export/", views.clashes.file, name="clashes-export"),
    path("chains/", views.chains, name="chains"),
    path("chains/<uuid:pk>/lost/", views.declare_lost, name="lost-range-add"),
    path("lost/<int:pk>/approve/", views.approve_lost, name="lost-range-approve"),
    path("lost/<int:pk>/decline/", views.decline_lost, name="lost-range-decline"),
    path("lost/<int:pk>/withdraw/", views.withdraw_lost, name="lost-range-withdraw"),
]
