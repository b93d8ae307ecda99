from datetime import timedelta
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    """What a partner's token opens; every one of them figures and public facts, nobody's data."""

    PROGRAMME = "programme.read", _("项目与规则版本")
    INSTITUTIONS = "institutions.read", _("培训机构")
    INSTRUCTORS = "instructors.read", _("师资（不含姓名）")
    SESSIONS = "sessions.read", _("各期培训与课程表")
    STATISTICS = "statistics.read", _("分类统计")
    INDICATORS = "indicators.read", _("指标")
    DOSSIERS = "dossiers.status.read", _("档案状态")
    CLAIMS = "claims.read", _("补贴申领金额")


class Resource(models.TextChoices):
    """What can be read, as the log of use has it; each is an address of the API."""

    TOKEN = "partner-token", _("凭证本身：能读什么，到哪天为止")
    PROGRAMME = "partner-programme", _("项目与今天有效的规则版本")
    INSTITUTIONS = "partner-institutions", _("培训机构的公开事项")
    INSTRUCTORS = "partner-instructors", _("师资：职称与证书，不含姓名")
    SESSIONS = "partner-sessions", _("各期培训：批准过的")
    SESSION = "partner-session", _("一期培训")
    TIMETABLE = "partner-timetable", _("一期培训的课程表")
    STATISTICS = "partner-statistics", _("培训人次与人数，按类别、班型、学员类别或乡镇")
    INDICATORS = "partner-indicators", _("指标：目标、完成数、算法")
    DOSSIERS = "partner-dossiers", _("培训档案的状态与封存后的散列")
    CLAIMS = "partner-claims", _("补贴申领：人次、单价、金额（分）")


class TokenState(models.TextChoices):
    """Whether a token opens anything today."""

    ACTIVE = "active", _("在用")
    EXPIRED = "expired", _("已到期")
    REVOKED = "revoked", _("已停用")


COUNTY_WIDE: Final = frozenset({Purpose.PROGRAMME, Purpose.INDICATORS})
"""Of the county as a whole: a token for one institution's data does not open them."""
LONGEST: Final = timedelta(days=365)
"""From the day of issue to the last day of a token."""
