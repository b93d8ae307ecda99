from django.apps import AppConfig


class SelfserviceConfig(AppConfig):
    name = "training.selfservice"
    verbose_name = "学员自助"
