from django.db import migrations, models


def hand_in(apps, _schema_editor):
    """Nobody wrote down who handed in an earlier claim: who made it did."""
    Claim = apps.get_model("claims", "Claim")
    handed_in = Claim.objects.exclude(status="draft")
    handed_in.update(submitted_by=models.F("created_by"), submitted_at=models.F("created_at"))


class Migration(migrations.Migration):

    dependencies = [('claims', '0002_hand_in')]

    operations = [migrations.RunPython(hand_in, migrations.RunPython.noop)]
