from django.db import models
from django.utils.translation import gettext_lazy as _


class DossierStatus(models.TextChoices):
    """Completeness is not a state: it is computed each time."""

    COLLECTING = "collecting", _("收集中")
    SUBMITTED = "submitted", _("待商务局核验")
    RETURNED = "returned", _("退回补正")
    SEALING = "sealing", _("正在封存")
    SEALED = "sealed", _("已封存")


DOSSIER_TRANSITIONS = {
    DossierStatus.COLLECTING: frozenset({DossierStatus.SUBMITTED}),
    DossierStatus.SUBMITTED: frozenset({DossierStatus.RETURNED, DossierStatus.SEALING}),
    DossierStatus.RETURNED: frozenset({DossierStatus.SUBMITTED}),
    # Back to submitted when the package could not be made.
    DossierStatus.SEALING: frozenset({DossierStatus.SEALED, DossierStatus.SUBMITTED}),
    # 解封, by the head of the bureau only.
    DossierStatus.SEALED: frozenset({DossierStatus.SUBMITTED}),
}
TAKES_EVIDENCE = frozenset({DossierStatus.COLLECTING, DossierStatus.RETURNED})


class EvidenceKind(models.TextChoices):
    PLAN = "plan", _("培训方案")
    PHOTO = "photo", _("现场照片")
    REGISTER_SCAN = "register_scan", _("纸质签到表扫描件")
    OTHER = "other", _("其他材料")


class DoubtKind(models.TextChoices):
    """About people; what looks like a file used elsewhere is `training.uploads`'."""

    DENIED = "denied", _("否认参训")
    CLASH = "clash", _("一人两处")
    TWIN = "twin", _("姓名、电话都相同")


class Owes(models.TextChoices):
    """Who has to do something about what an archive lacks: suppliers as the rules name them."""

    INSTITUTION = "institution", _("培训机构")
    BUREAU = "bureau", _("商务局")
    TOWNSHIP = "township", _("乡镇")
    FOLLOW_UP = "follow_up", _("跟踪服务人员")


class AttestedAs(models.TextChoices):
    """Who stands for a register by account."""

    MANAGER = "manager", _("班主任")
    INSTRUCTOR = "instructor", _("授课人")


class Decision(models.TextChoices):
    """What the bureau says of one archive item in one round."""

    ACCEPTED = "accepted", _("通过")
    RETURNED = "returned", _("退回")


class Edition(models.TextChoices):
    """What a version of a dossier is for."""

    DRAFT = "draft", _("草稿")
    SEALED = "sealed", _("封存版")


class CheckStage(models.TextChoices):
    """When the four properties of a sealed version are checked again (DA/T 70-2018; the seal's own is inside)."""

    CLAIM = "claim", _("申领补贴")
    YEAR = "year", _("每年")
    TRANSFER = "transfer", _("移交")


class BuildStatus(models.TextChoices):
    """How far the making of a version has come."""

    QUEUED = "queued", _("排队中")
    RUNNING = "running", _("正在生成")
    DONE = "done", _("已生成")
    FAILED = "failed", _("没有生成")
    CANCELLED = "cancelled", _("已取消")


BUILD_TRANSITIONS = {
    BuildStatus.QUEUED: frozenset({BuildStatus.RUNNING, BuildStatus.CANCELLED, BuildStatus.FAILED}),
    BuildStatus.RUNNING: frozenset({BuildStatus.DONE, BuildStatus.FAILED, BuildStatus.CANCELLED}),
}
UNDER_WAY = frozenset({BuildStatus.QUEUED, BuildStatus.RUNNING})


class BuildStep(models.TextChoices):
    """What is being done, in this order."""

    READING = "reading", _("读取签到与材料")
    ORIGINALS = "originals", _("处理原始文件")
    PAGES = "pages", _("排版")
    WRITING = "writing", _("写出 PDF")
    SIGNING = "signing", _("电子签章")
    PACKING = "packing", _("打包")
