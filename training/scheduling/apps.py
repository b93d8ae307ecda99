from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

from training.scheduling.triggers import put_on, take_off


class SchedulingConfig(AppConfig):
    name = "training.scheduling"
    verbose_name = "排期"

    def ready(self) -> None:
        pre_migrate.connect(take_off, sender=self)
        post_migrate.connect(put_on, sender=self)
