from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "training.scheduling"
    verbose_name = "排期"
