from django.apps import AppConfig


class ProgrammesConfig(AppConfig):
    name = "training.programmes"
    verbose_name = "示范项目"
