import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('institutions', '0001_initial'),
        ('scheduling', '0007_no_two_at_once'),
    ]

    operations = [
        migrations.CreateModel(
            name='CalendarFeed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(verbose_name='建立时间')),
                ('revoked_at', models.DateTimeField(null=True, verbose_name='停用时间')),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('changed_at', models.DateTimeField(null=True)),
                ('institution', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='institutions.institution')),
                ('membership', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='calendar_feeds', to='accounts.membership')),
                ('training_session', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='scheduling.trainingsession')),
                ('venue', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='scheduling.venue')),
            ],
            options={
                'ordering': ['-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('institution', None), ('training_session', None)), models.Q(('institution', None), ('venue', None)), models.Q(('training_session', None), ('venue', None)), _connector='OR'), name='feed_is_about_one_thing')],
            },
        ),
    ]
