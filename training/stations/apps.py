from django.apps import AppConfig


class StationsConfig(AppConfig):
    name = "training.stations"
    verbose_name = "签到终端"
