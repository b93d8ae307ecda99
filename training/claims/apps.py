from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

from training.claims.triggers import put_on, take_off


class ClaimsConfig(AppConfig):
    name = "training.claims"
    verbose_name = "补贴申领"

    def ready(self) -> None:
        import training.claims.receivers  # noqa: F401, PLC0415  models exist only now

        pre_migrate.connect(take_off, sender=self)
        post_migrate.connect(put_on, sender=self)
