from django.db import migrations, models
from django.db.models import F


def count_finished(apps, _schema_editor):
    """What is under way begins again: its parts lie elsewhere from now on."""
    uploads = apps.get_model("uploads", "Upload").objects
    uploads.filter(finished_at__isnull=False).update(received=F("size"))


class Migration(migrations.Migration):

    dependencies = [
        ('uploads', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='upload',
            name='handing_in_since',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='upload',
            name='received',
            field=models.PositiveBigIntegerField(default=0, verbose_name='已收到'),
        ),
        migrations.RunPython(count_finished, migrations.RunPython.noop, elidable=True),
    ]
