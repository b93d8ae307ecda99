from django.apps import AppConfig


class CertificatesConfig(AppConfig):
    name = "training.certificates"
    verbose_name = "结业证书"

    def ready(self) -> None:
        import training.certificates.receivers  # noqa: F401, PLC0415  models exist only now
