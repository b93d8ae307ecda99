from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "training.notifications"
    verbose_name = "消息"
