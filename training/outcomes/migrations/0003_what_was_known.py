from datetime import timedelta

from django.db import migrations
from django.utils import timezone

RECHECK = timedelta(days=90)


def carry_over(apps, schema_editor):
    """Every outcome had one file and at most one decision: they become its first paper and its steps."""
    outcomes = apps.get_model("outcomes", "Outcome")
    papers = apps.get_model("outcomes", "OutcomeEvidence")
    steps = apps.get_model("outcomes", "OutcomeStep")
    for row in outcomes.objects.select_related("claimed_by", "verified_by").iterator():
        papers.objects.create(
            outcome=row, kind="other", file_id=row.file_id, added_by=row.claimed_by, added_at=row.claimed_at
        )
        news = {}
        taken = [(entered, row.claimed_at, row.claimed_by) for entered in ("claimed", "evidenced")]
        decided = (row.verified_at or row.claimed_at, row.verified_by)
        if row.status == "verified":
            taken += [("verified", *decided), ("confirmed", *decided)]
            on = timezone.localdate(decided[0])
            news = {"confirmed_by": row.verified_by, "confirmed_on": on, "recheck_on": on + RECHECK}
        elif row.status == "rejected":
            taken.append(("rejected", *decided))
        news |= {"status": taken[-1][0]}
        outcomes.objects.filter(pk=row.pk).update(**news)
        steps.objects.bulk_create(
            steps(outcome=row, entered=entered, at=at, by=by, by_name=(by.display_name or by.username)[:64] if by else "")
            for entered, at, by in taken
        )


class Migration(migrations.Migration):
    """Not reversible: the old table has no place for what is known since."""

    dependencies = [("outcomes", "0002_lifecycle")]

    operations = [migrations.RunPython(carry_over)]
