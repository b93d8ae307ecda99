from django.apps import AppConfig


class EnrolmentConfig(AppConfig):
    name = "training.enrolment"
    verbose_name = "名册"

    def ready(self) -> None:
        import training.enrolment.receivers  # noqa: F401, PLC0415  models exist only now
        from training.enrolment.bookings import TRAINEE_FREE  # noqa: PLC0415  models exist only now
        from training.scheduling.triggers import guard  # noqa: PLC0415  as above

        guard(self, [TRAINEE_FREE])
