from django.urls import path

from training.web.county import views

urlpatterns = [
    path("indicators/", views.indicators, name="indicators"),
    path("indicators/<slug:depth>/", views.enrolments, name="indicator-enrolments"),
    path("targets/<slug:code>/", views.target, name="target-enrolments"),
    path("programme/", views.programme, name="programme"),
]
