from django.apps import AppConfig


class ComplaintsConfig(AppConfig):
    name = "training.complaints"
    verbose_name = "意见与举报"
