from django.db import models
from django.utils.translation import gettext_lazy as _


class DossierStatus(models.TextChoices):
    """Lifecycle F of domain.md §4.5. Completeness is not a state: it is computed each time."""

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
}
TAKES_EVIDENCE = frozenset({DossierStatus.COLLECTING, DossierStatus.RETURNED})


class EvidenceKind(models.TextChoices):
    PLAN = "plan", _("培训方案")
    PHOTO = "photo", _("现场照片")
    REGISTER_SCAN = "register_scan", _("纸质签到表扫描件")
    OTHER = "other", _("其他材料")
