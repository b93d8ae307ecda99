from django.apps import AppConfig


class DossiersConfig(AppConfig):
    name = "training.dossiers"
    verbose_name = "培训档案"
