from django.apps import AppConfig


class UploadsConfig(AppConfig):
    name = "training.uploads"
    verbose_name = "材料上传"

    def ready(self) -> None:
        import training.uploads.receivers  # noqa: F401, PLC0415  models exist only now
