"""What was in use stays in use: the licences that institutions were admitted by, and the certificates' keys."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.db import migrations

from training.core import clock

ADMITTED = ("admitted", "suspended", "removed")
SHICHENG_ORGANISATION = ("enterprise", "public")  # its document speaks of 企事业单位 in one word


def carry_over(apps: Any, _editor: Any) -> None:
    institutions = apps.get_model("institutions", "Institution").objects
    institutions.filter(kind__in=SHICHENG_ORGANISATION).update(kind="organisation")
    licences = apps.get_model("institutions", "Licence").objects.filter(verified_at=None)
    licences.filter(institution__status__in=ADMITTED).update(verified_at=clock.now())
    for proof in apps.get_model("institutions", "InstructorProof").objects.filter(key=""):
        plain = unicodedata.normalize("NFKC", proof.number)
        proof.key = "".join(letter for letter in plain if letter.isalnum()).upper()
        proof.save(update_fields=["key"])


class Migration(migrations.Migration):
    dependencies = [("institutions", "0002_pools")]

    # Back again the new columns go, and with them all that this wrote.
    operations = [migrations.RunPython(carry_over, migrations.RunPython.noop)]
