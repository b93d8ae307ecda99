from django.conf import settings
from django.db import migrations, models

from training.core.audit import extend

BATCH = 200


def chain_existing(apps, schema_editor):
    """Rows written before there was a chain are taken as they stand, oldest first."""
    AuditEvent = apps.get_model("core", "AuditEvent")
    AuditChain = apps.get_model("core", "AuditChain")
    chains = {}
    linked = []
    for event in AuditEvent.objects.order_by("pk").iterator(chunk_size=BATCH):
        programme = event.programme_id or 0
        chain = chains.setdefault(programme, AuditChain(programme=programme, length=0, last_hash=""))
        extend(chain, event)
        linked.append(event)
        if len(linked) == BATCH:
            AuditEvent.objects.bulk_update(linked, ["previous_hash", "row_hash"])
            linked = []
    AuditEvent.objects.bulk_update(linked, ["previous_hash", "row_hash"])
    AuditChain.objects.bulk_create(chains.values())


class Migration(migrations.Migration):

    dependencies = [
        ("core", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditChain",
            fields=[
                ("programme", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("length", models.PositiveBigIntegerField(default=0)),
                ("last_hash", models.CharField(blank=True, max_length=64)),
                ("proof", models.CharField(max_length=64)),
            ],
            options={"abstract": False},
        ),
        migrations.AddField(
            model_name="auditevent",
            name="previous_hash",
            field=models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="auditevent",
            name="row_hash",
            field=models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["programme_id", "id"], name="audit_by_programme"),
        ),
        migrations.RunPython(chain_existing, migrations.RunPython.noop),
    ]
