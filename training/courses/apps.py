from django.apps import AppConfig


class CoursesConfig(AppConfig):
    name = "training.courses"
    verbose_name = "课程"
