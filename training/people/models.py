"""Trainees, each person once: what is known of them, what they agreed to, asked for, and who looked."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from training.core import clock
from training.core.crypto import EncryptedTextField
from training.core.db import ScopedModel
from training.core.lifecycle import Lifecycle
from training.people.choices import (
    GROUP_TRANSITIONS,
    OPEN_REQUESTS,
    RIGHTS_TRANSITIONS,
    ConsentChannel,
    ConsentPurpose,
    Education,
    GroupEvidence,
    GroupStatus,
    IdentityCheck,
    LookKind,
    RightsChannel,
    RightsKind,
    RightsStatus,
    Sex,
)
from training.people.hashes import phone_tail_hash
from training.people.rules import is_overdue, mask_id_number, mask_phone

THROUGH_TRAINEE = {"programme": "trainee__programme", "trainee": "trainee", "township": "trainee__township"}


PHONE_FIELDS = ("phone", "phone_tail_hash", "phone_verified_at")


class Trainee(ScopedModel):
    """学员. Institutions have no reach into this pool: they see people through their own rosters.

    `tail_hash` finds the last four of the number, `phone_tail_hash` those of the telephone; `restricted_at`: only kept, no longer used;
    `has_namesake`: somebody else of this name lives in the same village (`mark_namesakes`);
    `erased_at`: the row stands for somebody whose particulars are gone.
    """

    SCOPE = {"programme": "programme", "trainee": "pk", "township": "township"}
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="trainees")
    name = models.CharField(_("姓名"), max_length=64)
    id_number = EncryptedTextField(_("身份证号"))
    id_hash = models.CharField(max_length=64, editable=False)
    tail_hash = models.CharField(max_length=64, editable=False, blank=True)
    sex = models.CharField(_("性别"), max_length=8, choices=Sex)
    born_on = models.DateField(_("出生日期"))
    phone = EncryptedTextField(_("手机号"), blank=True)
    phone_tail_hash = models.CharField(max_length=64, editable=False, blank=True)
    phone_verified_at = models.DateTimeField(_("电话核实时间"), null=True, blank=True)
    do_not_contact = models.BooleanField(_("不再联系"), default=False)
    township = models.CharField(_("乡镇"), max_length=64, blank=True)
    village = models.CharField(_("村（社区）"), max_length=64, blank=True)
    education = models.CharField(_("文化程度"), max_length=16, choices=Education, blank=True)
    employer = models.CharField(_("工作单位（站点、企业）"), max_length=120, blank=True)
    employer_uscc = models.CharField(_("单位统一社会信用代码"), max_length=18, blank=True)
    has_namesake = models.BooleanField(default=False, editable=False)
    known_at = models.DateTimeField(_("登记时间"), default=clock.now)
    restricted_at = models.DateTimeField(_("限制处理"), null=True, blank=True)
    erased_at = models.DateTimeField(_("已删除"), null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "id_hash"], name="one_person_once")]
        indexes = [
            models.Index(fields=["programme", "name", "id"], name="trainees_by_name"),
            models.Index(fields=["programme", "township", "village", "name"], name="trainees_by_place"),
            models.Index(fields=["tail_hash"], name="trainees_by_last_four"),
            models.Index(fields=["phone_tail_hash"], name="trainees_by_phone_end"),
            models.Index(
                fields=["programme", "township", "village", "name", "id"],
                condition=Q(has_namesake=True),
                name="trainees_with_namesakes",
            ),
            models.Index(fields=["id"], condition=Q(do_not_contact=True), name="trainees_not_to_contact"),
        ]

    def __str__(self) -> str:
        return self.name

    def set_phone(self, phone: str) -> None:
        """Not saved: `PHONE_FIELDS` are what changes. A new number has to be confirmed again."""
        if phone != self.phone:
            self.phone, self.phone_tail_hash, self.phone_verified_at = phone, phone_tail_hash(phone), None

    @property
    def masked_id_number(self) -> str:
        return mask_id_number(self.id_number)

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.phone) if self.phone else ""


class NameWord(ScopedModel):
    """One way to type a trainee's name (`training.people.pinyin`); made anew whenever the name is written."""

    SCOPE = THROUGH_TRAINEE
    trainee = models.ForeignKey(Trainee, models.CASCADE, related_name="name_words")
    word = models.CharField(max_length=64)

    class Meta:
        indexes = [models.Index(fields=["word", "trainee"], name="trainees_by_word")]

    def __str__(self) -> str:
        return self.word


class TraineeGroup(Lifecycle):
    """学员类别: somebody says that a person belongs to a group, with what proves it; another one verifies.

    `code` is of the programme's rules. An end of validity that has passed takes the verification away.
    What a roster said has no claimant here: institutions never verify.
    """

    SCOPE = THROUGH_TRAINEE
    TRANSITIONS = GROUP_TRANSITIONS
    trainee = models.ForeignKey(Trainee, models.PROTECT, related_name="groups")
    code = models.CharField(_("学员类别"), max_length=32)
    status = models.CharField(_("状态"), max_length=16, choices=GroupStatus, default=GroupStatus.CLAIMED)
    evidence = models.CharField(_("依据"), max_length=16, choices=GroupEvidence)
    file = models.ForeignKey("core.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    source = models.CharField(_("来源"), max_length=120)
    as_of = models.DateField(_("数据截至"))
    valid_from = models.DateField(_("有效期起"), null=True, blank=True)
    valid_until = models.DateField(_("有效期止"), null=True, blank=True)
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    claimed_at = models.DateTimeField(_("填报时间"))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("核实时间"), null=True)
    reason = models.CharField(_("不符的原因"), max_length=200, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["trainee", "code"],
                condition=Q(status=GroupStatus.CLAIMED),
                name="one_open_claim_per_group",
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=F("claimed_by")), name="group_claimant_is_not_verifier"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from"))
                | Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True),
                name="group_validity_is_a_span",
            ),
        ]
        indexes = [models.Index(fields=["status", "code"], name="groups_by_status")]

    def __str__(self) -> str:
        """Without the group: the audit trail keeps these words, and some groups are sensitive."""
        return f"{self.trainee} #{self.pk}"

    def is_verified(self, on: date) -> bool:
        return (
            self.status == GroupStatus.VERIFIED
            and (self.valid_from is None or self.valid_from <= on)
            and (self.valid_until is None or on <= self.valid_until)
        )

    def has_expired(self, on: date) -> bool:
        verified = self.status == GroupStatus.VERIFIED
        return verified and self.valid_until is not None and self.valid_until < on


class ConsentText(ScopedModel):
    """告知书: what a person is told before they answer. Never edited: a change is a new version."""

    SCOPE = {"programme": "programme"}
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="consent_texts")
    purpose = models.CharField(_("用途"), max_length=16, choices=ConsentPurpose)
    version = models.CharField(_("版本"), max_length=16)
    body_zh = models.TextField(_("中文"))
    body_en = models.TextField(_("英文"))
    valid_from = models.DateField(_("启用日期"))
    published_by = models.CharField(_("发布人"), max_length=64)

    class Meta:
        ordering = ["purpose", "-valid_from", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "purpose", "version"], name="consent_text_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.version}"

    @property
    def body(self) -> str:
        """In the reader's language."""
        return self.body_en if (get_language() or "").startswith("en") else self.body_zh


class Consent(ScopedModel):
    """A separate, informed yes or no, with the text that was shown. Withdrawing is one act."""

    SCOPE = THROUGH_TRAINEE
    trainee = models.ForeignKey(Trainee, models.PROTECT, related_name="consents")
    purpose = models.CharField(_("用途"), max_length=16, choices=ConsentPurpose)
    given = models.BooleanField(_("同意"))
    text = models.ForeignKey(ConsentText, models.PROTECT, null=True, related_name="+")
    text_version = models.CharField(_("告知书版本"), max_length=16)
    channel = models.CharField(
        _("方式"), max_length=16, choices=ConsentChannel, default=ConsentChannel.IN_PERSON
    )
    witness = models.CharField(_("见证人"), max_length=64, blank=True)
    recorded_at = models.DateTimeField(_("记录时间"))
    recorded_by = models.CharField(_("记录人"), max_length=64)
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)
    withdrawn_by = models.CharField(_("撤回记录人"), max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["trainee", "purpose"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_standing_answer_per_purpose",
            )
        ]

    def __str__(self) -> str:
        return f"{self.trainee} {self.get_purpose_display()}"


class RightsRequest(Lifecycle):
    """个人信息权利请求: what a person asked for, when it must be answered, and what was done.

    Nobody received what came from the person's own page. `changes` of a correction: field to [before, after],
    as JSON. `kept` of a deletion: what stays and why.
    """

    SCOPE = THROUGH_TRAINEE
    TRANSITIONS = RIGHTS_TRANSITIONS
    trainee = models.ForeignKey(Trainee, models.PROTECT, related_name="rights_requests")
    kind = models.CharField(_("请求"), max_length=16, choices=RightsKind)
    status = models.CharField(_("状态"), max_length=16, choices=RightsStatus, default=RightsStatus.RECEIVED)
    channel = models.CharField(_("来访方式"), max_length=16, choices=RightsChannel)
    asked = EncryptedTextField(_("本人的要求"), blank=True)
    received_on = models.DateField(_("收到日期"))
    due_on = models.DateField(_("答复期限"))
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    identity = models.CharField(_("身份核对"), max_length=16, choices=IdentityCheck, blank=True)
    handler = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answer = EncryptedTextField(_("答复"), blank=True)
    answered_at = models.DateTimeField(_("答复时间"), null=True)
    changes = EncryptedTextField(blank=True)
    kept = models.JSONField(default=list)

    class Meta:
        ordering = ["due_on", "pk"]
        indexes = [models.Index(fields=["status", "due_on"], name="rights_by_due_date")]

    def __str__(self) -> str:
        return f"{self.trainee} {self.get_kind_display()}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_REQUESTS

    @property
    def is_overdue(self) -> bool:
        return self.is_open and is_overdue(self.due_on, clock.today())


class Look(ScopedModel):
    """Somebody saw something of a person that is not everybody's to see. Append-only."""

    SCOPE = THROUGH_TRAINEE
    trainee = models.ForeignKey(Trainee, models.CASCADE, related_name="looks")
    kind = models.CharField(_("看了什么"), max_length=16, choices=LookKind)
    at = models.DateTimeField(_("时间"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    actor_name = models.CharField(_("查看人"), max_length=64)
    role = models.CharField(_("身份"), max_length=32)
    reason = models.CharField(_("事由"), max_length=200, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.trainee} {self.actor_name}"
