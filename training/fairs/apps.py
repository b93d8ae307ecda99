from django.apps import AppConfig


class FairsConfig(AppConfig):
    name = "training.fairs"
    verbose_name = "用工对接会"

    def ready(self) -> None:
        import training.fairs.receivers  # noqa: F401, PLC0415  models exist only now
