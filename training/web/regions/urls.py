from django.urls import path

from training.web.regions import views

urlpatterns = [
    path("", views.regions, name="regions"),
    path("export/", views.regions.file, name="regions-export"),
    path("load/", views.load, name="regions-load"),
    path("<int:pk>/poor/", views.list_as_poor, name="region-poor"),
    path("<int:pk>/not-poor/", views.unlist_as_poor, name="region-not-poor"),
]
