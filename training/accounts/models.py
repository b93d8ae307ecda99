"""People who sign in, and the roles they hold."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from training.accounts.choices import AT_INSTITUTION, Body, Department, Role
from training.core.db import REACHED_THROUGH_OWNER, AdministeredQuerySet, ScopedModel


class User(AbstractUser):
    """An account. Being one gives no sight of anything: memberships do."""

    display_name = models.CharField(_("姓名"), max_length=64)

    def __str__(self) -> str:
        return self.display_name or self.username


class Membership(ScopedModel):
    """One role in one programme, for institution roles at one institution, for 讲师 as one of its instructors.

    The table lies below programmes and institutions, so it knows only their ids.
    """

    SCOPE = {"programme": "programme_id", "institution": "institution_id"}
    ADMINISTERED = Q()
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("身份"), max_length=32, choices=Role)
    programme_id = models.PositiveBigIntegerField(null=True, blank=True)
    institution_id = models.PositiveBigIntegerField(null=True, blank=True)
    instructor_id = models.PositiveBigIntegerField(null=True, blank=True)
    workplace = models.CharField(_("单位"), max_length=120)
    township = models.CharField(_("乡镇"), max_length=64, blank=True)
    body = models.CharField(_("代表部门"), max_length=16, choices=Body, blank=True)
    department = models.CharField(_("核实部门"), max_length=24, choices=Department, blank=True)
    objects = AdministeredQuerySet.as_manager()  # type: ignore[misc]  # the base names its own

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "programme_id", "institution_id"],
                name="one_membership_per_institution",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "programme_id", "township"],
                condition=Q(institution_id__isnull=True),
                name="one_membership_per_programme",
            ),
            models.CheckConstraint(
                condition=Q(role=Role.ADMIN) | Q(programme_id__isnull=False),
                name="membership_names_its_programme",
            ),
            models.CheckConstraint(
                condition=Q(role__in=sorted(AT_INSTITUTION), institution_id__isnull=False)
                | (~Q(role__in=sorted(AT_INSTITUTION)) & Q(institution_id__isnull=True)),
                name="institution_roles_name_their_institution",
            ),
            models.UniqueConstraint(fields=["instructor_id"], name="one_account_per_instructor"),
            models.CheckConstraint(
                condition=Q(role=Role.INSTRUCTOR, instructor_id__isnull=False)
                | (~Q(role=Role.INSTRUCTOR) & Q(instructor_id__isnull=True)),
                name="instructors_name_who_they_are",
            ),
            models.CheckConstraint(
                condition=(Q(role=Role.TOWNSHIP) & ~Q(township=""))
                | (~Q(role=Role.TOWNSHIP) & Q(township="")),
                name="township_officers_name_their_township",
            ),
            models.CheckConstraint(
                condition=(Q(role=Role.ACCEPTANCE) & ~Q(body="")) | (~Q(role=Role.ACCEPTANCE) & Q(body="")),
                name="acceptance_members_name_their_body",
            ),
            models.CheckConstraint(
                condition=Q(role=Role.DATA_DEPARTMENT) | Q(department=""),
                name="only_data_departments_are_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()} · {self.workplace}"


class Invitation(ScopedModel):
    """A link that opens once: whoever holds it chooses the account's password. Only its hash is kept."""

    SCOPE = REACHED_THROUGH_OWNER
    user = models.ForeignKey(User, models.CASCADE, related_name="invitations")
    token_hash = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField(_("发出时间"))
    expires_at = models.DateTimeField(_("有效期止"))
    replaced_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.user} {self.issued_at:%Y-%m-%d %H:%M}"
