from django.apps import AppConfig

from training.scheduling.triggers import LESSONS, guard


class SchedulingConfig(AppConfig):
    name = "training.scheduling"
    verbose_name = "排期"

    def ready(self) -> None:
        guard(self, LESSONS)
