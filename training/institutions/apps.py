from django.apps import AppConfig


class InstitutionsConfig(AppConfig):
    name = "training.institutions"
    verbose_name = "培训机构"
