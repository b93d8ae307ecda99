from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0002_audit_chain'),
    ]

    operations = [
        migrations.AddField(
            model_name='storedfile',
            name='device',
            field=models.CharField(blank=True, max_length=200, verbose_name='上传设备'),
        ),
    ]
