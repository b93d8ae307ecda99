from django.apps import AppConfig


class AttendanceConfig(AppConfig):
    name = "training.attendance"
    verbose_name = "签到"
