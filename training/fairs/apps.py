from django.apps import AppConfig


class FairsConfig(AppConfig):
    name = "training.fairs"
    verbose_name = "用工对接会"
