"""The dossier (培训档案) of a session, and the evidence that belongs to no other room."""

from __future__ import annotations

import secrets
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from training.core.actor import ALL, Actor
from training.core.db import ScopedModel, ScopedQuerySet
from training.core.lifecycle import Lifecycle
from training.dossiers.choices import (
    BUILD_TRANSITIONS,
    DOSSIER_TRANSITIONS,
    TAKES_EVIDENCE,
    UNDER_WAY,
    AttestedAs,
    BuildStatus,
    BuildStep,
    CheckStage,
    Decision,
    DossierStatus,
    DoubtKind,
    Edition,
    EvidenceKind,
    Owes,
)
from training.dossiers.contents import is_inside
from training.enrolment.choices import ON_ROSTER
from training.enrolment.models import Enrolment

THROUGH_SESSION = {
    "programme": "training_session__institution__programme",
    "institution": "training_session__institution",
}


def new_public_token() -> str:
    """What the QR on the paper carries: names the dossier and nothing else."""
    return secrets.token_urlsafe(12)


class Dossier(Lifecycle):
    SCOPE = THROUGH_SESSION
    TRANSITIONS = DOSSIER_TRANSITIONS
    training_session = models.OneToOneField(
        "scheduling.TrainingSession", models.PROTECT, related_name="dossier"
    )
    status = models.CharField(
        _("状态"), max_length=16, choices=DossierStatus, default=DossierStatus.COLLECTING
    )
    public_token = models.CharField(max_length=24, unique=True, default=new_public_token)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(_("提交时间"), null=True)
    return_reason = models.TextField(_("退回原因"), blank=True)
    returned_items = models.JSONField(_("退回的项目"), default=list)
    sealed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    sealed_at = models.DateTimeField(_("封存时间"), null=True)
    seal_problem = models.TextField(_("封存未成的原因"), blank=True)
    pdf = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    package = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    pages = models.PositiveIntegerField(_("页数"), null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(sealed_by=F("submitted_by")), name="dossier_submitter_does_not_seal"
            ),
            models.CheckConstraint(
                condition=~Q(status=DossierStatus.SEALED)
                | Q(package__isnull=False, pdf__isnull=False, sealed_at__isnull=False),
                name="sealed_dossier_has_its_package",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.training_session.code}"

    @property
    def is_frozen(self) -> bool:
        """Whether the package is made or being made, so that nothing it says may change."""
        return self.status in (DossierStatus.SEALING, DossierStatus.SEALED)

    def takes(self, item: str) -> bool:
        """Whether the institution may change this archive item."""
        return self.status in TAKES_EVIDENCE and not self.spares(item)

    def spares(self, item: str) -> bool:
        """Returned to the institution, and not because of this item: so it stays as it is."""
        return self.status == DossierStatus.RETURNED and item not in self.returned_items


class Evidence(ScopedModel):
    """A file that was handed in or taken for one archive item. Never replaced: withdrawn with a reason."""

    SCOPE = THROUGH_SESSION
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.PROTECT, related_name="evidence"
    )
    item = models.CharField(_("档案项"), max_length=8)
    kind = models.CharField(_("种类"), max_length=16, choices=EvidenceKind)
    lesson = models.ForeignKey(
        "scheduling.Lesson",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="evidence",
        verbose_name=_("课次"),
    )
    caption = models.CharField(_("说明"), max_length=200)
    persons = models.CharField(_("人物"), max_length=120, blank=True)
    background = models.CharField(_("背景"), max_length=120, blank=True)
    photographer = models.CharField(_("摄影者"), max_length=64, blank=True)
    taken_at = models.DateTimeField(_("拍摄时间"), null=True)
    device = models.CharField(_("上传设备"), max_length=200, blank=True)
    event = models.OneToOneField(
        "attendance.AttendanceEvent", models.PROTECT, null=True, related_name="evidence"
    )
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(_("撤下时间"), null=True)
    withdrawn_reason = models.CharField(_("撤下原因"), max_length=200, blank=True)

    class Meta:
        ordering = ["item", "taken_at", "pk"]

    def __str__(self) -> str:
        return self.caption

    @property
    def outside_lesson(self) -> bool:
        """Known to have been taken before or after the lesson it is of: it does not count for its half-day."""
        return bool(self.taken_at and self.lesson and not is_inside(self.taken_at, self.lesson))


class DossierVersion(Lifecycle):
    """One making of a dossier: a draft to look at, or an edition that is sealed. Sealed ones are kept for ever.

    `number` counts editions of a kind that were made; one that failed has the number it would have had. `said`
    is what each item said (`versions.snapshot`), so that two versions can be compared in words. `done` of
    `total` is of the `step`.
    """

    SCOPE = {
        "programme": "dossier__training_session__institution__programme",
        "institution": "dossier__training_session__institution",
    }
    TRANSITIONS = BUILD_TRANSITIONS
    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="versions")
    edition = models.CharField(_("种类"), max_length=8, choices=Edition)
    number = models.PositiveSmallIntegerField(_("第几版"))
    status = models.CharField(_("状态"), max_length=16, choices=BuildStatus, default=BuildStatus.QUEUED)
    reason = models.TextField(_("为什么做这一版"), blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(_("开始时间"))
    step = models.CharField(_("步骤"), max_length=16, choices=BuildStep, default=BuildStep.READING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(_("结束时间"), null=True)
    problem = models.TextField(_("没有生成的原因"), blank=True)
    said = models.JSONField(default=dict)
    facts_sha256 = models.CharField(max_length=64, blank=True)
    pdf = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    package = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    seal_key = models.CharField(_("封存公钥"), max_length=44, blank=True)
    pages = models.PositiveIntegerField(_("页数"), null=True)
    lacking = models.CharField(_("字库没有的字"), max_length=200, blank=True)
    unsealed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    unsealed_at = models.DateTimeField(_("解封时间"), null=True)
    unsealed_reason = models.TextField(_("解封原因"), blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dossier", "edition"],
                condition=Q(status__in=sorted(UNDER_WAY)),
                name="one_build_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["dossier", "edition", "number"],
                condition=Q(status=BuildStatus.DONE),
                name="version_number_once",
            ),
            models.CheckConstraint(
                condition=~Q(status=BuildStatus.DONE, edition=Edition.SEALED)
                | Q(package__isnull=False, pdf__isnull=False),
                name="sealed_version_has_its_package",
            ),
            models.CheckConstraint(
                condition=Q(unsealed_at__isnull=True) | ~Q(unsealed_reason=""), name="unsealed_with_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier} {self.get_edition_display()} {self.number}"

    @property
    def under_way(self) -> bool:
        return self.status in UNDER_WAY


class PropertyCheck(ScopedModel):
    """四性检测 of a sealed version after it was sealed; the report of the seal itself lies in the package.

    `report` is `four_properties.FourProperties`; empty where the package could not even be opened.
    """

    SCOPE = {
        "programme": "version__dossier__training_session__institution__programme",
        "institution": "version__dossier__training_session__institution",
    }
    version = models.ForeignKey(DossierVersion, models.PROTECT, related_name="property_checks")
    stage = models.CharField(_("环节"), max_length=16, choices=CheckStage)
    at = models.DateTimeField(_("时间"))
    holds = models.BooleanField(_("通过"))
    problem = models.CharField(_("问题"), max_length=200, blank=True)
    report = models.JSONField(default=dict)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(holds=False) | Q(problem=""), name="property_check_holds_without_problem"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.at:%Y-%m-%d}"


class ArchiveTransfer(ScopedModel):
    """移交: a sealed version went to the archives; what was handed over by its digests, and who took it."""

    SCOPE = PropertyCheck.SCOPE
    version = models.OneToOneField(DossierVersion, models.PROTECT, related_name="transfer")
    receiver = models.CharField(_("接收单位"), max_length=100)
    taken_by = models.CharField(_("接收人"), max_length=64)
    receipt_number = models.CharField(_("移交清单编号"), max_length=64)
    handed_on = models.DateField(_("移交日期"))
    package_sha256 = models.CharField(max_length=64)
    package_sm3 = models.CharField(max_length=64)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(_("登记时间"))

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.version} {self.receipt_number}"


class ReviewRound(ScopedModel):
    """One turn of the bureau's check, from a submission to a return or to the seal.

    `facts` is what each item said when it was handed in (`item_facts`): what a later round is compared with.
    `reviewed_by` is the last who judged an item, `confirmed_by` the second person where the rules want one.
    """

    SCOPE = {
        "programme": "dossier__training_session__institution__programme",
        "institution": "dossier__training_session__institution",
    }
    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="rounds")
    number = models.PositiveSmallIntegerField(_("第几轮"))
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(_("提交时间"))
    facts = models.JSONField(default=dict)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(_("复核时间"), null=True)
    returned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    returned_at = models.DateTimeField(_("退回时间"), null=True)

    class Meta:
        ordering = ["dossier", "number"]
        constraints = [
            models.UniqueConstraint(fields=["dossier", "number"], name="review_round_once"),
            models.CheckConstraint(
                condition=~Q(reviewed_by=F("submitted_by"))
                & ~Q(confirmed_by=F("submitted_by"))
                & ~Q(returned_by=F("submitted_by")),
                name="submitter_does_not_review",
            ),
            models.CheckConstraint(
                condition=~Q(confirmed_by=F("reviewed_by")), name="review_takes_two_people"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier} #{self.number}"


class ItemReview(ScopedModel):
    """What the bureau said of one item in one round; each change of mind is in the audit trail.

    `facts_sha256` is of the item as it was judged: whatever changes it takes the acceptance back. `carried`
    came over from the round before, because nothing had changed. `x` and `y` are thousandths of the page's or
    picture's width and height, from the top left.
    """

    SCOPE = {
        "programme": "round__dossier__training_session__institution__programme",
        "institution": "round__dossier__training_session__institution",
    }
    round = models.ForeignKey(ReviewRound, models.PROTECT, related_name="reviews")
    item = models.CharField(_("档案项"), max_length=8)
    decision = models.CharField(_("意见"), max_length=16, choices=Decision)
    reason = models.CharField(_("退回原因"), max_length=400, blank=True)
    paper = models.CharField(max_length=40, blank=True)  # `ItemPaper.key` of the file it is about
    file = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, related_name="+")
    page = models.PositiveIntegerField(_("第几页"), null=True)
    x = models.PositiveSmallIntegerField(null=True)
    y = models.PositiveSmallIntegerField(null=True)
    facts_sha256 = models.CharField(max_length=64)
    carried = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("时间"))

    class Meta:
        ordering = ["round", "item"]
        constraints = [
            models.UniqueConstraint(fields=["round", "item"], name="item_judged_once_a_round"),
            models.CheckConstraint(
                condition=Q(decision=Decision.ACCEPTED) | ~Q(reason=""), name="item_returned_with_reason"
            ),
            models.CheckConstraint(
                condition=Q(x__isnull=True, y__isnull=True)
                | Q(x__isnull=False, y__isnull=False, x__lte=1000, y__lte=1000),
                name="place_lies_on_the_page",
            ),
            models.CheckConstraint(
                condition=Q(file__isnull=False) | Q(page__isnull=True, x__isnull=True),
                name="place_is_in_a_file",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} {self.item}"


class ApprovedTimetable(ScopedModel):
    """The lessons as the bureau approved them with the session: what archive item A5 is held against.

    `lessons`: sequence, times as ISO 8601, ids and names of instructor and venue. Written once.
    """

    SCOPE = THROUGH_SESSION
    training_session = models.OneToOneField(
        "scheduling.TrainingSession", models.CASCADE, related_name="approved_timetable"
    )
    lessons = models.JSONField()
    kept_at = models.DateTimeField(_("批准时间"))

    def __str__(self) -> str:
        return self.training_session.code


class ApprovedPaper(ScopedModel):
    """A licence, or an instructor's proof, as the bureau saw it when it approved the session or a later change.

    Written once; what archive items A2 and A3 go by (`approved_papers`). `backfilled`: written later, from the
    papers that stood then.
    """

    SCOPE = THROUGH_SESSION
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.CASCADE, related_name="approved_papers"
    )
    licence = models.ForeignKey("institutions.Licence", models.PROTECT, null=True, related_name="+")
    proof = models.ForeignKey("institutions.InstructorProof", models.PROTECT, null=True, related_name="+")
    kind = models.CharField(_("证照类型"), max_length=16)
    number = models.CharField(_("证照编号"), max_length=64)
    valid_from = models.DateField(_("有效期起"), null=True)
    valid_until = models.DateField(_("有效期止"), null=True)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    kept_at = models.DateTimeField(_("批准时间"))
    backfilled = models.BooleanField(_("后补"), default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(licence=None, proof__isnull=False) | Q(licence__isnull=False, proof=None),
                name="approved_paper_is_one",
            ),
            models.UniqueConstraint(fields=["training_session", "licence"], name="approved_licence_once"),
            models.UniqueConstraint(fields=["training_session", "proof"], name="approved_proof_once"),
        ]

    def __str__(self) -> str:
        return f"{self.training_session.code} {self.number}"


class SettledDoubt(ScopedModel):
    """The bureau looked into a doubt about people and lets it stand, with its reason. Append-only.

    `key` is of the evidence it saw (`doubts.Doubt`): whatever is noticed later is a new doubt.
    """

    SCOPE = THROUGH_SESSION
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.PROTECT, related_name="settled_doubts"
    )
    kind = models.CharField(_("疑点"), max_length=16, choices=DoubtKind)
    key = models.CharField(max_length=64)
    reason = models.CharField(_("核对结果"), max_length=200)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(_("核对时间"))

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["training_session", "kind", "key"], name="doubt_settled_once")
        ]

    def __str__(self) -> str:
        return f"{self.training_session.code} {self.get_kind_display()}"


class RegisterAttestation(ScopedModel):
    """签认: somebody stands for the register of a half-day, by account. Append-only.

    `digest` is of the register as it was (`facts.register_digest`): once it is another, this one has lapsed.
    """

    SCOPE = THROUGH_SESSION
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.CASCADE, related_name="register_attestations"
    )
    on = models.DateField(_("日期"))
    half_day = models.CharField(_("半天"), max_length=2)
    role = models.CharField(_("身份"), max_length=16, choices=AttestedAs)
    instructor = models.ForeignKey("institutions.Instructor", models.PROTECT, null=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("签认时间"))
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["on", "half_day", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["training_session", "on", "half_day", "user", "role", "digest"],
                name="register_attested_once",
            ),
            models.CheckConstraint(
                condition=Q(role=AttestedAs.MANAGER, instructor=None)
                | Q(role=AttestedAs.INSTRUCTOR, instructor__isnull=False),
                name="attesting_instructor_is_named",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.training_session.code} {self.on} {self.half_day}"


class ItemStateQuerySet(ScopedQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """A township sees what it owes: sessions with people of its own whose telephone nobody verified."""
        townships = actor.reach.get("township", frozenset())
        if "institution" in actor.reach or not townships:
            return super().visible_to(actor)
        programmes = actor.reach.get("programme", frozenset())
        rows = self.filter(owed_by__contains=Owes.TOWNSHIP, training_session__in=unreached(townships))
        return (
            rows
            if programmes is ALL
            else rows.filter(training_session__institution__programme__in=programmes)
        )


def unreached(townships: Any) -> Any:
    """Sessions with people on the roster whose telephone nobody verified; of these townships, or ALL."""
    people = Enrolment.objects.filter(ON_ROSTER, trainee__phone_verified_at=None)
    if townships is not ALL:
        people = people.filter(trainee__township__in=townships)
    return people.order_by().values("training_session")


class ItemState(ScopedModel):
    """One archive item of one session as it was last checked, for lists of very many.

    Never what an act is decided by: that checks again. `findings` are those of `training.dossiers.missing`, as
    data; `since` is the first day on which something was missing. `stale`: something was done that may have
    changed it, and nobody has checked again.
    """

    SCOPE = THROUGH_SESSION
    training_session = models.ForeignKey(
        "scheduling.TrainingSession", models.CASCADE, related_name="item_states"
    )
    item = models.CharField(_("档案项"), max_length=8)
    complete = models.BooleanField(_("齐全"))
    findings = models.JSONField(default=list)
    owed_by = models.CharField(_("由谁补"), max_length=64, blank=True)  # `Owes` codes with a space between
    since = models.DateField(_("缺自"), null=True)
    due_on = models.DateField(_("交齐期限"), null=True)
    rule_version = models.PositiveIntegerField(_("规则版本"))
    checked_at = models.DateTimeField(_("核对时间"))
    stale = models.BooleanField(default=False)
    objects = ItemStateQuerySet.as_manager()  # type: ignore[misc]  # the base names its own

    class Meta:
        ordering = ["due_on", "training_session", "item"]
        constraints = [
            models.UniqueConstraint(fields=["training_session", "item"], name="item_state_once"),
            models.CheckConstraint(
                condition=Q(complete=False) | Q(since__isnull=True, owed_by=""),
                name="complete_item_lacks_nothing",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_on", "training_session"], condition=Q(complete=False), name="items_by_deadline"
            ),
            models.Index(fields=["training_session"], condition=Q(stale=True), name="items_to_check_again"),
        ]

    def __str__(self) -> str:
        return f"{self.training_session.code} {self.item}"
