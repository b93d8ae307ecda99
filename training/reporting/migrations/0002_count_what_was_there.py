"""Whatever was there before the figures waits to be counted; the minute's work does it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("reporting", "0001_figures"),
        ("scheduling", "0009_change_requests"),
    ]

    operations = [
        migrations.RunSQL(
            "INSERT INTO reporting_pendingcount (programme_id, training_session, marked_at)"
            " SELECT institution.programme_id, session.id, CURRENT_TIMESTAMP"
            " FROM scheduling_trainingsession session"
            " JOIN institutions_institution institution ON institution.id = session.institution_id",
            migrations.RunSQL.noop,
        ),
    ]
