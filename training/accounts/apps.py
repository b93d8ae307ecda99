from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "training.accounts"
    verbose_name = "账号"
