from django.apps import AppConfig


class PublicationsConfig(AppConfig):
    name = "training.publications"
    verbose_name = "公开"
