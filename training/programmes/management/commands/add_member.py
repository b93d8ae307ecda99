from __future__ import annotations

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from training.accounts.choices import INSTITUTION_ROLES, Role
from training.accounts.queries import username_is_taken
from training.accounts.services import add_member
from training.programmes.models import Programme


class Command(BaseCommand):
    """The first accounts of a county; those of institutions the bureau opens on its own screens."""

    help = "给县里的人开通账号 / open an account for a member of a county's staff; prints its first password"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", required=True, help="姓名 / the person's name")
        parser.add_argument("--role", required=True, choices=sorted(set(Role) - INSTITUTION_ROLES))
        parser.add_argument("--programme", required=True, help="项目代码 / programme code, e.g. SC-2020")
        parser.add_argument("--workplace", default="", help="单位 / where they work")

    def handle(self, *args: Any, **options: Any) -> None:
        programme = Programme.objects.filter(code=options["programme"]).first()
        if programme is None:
            raise CommandError(f"没有项目 {options['programme']} / no such programme")
        if username_is_taken(options["username"]):
            raise CommandError(f"账号 {options['username']} 已有人用 / the name is taken")
        password = secrets.token_urlsafe(9)
        add_member(
            options["username"],
            password=password,
            display_name=options["name"],
            role=Role(options["role"]),
            workplace=options["workplace"] or f"{programme.county}商务局",
            programme_id=programme.pk,
        )
        self.stdout.write(f"{options['username']}  {password}")
