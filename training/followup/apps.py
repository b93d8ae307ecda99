from django.apps import AppConfig


class FollowupConfig(AppConfig):
    name = "training.followup"
    verbose_name = "训后跟踪"
