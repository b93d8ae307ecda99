from django.apps import AppConfig


class EnrolmentConfig(AppConfig):
    name = "training.enrolment"
    verbose_name = "名册"

    def ready(self) -> None:
        import training.enrolment.receivers  # noqa: F401, PLC0415  models exist only now
