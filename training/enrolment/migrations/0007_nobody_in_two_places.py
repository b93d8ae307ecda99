"""Nobody is taken by two sessions at the same time; the hours of sessions that were handed in are filled in.

On PostgreSQL by an exclusion constraint, on SQLite by the triggers of `training.scheduling.triggers`. Of hours
that two sessions have already, one keeps them: the other's next step is refused as it is by the check today.
"""

from django.db import migrations

NAME = 'booking_trainee_free'
HOLD_HOURS = ['submitted', 'approved', 'running']


def exclude(apps, schema_editor):
    if schema_editor.connection.vendor != 'postgresql':
        return
    schema_editor.execute('CREATE EXTENSION IF NOT EXISTS btree_gist')
    schema_editor.execute(
        f'ALTER TABLE enrolment_booking ADD CONSTRAINT {NAME} EXCLUDE USING gist '
        '(trainee_id WITH =, training_session_id WITH <>, tstzrange(starts_at, ends_at) WITH &&)'
    )


def allow(apps, schema_editor):
    if schema_editor.connection.vendor == 'postgresql':
        schema_editor.execute(f'ALTER TABLE enrolment_booking DROP CONSTRAINT {NAME}')


def fill(apps, schema_editor):
    bookings = apps.get_model('enrolment', 'Booking')
    places = apps.get_model('enrolment', 'Enrolment').objects.exclude(status='withdrawn').filter(
        training_session__status__in=HOLD_HOURS, training_session__lessons__live=True
    )
    lesson = 'training_session__lessons__'
    wanted = places.values_list(
        'training_session', 'trainee', f'{lesson}pk', f'{lesson}starts_at', f'{lesson}ends_at'
    )
    rows = [
        bookings(training_session_id=session, trainee_id=trainee, lesson_id=pk, starts_at=starts, ends_at=ends)
        for session, trainee, pk, starts, ends in wanted
    ]
    bookings.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)


class Migration(migrations.Migration):

    dependencies = [
        ('enrolment', '0006_bookings'),
        ('scheduling', '0007_no_two_at_once'),
    ]

    operations = [
        migrations.RunPython(exclude, allow),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
