from django.urls import path

from training.web.stations import views

urlpatterns = [
    path("", views.fleet, name="stations"),
    path("export/", views.fleet.file, name="stations-export"),
    path("code/", views.issue, name="station-code"),
    path("<uuid:pk>/", views.station, name="station"),
    path("<uuid:pk>/may/", views.allow, name="station-may"),
    path("<uuid:pk>/renew/", views.renew, name="station-renew"),
    path("<uuid:pk>/revoke/", views.revoke, name="station-revoke"),
]
