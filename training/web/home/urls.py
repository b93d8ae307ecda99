from django.urls import path

from training.web.home import views

urlpatterns = [
    path("", views.home, name="home"),
    path("health", views.health, name="health"),
    path("files/<slug:kind>/<int:pk>", views.file, name="file"),
]
