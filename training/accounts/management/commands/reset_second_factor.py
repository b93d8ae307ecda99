from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from training.accounts.models import User
from training.accounts.second_factor import remove_devices
from training.core.actor import SYSTEM


class Command(BaseCommand):
    """Only from the server itself: whoever could do it from a page could sign in as anybody's second half."""

    help = "清除一个账号的动态码，下次登录重新设置 / forget an account's second factor"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"没有账号 {options['username']} / no such account")
        remove_devices(user, actor=SYSTEM)
        self.stdout.write(f"{user}：动态码已清除 / second factor removed")
