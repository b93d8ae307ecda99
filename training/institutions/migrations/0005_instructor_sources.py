from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('institutions', '0004_proof_valid_from'),
    ]

    operations = [
        migrations.AlterField(
            model_name='instructor',
            name='source',
            field=models.CharField(blank=True, choices=[('own', '本机构'), ('school', '高校、职校'), ('company', '企业'), ('association', '协会、商会'), ('local', '本地电商创业典范'), ('government', '机关事业单位'), ('other', '其他外聘')], max_length=16, verbose_name='来源'),
        ),
    ]
