from django.apps import AppConfig


class DossiersConfig(AppConfig):
    name = "training.dossiers"
    verbose_name = "培训档案"

    def ready(self) -> None:
        import training.dossiers.receivers  # noqa: F401, PLC0415  models exist only now
