from django.apps import AppConfig


class IntegrityConfig(AppConfig):
    name = "training.integrity"
    verbose_name = "数据核对"
