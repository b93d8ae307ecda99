from __future__ import annotations

from django.db import transaction

from training.accounts.choices import Role
from training.accounts.models import Membership, User


@transaction.atomic
def add_member(
    username: str,
    *,
    password: str,
    display_name: str,
    role: Role,
    workplace: str,
    programme_id: int | None = None,
    institution_id: int | None = None,
) -> Membership:
    """An account with one role. Asking twice keeps the account and its password, and adds nothing."""
    user, created = User.objects.get_or_create(username=username, defaults={"display_name": display_name})
    if created:
        user.set_password(password)
        user.save(update_fields=["password"])
    membership, _created = Membership.objects.get_or_create(
        user=user,
        role=role,
        programme_id=programme_id,
        institution_id=institution_id,
        defaults={"workplace": workplace},
    )
    return membership
