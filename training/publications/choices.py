from django.db import models
from django.utils.translation import gettext_lazy as _


class PublicationKind(models.TextChoices):
    SESSIONS = "sessions", _("已办培训一览")
    TABLE = "table", _("其他表格")


class PublicationStatus(models.TextChoices):
    """拟稿 → 审查 → 发布 → 撤下."""

    DRAFT = "draft", _("拟稿")
    CHECKED = "checked", _("审查通过")
    PUBLISHED = "published", _("已发布")
    WITHDRAWN = "withdrawn", _("已撤下")


PUBLICATION_TRANSITIONS = {
    PublicationStatus.DRAFT: frozenset({PublicationStatus.CHECKED}),
    PublicationStatus.CHECKED: frozenset({PublicationStatus.PUBLISHED}),
    PublicationStatus.PUBLISHED: frozenset({PublicationStatus.WITHDRAWN}),
}
NOT_YET = frozenset({PublicationStatus.DRAFT, PublicationStatus.CHECKED})
