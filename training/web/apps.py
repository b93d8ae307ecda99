from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "training.web"
    verbose_name = "页面"
