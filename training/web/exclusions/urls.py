from django.urls import path

from training.web.exclusions import views

urlpatterns = [
    path("", views.exclusions, name="exclusions"),
    path("export/", views.exclusions.file, name="exclusions-export"),
    path("enrolments/<int:pk>/", views.propose, name="exclusion-propose"),
    path("<int:pk>/", views.exclusion, name="exclusion"),
    path("<int:pk>/decide/", views.decide, name="exclusion-decide"),
    path("<int:pk>/appeal/", views.appeal, name="exclusion-appeal"),
    path("<int:pk>/appeal/decide/", views.decide_appeal, name="exclusion-decide-appeal"),
]
