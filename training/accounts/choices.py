from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """Who someone is at work; what each may do is in permissions.py."""

    ADMIN = "admin", _("系统管理员")
    INSTITUTION_CLERK = "institution_clerk", _("机构经办")
    INSTITUTION_HEAD = "institution_head", _("机构负责人")
    CLASS_MANAGER = "class_manager", _("班主任")
    INSTRUCTOR = "instructor", _("讲师")
    BUREAU_REVIEWER = "bureau_reviewer", _("商务局审核员")
    BUREAU_HEAD = "bureau_head", _("商务局负责人")
    FINANCE_REVIEWER = "finance_reviewer", _("财政审核员")
    FINANCE_PAYER = "finance_payer", _("财政拨付员")
    TOWNSHIP = "township", _("乡镇干部")
    DATA_DEPARTMENT = "data_department", _("数据核实部门")
    FOLLOW_UP = "follow_up", _("跟踪服务人员")
    LEADING_GROUP = "leading_group", _("领导小组办公室")
    ACCEPTANCE = "acceptance", _("验收组")
    PRIVACY_OFFICER = "privacy_officer", _("个人信息保护负责人")
    SUPERVISOR = "supervisor", _("第三方监理（只读）")
    AUDITOR = "auditor", _("纪检/审计（只读）")


class Body(models.TextChoices):
    """Whom a member of an acceptance group sits for; 纪检 watches and does not sign."""

    COMMERCE = "commerce", _("商务")
    FINANCE = "finance", _("财政")
    AUDIT = "audit", _("审计")
    DISCIPLINE = "discipline", _("纪检（观察）")
    THIRD_PARTY = "third_party", _("第三方")


class Department(models.TextChoices):
    """数据核实部门: which department of the county verifies who belongs to a group."""

    RURAL_AFFAIRS = "rural_affairs", _("农业农村（乡村振兴）部门")
    HUMAN_RESOURCES = "human_resources", _("人社部门")
    DISABLED_FEDERATION = "disabled_federation", _("残联")
    VETERANS = "veterans", _("退役军人事务部门")
    CIVIL_AFFAIRS = "civil_affairs", _("民政部门")


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


INSTITUTION_ROLES = frozenset({Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.CLASS_MANAGER})
AT_INSTITUTION = INSTITUTION_ROLES | {Role.INSTRUCTOR}
"""Those whose membership names an institution; an instructor only teaches there and has no hand in its papers."""
BUREAU_ROLES = frozenset({Role.BUREAU_REVIEWER, Role.BUREAU_HEAD})
FINANCE_ROLES = frozenset({Role.FINANCE_REVIEWER, Role.FINANCE_PAYER})
SEES_ALL_INSTITUTIONS = (
    BUREAU_ROLES
    | FINANCE_ROLES
    | {
        Role.FOLLOW_UP,
        Role.LEADING_GROUP,
        Role.ACCEPTANCE,
        Role.PRIVACY_OFFICER,
        Role.SUPERVISOR,
        Role.AUDITOR,
    }
)
SEES_TRAINEE_POOL = BUREAU_ROLES | {
    Role.FOLLOW_UP,
    Role.AUDITOR,
    Role.DATA_DEPARTMENT,
    Role.PRIVACY_OFFICER,
}
"""The whole county's trainees; a township officer sees those of the own township."""
SECOND_FACTOR_ROLES = (
    BUREAU_ROLES | FINANCE_ROLES | {Role.ADMIN, Role.PRIVACY_OFFICER, Role.LEADING_GROUP, Role.ACCEPTANCE}
)
"""Who approves, accepts, seals and pays, and who makes accounts: a password alone is not enough for these."""


def sphere(role: str) -> str:
    """Roles of one sphere may be one account's.

    Nobody both applies and approves, approves and pays, reviews a payment and makes it, or hands out roles
    and works.
    """
    if role in FINANCE_ROLES or role == Role.ADMIN:
        return role
    return "institution" if role in AT_INSTITUTION else "county"
