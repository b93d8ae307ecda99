from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('dossiers', '0006_first_versions'),
    ]

    operations = [
        migrations.AddField(
            model_name='dossierversion',
            name='seal_key',
            field=models.CharField(blank=True, max_length=44, verbose_name='封存公钥'),
        ),
    ]
