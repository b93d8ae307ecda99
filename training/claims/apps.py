from django.apps import AppConfig


class ClaimsConfig(AppConfig):
    name = "training.claims"
    verbose_name = "补贴申领"
