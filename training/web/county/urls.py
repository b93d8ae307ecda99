from django.urls import path

from training.web.county import views

urlpatterns = [
    path("programme/", views.programme, name="programme"),
]
