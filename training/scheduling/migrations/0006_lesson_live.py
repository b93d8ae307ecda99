import django.db.models.deletion
from django.db import migrations, models

import training.core.clock


class Migration(migrations.Migration):

    dependencies = [
        ('programmes', '0001_initial'),
        ('scheduling', '0005_venue_programme'),
    ]

    operations = [
        migrations.AlterField(
            model_name='venue',
            name='programme',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='venues', to='programmes.programme'),
        ),
        migrations.AddField(
            model_name='lesson',
            name='live',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='lesson',
            name='version',
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='lesson',
            name='changed_at',
            field=models.DateTimeField(default=training.core.clock.now),
        ),
        migrations.AddIndex(
            model_name='lesson',
            index=models.Index(fields=['on'], name='lesson_by_day'),
        ),
    ]
