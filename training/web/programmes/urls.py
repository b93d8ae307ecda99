from django.urls import path

from training.web.programmes import views

urlpatterns = [
    path("", views.programmes, name="programmes"),
    path("open/", views.open_one, name="programme-open"),
]
