from django.urls import path

from training.web.teaching import views

urlpatterns = [
    path("", views.lessons, name="taught-lessons"),
    path("export/", views.lessons.file, name="taught-lessons-export"),
    path("record/", views.record, name="own-record"),
]
