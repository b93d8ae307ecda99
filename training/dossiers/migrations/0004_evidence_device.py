from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dossiers", "0003_item_states")]

    operations = [
        migrations.AddField(
            model_name="evidence",
            name="device",
            field=models.CharField(blank=True, max_length=200, verbose_name="上传设备"),
        ),
    ]
