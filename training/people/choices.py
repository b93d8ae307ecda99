"""The words of the trainee pool's columns, and which state follows which."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Sex(models.TextChoices):
    MALE = "male", _("男")
    FEMALE = "female", _("女")


class Education(models.TextChoices):
    """文化程度, as rosters ask for it."""

    PRIMARY = "primary", _("小学及以下")
    JUNIOR = "junior", _("初中")
    SENIOR = "senior", _("高中（中专、职高）")
    COLLEGE = "college", _("大专")
    BACHELOR = "bachelor", _("本科及以上")


class ConsentPurpose(models.TextChoices):
    """What a separate consent is for; one never includes another (PIPL art. 29).

    FACE covers the portrait that a station keeps for the comparison: neither is of use without the other.
    """

    FACE = "face", _("人脸比对签到")
    FOLLOW_UP = "follow_up", _("训后电话回访")
    SENSITIVE = "sensitive", _("特殊群体信息")
    PUBLICATION = "publication", _("公开姓名或事迹")
    IMAGE = "image", _("宣传使用照片、视频")


class ConsentChannel(models.TextChoices):
    IN_PERSON = "in_person", _("当面口头")
    PAPER = "paper", _("纸质签字")
    PHONE = "phone", _("电话")


class GroupStatus(models.TextChoices):
    CLAIMED = "claimed", _("待核实")
    VERIFIED = "verified", _("已核实")
    REFUSED = "refused", _("核实不符")
    WITHDRAWN = "withdrawn", _("已撤销")


GROUP_TRANSITIONS = {
    GroupStatus.CLAIMED: frozenset({GroupStatus.VERIFIED, GroupStatus.REFUSED, GroupStatus.WITHDRAWN}),
    GroupStatus.VERIFIED: frozenset({GroupStatus.WITHDRAWN}),
}


class GroupEvidence(models.TextChoices):
    ROSTER = "roster", _("名册填报")
    LIST = "list", _("部门名单")
    CERTIFICATE = "certificate", _("证件或证书")
    VILLAGE = "village", _("村（社区）证明")
    ACCOUNT = "account", _("平台账号")
    DECLARED = "declared", _("本人申报")


class RightsKind(models.TextChoices):
    """What a person may ask for (PIPL arts. 44–48)."""

    COPY = "copy", _("查阅、复制")
    CORRECT = "correct", _("更正、补充")
    DELETE = "delete", _("删除")
    EXPLAIN = "explain", _("解释说明")
    RESTRICT = "restrict", _("限制、拒绝处理")


class RightsChannel(models.TextChoices):
    IN_PERSON = "in_person", _("当面")
    PHONE = "phone", _("电话")
    LETTER = "letter", _("书信、邮件")
    INSTITUTION = "institution", _("培训机构转来")
    TOWNSHIP = "township", _("乡镇、村转来")
    ONLINE = "online", _("本人网上（一次性链接）")


class IdentityCheck(models.TextChoices):
    """How it was made sure that the person is who they say."""

    CARD = "card", _("当面核对身份证")
    CALL_BACK = "call_back", _("回拨登记的手机号")
    PROXY = "proxy", _("核对委托书和双方证件")


class RightsStatus(models.TextChoices):
    RECEIVED = "received", _("待核对身份")
    CHECKED = "checked", _("待答复")
    ANSWERED = "answered", _("已答复")
    REFUSED = "refused", _("不予办理")
    WITHDRAWN = "withdrawn", _("本人撤回")


RIGHTS_TRANSITIONS = {
    RightsStatus.RECEIVED: frozenset({RightsStatus.CHECKED, RightsStatus.REFUSED, RightsStatus.WITHDRAWN}),
    RightsStatus.CHECKED: frozenset({RightsStatus.ANSWERED, RightsStatus.REFUSED, RightsStatus.WITHDRAWN}),
}
OPEN_REQUESTS = frozenset({RightsStatus.RECEIVED, RightsStatus.CHECKED})


class LookKind(models.TextChoices):
    """What somebody saw of a person."""

    PAGE = "page", _("学员页面（号码隐去）")
    SENSITIVE = "sensitive", _("敏感类别")
    NUMBER = "number", _("完整身份证号")
    PHONE = "phone", _("完整手机号")
    COPY = "copy", _("全部信息的副本")
    EXPLANATION = "explanation", _("计算说明")
    OWN = "own", _("本人在自己的页面上查看")
