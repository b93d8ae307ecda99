"""Of lessons by somebody whom two institutions present, no two are at the same time.

On PostgreSQL by an exclusion constraint, on SQLite by the triggers of `training.scheduling.triggers`, as in 0007.
Of lessons that are at the same time already the first keeps its person; the others are refused when they are
handed in or approved, as they are today.
"""

from collections import defaultdict
from datetime import UTC, datetime

from django.db import migrations, models

NAME = 'lesson_person_free'


def persons(apps):
    """Rows of instructors to the lowest that is the same person, where there are several."""
    alike = defaultdict(set)
    proofs = apps.get_model('institutions', 'InstructorProof').objects.filter(refused_at=None)
    for *same, instructor in proofs.exclude(kind='other').values_list(
        'key', 'kind', 'instructor__name', 'instructor__institution__programme', 'instructor'
    ):
        alike[tuple(same)].add(instructor)
    found = {}
    for members in (rows for rows in alike.values() if len(rows) > 1):
        merged = {found.get(member, member) for member in members}
        members |= {row for row, number in found.items() if number in merged}
        found |= dict.fromkeys(members, min(merged))
    return found


def fill(apps, schema_editor):
    known = persons(apps)
    lessons = apps.get_model('scheduling', 'Lesson').objects
    until = defaultdict(lambda: datetime.min.replace(tzinfo=UTC))
    for lesson in lessons.filter(instructor__in=known, live=True).order_by('starts_at', 'pk'):
        person = known[lesson.instructor_id]
        if lesson.starts_at >= until[person]:
            lessons.filter(pk=lesson.pk).update(person=person)
            until[person] = lesson.ends_at


def exclude(apps, schema_editor):
    if schema_editor.connection.vendor == 'postgresql':
        schema_editor.execute(
            f'ALTER TABLE scheduling_lesson ADD CONSTRAINT {NAME} EXCLUDE USING gist '
            '(person WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (live)'
        )


def allow(apps, schema_editor):
    if schema_editor.connection.vendor == 'postgresql':
        schema_editor.execute(f'ALTER TABLE scheduling_lesson DROP CONSTRAINT {NAME}')


class Migration(migrations.Migration):

    dependencies = [
        ('institutions', '0004_proof_valid_from'),
        ('scheduling', '0011_session_facts'),
    ]

    operations = [
        migrations.AddField(
            model_name='lesson',
            name='person',
            field=models.PositiveBigIntegerField(editable=False, null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(exclude, allow),
    ]
