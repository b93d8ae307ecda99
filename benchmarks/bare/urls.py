from django.urls import include, path

from benchmarks.bare import views

urlpatterns = [
    path("bare/row/", views.insert),
    path("bare/events/<uuid:station_id>/", views.verify_and_insert),
    path("housed/row/", views.insert),
    path("", include("training.urls")),
]
