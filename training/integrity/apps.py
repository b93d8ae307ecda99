from django.apps import AppConfig


class IntegrityConfig(AppConfig):
    name = "training.integrity"
    verbose_name = "数据核对"

    def ready(self) -> None:
        import training.integrity.receivers  # noqa: F401, PLC0415  models exist only now
