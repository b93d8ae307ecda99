from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "training.reporting"
    verbose_name = "指标"

    def ready(self) -> None:
        import training.reporting.receivers  # noqa: F401, PLC0415  models exist only now
