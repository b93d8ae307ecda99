from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "training.reporting"
    verbose_name = "指标"
