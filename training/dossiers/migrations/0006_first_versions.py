"""Sealed dossiers have a version each."""

from django.db import migrations


def first_versions(apps, schema_editor):
    """What was sealed before versions were counted is the first."""
    versions = apps.get_model("dossiers", "DossierVersion")
    for dossier in apps.get_model("dossiers", "Dossier").objects.filter(status="sealed"):
        versions.objects.create(
            dossier=dossier,
            edition="sealed",
            number=1,
            status="done",
            asked_by_id=dossier.sealed_by_id,
            asked_at=dossier.sealed_at,
            finished_at=dossier.sealed_at,
            pdf_id=dossier.pdf_id,
            package_id=dossier.package_id,
            manifest_sha256=dossier.manifest_sha256,
            pages=dossier.pages,
        )


class Migration(migrations.Migration):

    dependencies = [
        ('dossiers', '0005_versions'),
    ]

    operations = [migrations.RunPython(first_versions, migrations.RunPython.noop)]
