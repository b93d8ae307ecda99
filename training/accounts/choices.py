from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """Who someone is at work; what each may never do is in domain.md §4.4."""

    ADMIN = "admin", _("系统管理员")
    INSTITUTION_CLERK = "institution_clerk", _("机构经办")
    INSTITUTION_HEAD = "institution_head", _("机构负责人")
    BUREAU_REVIEWER = "bureau_reviewer", _("商务局审核员")
    BUREAU_HEAD = "bureau_head", _("商务局负责人")
    FOLLOW_UP = "follow_up", _("跟踪服务人员")
    AUDITOR = "auditor", _("纪检/审计（只读）")


class AccountState(models.TextChoices):
    """Where an account stands."""

    ACTIVE = "active", _("在用")
    INVITED = "invited", _("还没设密码")
    INACTIVE = "inactive", _("已停用")


class InvitationState(models.TextChoices):
    """Why a link opens, or no longer does."""

    OPEN = "open", _("有效")
    USED = "used", _("已用过")
    REPLACED = "replaced", _("已有更新的链接")
    EXPIRED = "expired", _("已过期")
    CLOSED = "closed", _("账号已停用")


INSTITUTION_ROLES = frozenset({Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD})
BUREAU_ROLES = frozenset({Role.BUREAU_REVIEWER, Role.BUREAU_HEAD})
SEES_TRAINEE_POOL = BUREAU_ROLES | {Role.FOLLOW_UP, Role.AUDITOR}
SECOND_FACTOR_ROLES = BUREAU_ROLES | {Role.ADMIN}
"""Who approves, seals and pays, and who makes accounts: a password alone is not enough for these."""


def sphere(role: str) -> str:
    """Roles of one sphere may be one account's; nobody both applies and approves, nor hands out roles and works."""
    if role == Role.ADMIN:
        return "administration"
    return "institution" if role in INSTITUTION_ROLES else "county"
