import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('scheduling', '0009_change_requests'),
        ('uploads', '0003_page_images'),
    ]

    operations = [
        migrations.AlterField(
            model_name='upload',
            name='kind',
            field=models.CharField(blank=True, choices=[('plan', '培训方案'), ('photo', '现场照片'), ('register_scan', '纸质签到表扫描件'), ('other', '其他材料')], max_length=16, verbose_name='种类'),
        ),
        migrations.AlterField(
            model_name='upload',
            name='caption',
            field=models.CharField(blank=True, max_length=200, verbose_name='说明'),
        ),
        migrations.AlterField(
            model_name='upload',
            name='item',
            field=models.CharField(blank=True, max_length=8, verbose_name='档案项'),
        ),
        migrations.AlterField(
            model_name='upload',
            name='training_session',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='uploads', to='scheduling.trainingsession'),
        ),
    ]
