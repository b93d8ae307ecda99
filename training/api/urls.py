from django.urls import path

from training.api import views

urlpatterns = [
    path("time", views.server_time, name="api-time"),
    path("stations/enrol", views.enrol, name="api-enrol"),
    path("stations/report", views.report, name="api-report"),
    path("station/package", views.package, name="api-package"),
    path("station/events", views.events, name="api-events"),
    path("station/photos", views.photos, name="api-photos"),
]
