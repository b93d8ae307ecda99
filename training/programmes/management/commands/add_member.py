from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import localtime

from training.accounts.choices import AT_INSTITUTION, Body, Department, Role
from training.accounts.invitations import mail_link
from training.accounts.services import invite_member
from training.core.actor import SYSTEM
from training.core.errors import InvalidInputError
from training.programmes.models import Programme


class Command(BaseCommand):
    """The first accounts; the administrator adds the others of the county, the bureau those of institutions."""

    help = (
        "开通账号，打印设密码的链接 / open an account; prints the link at which its owner chooses a password"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", required=True, help="姓名 / the person's name")
        parser.add_argument("--role", required=True, choices=sorted(set(Role) - AT_INSTITUTION))
        parser.add_argument("--programme", default="", help="项目代码 / programme code, e.g. SC-2020")
        parser.add_argument("--workplace", default="", help="单位 / where they work")
        parser.add_argument("--township", default="", help="乡镇干部的乡镇 / a township officer's township")
        parser.add_argument(
            "--body",
            default="",
            choices=Body.values,
            help="验收组成员代表的部门 / whom a member of the acceptance group sits for",
        )
        parser.add_argument(
            "--department",
            default="",
            choices=Department.values,
            help="数据核实部门是哪个部门 / which department verifies trainee groups",
        )
        parser.add_argument("--email", default="", help="电子邮箱 / where to send the link as well")

    def handle(self, *args: Any, **options: Any) -> None:
        programme = _programme(options["programme"], options["role"])
        try:
            link = invite_member(
                options["username"],
                display_name=options["name"],
                role=Role(options["role"]),
                workplace=options["workplace"] or (f"{programme.county}商务局" if programme else "系统管理"),
                email=options["email"],
                programme_id=programme.pk if programme else None,
                township=_township(options["township"], options["role"]),
                body=_body(options["body"], options["role"]),
                department=_department(options["department"], options["role"]),
                actor=SYSTEM,
            )
        except InvalidInputError as refusal:
            raise CommandError(str(refusal)) from refusal
        until = f"{localtime(link.expires_at):%Y-%m-%d %H:%M}"
        self.stdout.write(f"{options['username']}  {link.address}")
        self.stdout.write(f"到 {until} 以前打开，只能用一次 / opens once, until {until}")
        if mail_link(link):
            self.stdout.write(f"已发到 {options['email']} / sent")


def _township(township: str, role: str) -> str:
    """Township officers name theirs, nobody else does; raises CommandError."""
    if (role == Role.TOWNSHIP) != bool(township):
        raise CommandError("乡镇干部要写 --township，其他岗位不写 / only township officers have a --township")
    return township


def _body(body: str, role: str) -> str:
    """Members of the acceptance group name theirs, nobody else does; raises CommandError."""
    if (role == Role.ACCEPTANCE) != bool(body):
        raise CommandError("验收组成员要写 --body，其他岗位不写 / only acceptance members have a --body")
    return body


def _department(department: str, role: str) -> str:
    """Data departments name which they are, nobody else does; raises CommandError."""
    if (role == Role.DATA_DEPARTMENT) != bool(department):
        raise CommandError(
            "数据核实部门要写 --department，其他岗位不写 / only data departments have a --department"
        )
    return department


def _programme(code: str, role: str) -> Programme | None:
    """Only an administrator may be of the whole installation; raises CommandError."""
    programme = Programme.objects.filter(code=code).first()
    if programme is None and (code or role != Role.ADMIN):
        raise CommandError(f"没有项目 {code} / no such programme")
    return programme
