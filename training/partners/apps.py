from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "training.partners"
    verbose_name = "数据接口"
