"""Files on their way in, what is known of a picture, where it stands twice, and scanned paper registers."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from training.core.db import REACHED_THROUGH_OWNER, ScopedModel
from training.core.lifecycle import Lifecycle
from training.dossiers.choices import EvidenceKind
from training.scheduling.choices import HalfDay
from training.uploads.choices import REUSE_TRANSITIONS, Found, Likeness, ReuseStatus


class Upload(ScopedModel):
    """A file that comes in piece by piece, over a line that may break. Its owner alone goes on with it.

    Its first `received` bytes lie in the storage, piece by piece (`parts`), so that any machine goes on with
    it. `handing_in_since`: it is whole, and somebody is at looking through it. Without a `training_session` it
    is for a field of some form, and waits whole until that is sent. Otherwise it ends as `evidence`, or with `refusal`: the sentence that says why not, kept until its owner has read it.
    """

    SCOPE = {
        "programme": "training_session__institution__programme",
        "institution": "training_session__institution",
    }
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.CASCADE, null=True, related_name="uploads"
    )
    item = models.CharField(_("档案项"), max_length=8, blank=True)
    kind = models.CharField(_("种类"), max_length=16, choices=EvidenceKind, blank=True)
    lesson = models.ForeignKey("scheduling.Lesson", models.SET_NULL, null=True, related_name="+")
    caption = models.CharField(_("说明"), max_length=200, blank=True)
    name = models.CharField(_("文件名"), max_length=200)
    size = models.PositiveBigIntegerField(_("大小"))
    received = models.PositiveBigIntegerField(_("已收到"), default=0)
    sha256 = models.CharField(max_length=64, blank=True)  # as the sender counted it; empty if it could not
    device = models.CharField(_("上传设备"), max_length=200, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("开始时间"))
    expires_at = models.DateTimeField(_("保留到"))
    evidence = models.ForeignKey("dossiers.Evidence", models.SET_NULL, null=True, related_name="+")
    refusal = models.TextField(_("没有收下的原因"), blank=True)
    handing_in_since = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(_("完成时间"), null=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def percent(self) -> int:
        return 100 * self.received // max(self.size, 1)


class Recognisable(ScopedModel):
    """`phash` is a perceptual hash, 16 hexadecimal digits, cut into four bands that a database can look up;
    empty for a picture without anything in it.
    """

    phash = models.CharField(max_length=16, blank=True)
    band_0 = models.PositiveIntegerField(null=True, db_index=True)
    band_1 = models.PositiveIntegerField(null=True, db_index=True)
    band_2 = models.PositiveIntegerField(null=True, db_index=True)
    band_3 = models.PositiveIntegerField(null=True, db_index=True)

    class Meta:
        abstract = True


class Picture(Recognisable):
    """What is known of a photo or a PDF that was handed in, read off its original in the background.

    Latitude and longitude are rounded to about a kilometre.
    """

    SCOPE = {
        "programme": "evidence__training_session__institution__programme",
        "institution": "evidence__training_session__institution",
    }
    evidence = models.OneToOneField("dossiers.Evidence", models.PROTECT, related_name="picture")
    thumbnail = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    camera = models.CharField(_("相机"), max_length=100, blank=True)
    latitude = models.DecimalField(_("纬度"), max_digits=5, decimal_places=2, null=True)
    longitude = models.DecimalField(_("经度"), max_digits=6, decimal_places=2, null=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.evidence}"


class PageImage(Recognisable):
    """A picture that fills a page of a PDF: what a photo in a scan is recognised by."""

    SCOPE = REACHED_THROUGH_OWNER
    evidence = models.ForeignKey("dossiers.Evidence", models.PROTECT, related_name="page_images")
    page = models.PositiveIntegerField(_("第几页"))

    class Meta:
        ordering = ["evidence", "page"]
        constraints = [models.UniqueConstraint(fields=["evidence", "page"], name="image_of_page_once")]

    def __str__(self) -> str:
        return f"{self.evidence} {self.page}"


class Landmark(ScopedModel):
    """A striking corner of a picture, as 24 bits: what a crop of it still shares with the whole."""

    SCOPE = REACHED_THROUGH_OWNER
    picture = models.ForeignKey(Picture, models.CASCADE, related_name="landmarks")
    key = models.PositiveIntegerField(db_index=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.key:06x}"


class Reuse(Lifecycle):
    """One file or picture in two places: `copy` came later, or is not the one a station signed.

    `institution` is theirs when both are one institution's; pairs across institutions have none, so that
    only who sees the whole programme sees them. An open pair stands in the way of A9.
    """

    SCOPE = {"programme": "programme", "institution": "institution"}
    TRANSITIONS = REUSE_TRANSITIONS
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="+")
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, null=True, related_name="+")
    original = models.ForeignKey("dossiers.Evidence", models.PROTECT, related_name="copied_as")
    copy = models.ForeignKey("dossiers.Evidence", models.PROTECT, related_name="copies_of")
    likeness = models.CharField(_("相同之处"), max_length=8, choices=Likeness)
    noticed_at = models.DateTimeField(_("发现时间"))
    status = models.CharField(_("状态"), max_length=16, choices=ReuseStatus, default=ReuseStatus.OPEN)
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("核对时间"), null=True)

    class Meta:
        ordering = ["-noticed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["original", "copy"], name="reuse_noticed_once"),
            models.CheckConstraint(condition=~Q(original=F("copy")), name="reuse_is_of_two"),
            models.CheckConstraint(
                condition=Q(status=ReuseStatus.OPEN) | Q(decided_at__isnull=False) & ~Q(reason=""),
                name="reuse_decided_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.copy} = {self.original}"


class RegisterScan(ScopedModel):
    """Paper registers that came back: one file as it was handed in, its pages to be put where they belong."""

    SCOPE = {"programme": "institution__programme", "institution": "institution"}
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="register_scans")
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    device = models.CharField(_("上传设备"), max_length=200, blank=True)
    read_at = models.DateTimeField(_("读完时间"), null=True)
    problem = models.TextField(_("没有读成的原因"), blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.file}"


class ScannedPage(ScopedModel):
    """One page of a scan: where its code says it belongs, and where a person put it."""

    SCOPE = {"programme": "scan__institution__programme", "institution": "scan__institution"}
    scan = models.ForeignKey(RegisterScan, models.PROTECT, related_name="pages")
    number = models.PositiveIntegerField(_("第几页"), validators=[MaxValueValidator(2000)])
    found = models.CharField(_("二维码"), max_length=16, choices=Found)
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.PROTECT, null=True, related_name="+"
    )
    on = models.DateField(_("日期"), null=True)
    half_day = models.CharField(_("半天"), max_length=2, choices=HalfDay, blank=True)
    evidence = models.ForeignKey("dossiers.Evidence", models.PROTECT, null=True, related_name="+")
    set_aside_at = models.DateTimeField(_("不归档的时间"), null=True)

    class Meta:
        ordering = ["scan", "number"]
        constraints = [models.UniqueConstraint(fields=["scan", "number"], name="page_of_scan_once")]

    def __str__(self) -> str:
        return f"{self.scan} {self.number}"
