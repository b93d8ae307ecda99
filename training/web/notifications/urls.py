from django.urls import path

from training.web.notifications import views

urlpatterns = [
    path("", views.inbox, name="notifications"),
    path("read/", views.read_all, name="notifications-read"),
    path("mail/", views.choose_mail, name="notifications-mail"),
    path("<int:pk>/", views.open_one, name="notification"),
    path("<int:pk>/read/", views.read_one, name="notification-read"),
]
