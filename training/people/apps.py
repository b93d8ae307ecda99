from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "training.people"
    verbose_name = "学员"

    def ready(self) -> None:
        import training.people.receivers  # noqa: F401, PLC0415  models exist only now
