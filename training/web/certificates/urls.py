from django.urls import path

from training.web.certificates import views

urlpatterns = [
    path("", views.certificates, name="certificates"),
    path("export", views.certificates.file, name="certificates-export"),
    path("sessions/<int:pk>/", views.of_session, name="session-certificates"),
    path("sessions/<int:pk>/issue/", views.issue, name="certificates-issue"),
    path("sessions/<int:pk>/certificates.pdf", views.print_all, name="print-certificates"),
    path("<int:pk>/certificate.pdf", views.print_one, name="print-certificate"),
    path("<int:pk>/revoke/", views.revoke, name="certificate-revoke"),
    path("<int:pk>/reissue/", views.reissue, name="certificate-reissue"),
]
