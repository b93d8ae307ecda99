from django.urls import path

from training.web.complaints import views

urlpatterns = [
    path("", views.complaints, name="complaints"),
    path("export", views.complaints.file, name="complaints-export"),
    path("<int:pk>/", views.complaint, name="complaint"),
    path("<int:pk>/assign/", views.assign, name="complaint-assign"),
    path("<int:pk>/examine/", views.examine, name="complaint-examine"),
    path("<int:pk>/answer/", views.answer, name="complaint-answer"),
    path("<int:pk>/archive/", views.archive, name="complaint-archive"),
    path("<int:pk>/contact/", views.contact, name="complaint-contact"),
]
