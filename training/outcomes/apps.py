from django.apps import AppConfig


class OutcomesConfig(AppConfig):
    name = "training.outcomes"
    verbose_name = "就业创业成果"
