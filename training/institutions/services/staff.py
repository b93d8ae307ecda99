"""Accounts of the people who work at an institution."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.choices import INSTITUTION_ROLES, Role
from training.accounts.invitations import Link
from training.accounts.models import Membership
from training.accounts.permissions import demand
from training.accounts.services import give_role, invite_member, reissue_link
from training.core.actor import Actor
from training.core.errors import InvalidInputError
from training.institutions.models import Institution, Instructor
from training.institutions.queries import account_of_instructor


@transaction.atomic
def add_staff(
    institution_id: int, *, username: str, display_name: str, role: str, actor: Actor, email: str = ""
) -> Link:
    """An account for somebody who works at the institution, as its clerk or its head."""
    demand(actor, "institution.register")
    institution: Institution = Institution.objects.fetch(actor, pk=institution_id)
    return invite_member(
        username,
        display_name=display_name,
        role=_staff_role(role),
        workplace=institution.name,
        actor=actor,
        email=email,
        programme_id=institution.programme_id,
        institution_id=institution.pk,
    )


@transaction.atomic
def give_staff_role(institution_id: int, *, user_id: int, role: str, actor: Actor) -> Membership:
    """One more role for somebody who has an account already."""
    demand(actor, "institution.register")
    institution: Institution = Institution.objects.fetch(actor, pk=institution_id)
    return give_role(
        user_id,
        role=_staff_role(role),
        workplace=institution.name,
        programme_id=institution.programme_id,
        institution_id=institution.pk,
        actor=actor,
    )


@transaction.atomic
def invite_instructor(instructor_id: int, *, username: str = "", actor: Actor, email: str = "") -> Link:
    """A 讲师 account bound to this instructor; again, while nobody has set its password, a new link to the same.

    Raises InvalidInputError once it is in use: from there on the bureau looks after it.
    """
    demand(actor, "instructor.invite")
    instructor: Instructor = Instructor.objects.select_related("institution").lock(actor, pk=instructor_id)
    if account := account_of_instructor(instructor):
        return reissue_link(account.user, actor=actor)
    return invite_member(
        username,
        display_name=instructor.name,
        role=Role.INSTRUCTOR,
        workplace=instructor.institution.name,
        actor=actor,
        email=email,
        programme_id=instructor.institution.programme_id,
        institution_id=instructor.institution_id,
        instructor_id=instructor.pk,
    )


def _staff_role(role: str) -> Role:
    if role not in INSTITUTION_ROLES:
        raise InvalidInputError(_("请选择机构经办或机构负责人。"))
    return Role(role)
