from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('programmes', '0003_county_regions'),
    ]

    operations = [
        migrations.AddField(
            model_name='fundline',
            name='claimable',
            field=models.BooleanField(default=True, verbose_name='可以申领补贴'),
        ),
    ]
