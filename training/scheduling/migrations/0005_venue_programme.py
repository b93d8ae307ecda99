"""Every venue so far belongs to an institution, and so to its programme."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    Institution = apps.get_model('institutions', 'Institution')
    programme = Institution.objects.filter(pk=OuterRef('institution')).values('programme')
    apps.get_model('scheduling', 'Venue').objects.update(programme=Subquery(programme))


class Migration(migrations.Migration):

    dependencies = [
        ('scheduling', '0004_venue_facts'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
