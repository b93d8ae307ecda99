"""A lesson of a session that ended early holds nothing; of the others no two hold the same at the same time.

On PostgreSQL by exclusion constraints (the extension btree_gist is a trusted one: the owner of the database
may install it). On SQLite by the triggers of `training.scheduling.triggers`, put on after every migration.
"""

from django.db import migrations

COLUMNS = {
    'lesson_instructor_free': 'instructor_id',
    'lesson_venue_free': 'venue_id',
    'lesson_session_free': 'training_session_id',
}


def set_free(apps, schema_editor):
    lessons = apps.get_model('scheduling', 'Lesson').objects
    lessons.filter(training_session__status__in=['cancelled', 'stopped']).update(live=False)


def exclude(apps, schema_editor):
    if schema_editor.connection.vendor != 'postgresql':
        return
    schema_editor.execute('CREATE EXTENSION IF NOT EXISTS btree_gist')
    for name, column in COLUMNS.items():
        schema_editor.execute(
            f'ALTER TABLE scheduling_lesson ADD CONSTRAINT {name} EXCLUDE USING gist '
            f'({column} WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (live)'
        )


def allow(apps, schema_editor):
    if schema_editor.connection.vendor == 'postgresql':
        for name in COLUMNS:
            schema_editor.execute(f'ALTER TABLE scheduling_lesson DROP CONSTRAINT {name}')


class Migration(migrations.Migration):

    dependencies = [
        ('scheduling', '0006_lesson_live'),
    ]

    operations = [
        migrations.RunPython(set_free, migrations.RunPython.noop),
        migrations.RunPython(exclude, allow),
    ]
