from django.apps import AppConfig


class EnrolmentConfig(AppConfig):
    name = "training.enrolment"
    verbose_name = "名册"
