"""Sessions approved before papers were kept get those that stand today, marked as written later."""

from django.db import migrations

KEPT = ("kind", "number", "valid_until", "file")


def keep_earlier_papers(apps, schema_editor):
    """Where the approved timetable was kept; sealed archives go by their package and are left alone."""
    approved = apps.get_model("dossiers", "ApprovedPaper")
    lessons = apps.get_model("scheduling", "Lesson").objects
    licences = apps.get_model("institutions", "Licence").objects.filter(refused_at=None)
    proofs = apps.get_model("institutions", "InstructorProof").objects.filter(refused_at=None)
    timetables = apps.get_model("dossiers", "ApprovedTimetable").objects.select_related("training_session")
    for timetable in timetables.exclude(training_session__dossier__status="sealed").iterator():
        session, rows = timetable.training_session, []
        teaching = lessons.filter(training_session=session).values("instructor")
        for row in licences.filter(institution=session.institution_id).select_related("file").order_by("pk"):
            rows.append(_kept(approved, timetable, row, licence=row, valid_from=row.valid_from))
        for row in proofs.filter(instructor__in=teaching).select_related("file").order_by("pk"):
            rows.append(_kept(approved, timetable, row, proof=row, valid_from=getattr(row, "valid_from", None)))
        approved.objects.bulk_create(rows)


def _kept(approved, timetable, row, **owner):
    return approved(
        training_session=timetable.training_session,
        sha256=row.file.sha256,
        kept_at=timetable.kept_at,
        backfilled=True,
        **owner,
        **{name: getattr(row, name) for name in KEPT},
    )


class Migration(migrations.Migration):
    dependencies = [("dossiers", "0008_approved_papers")]

    operations = [migrations.RunPython(keep_earlier_papers, migrations.RunPython.noop)]
