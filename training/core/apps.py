from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "training.core"
    verbose_name = "基础"

    def ready(self) -> None:
        from training.core import checks  # noqa: F401, PLC0415  app ready: registers the system checks
