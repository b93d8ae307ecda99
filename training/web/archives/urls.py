from django.urls import path

from training.web.archives import views

urlpatterns = [
    path("todo/", views.todo, name="archive-todo"),
    path("todo/export/", views.todo.file, name="archive-todo-export"),
    path("sessions/<int:pk>/doubts/", views.session_doubts, name="session-doubts"),
]
