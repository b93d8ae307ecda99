from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "training.reports"
    verbose_name = "报表"

    def ready(self) -> None:
        from training.reports import receivers  # noqa: F401, PLC0415  app ready
