from django.apps import AppConfig


class AssessmentConfig(AppConfig):
    name = "training.assessment"
    verbose_name = "评价与考核"
