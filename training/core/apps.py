from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "training.core"
    verbose_name = "基础"

    def ready(self) -> None:
        from pillow_heif import register_heif_opener  # noqa: PLC0415  app ready: telephones' pictures open like others

        register_heif_opener(thumbnails=False)
        from training.core import checks  # noqa: F401, PLC0415  app ready: registers the system checks
