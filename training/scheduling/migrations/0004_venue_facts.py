import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('institutions', '0001_initial'),
        ('programmes', '0001_initial'),
        ('scheduling', '0003_session_outline'),
    ]

    operations = [
        migrations.AlterModelOptions(name='venue', options={'ordering': ['name', 'pk']}),
        migrations.AddField(
            model_name='venue',
            name='programme',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='venues', to='programmes.programme'),
        ),
        migrations.AddField(
            model_name='venue',
            name='kind',
            field=models.CharField(choices=[('training', '培训场地'), ('practice', '实训基地'), ('incubation', '孵化基地'), ('service_centre', '公共服务中心'), ('station', '村级站点'), ('school', '学校'), ('field', '现场教学点')], default='training', max_length=16, verbose_name='类型'),
        ),
        migrations.AddField(
            model_name='venue',
            name='level',
            field=models.CharField(choices=[('county', '县级'), ('town', '乡级'), ('village', '村级')], default='county', max_length=8, verbose_name='级别'),
        ),
        migrations.AddField(
            model_name='venue',
            name='township',
            field=models.CharField(blank=True, max_length=64, verbose_name='所在乡镇'),
        ),
        migrations.AddField(
            model_name='venue',
            name='area_m2',
            field=models.PositiveIntegerField(null=True, verbose_name='面积（平方米）'),
        ),
        migrations.AddField(
            model_name='venue',
            name='latitude',
            field=models.DecimalField(decimal_places=6, max_digits=8, null=True, verbose_name='纬度'),
        ),
        migrations.AddField(
            model_name='venue',
            name='longitude',
            field=models.DecimalField(decimal_places=6, max_digits=9, null=True, verbose_name='经度'),
        ),
        migrations.AddField(
            model_name='venue',
            name='retired_on',
            field=models.DateField(null=True, verbose_name='停用日期'),
        ),
        migrations.AlterField(
            model_name='venue',
            name='institution',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='venues', to='institutions.institution', verbose_name='所属机构'),
        ),
        migrations.AddConstraint(
            model_name='venue',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('latitude', None), ('longitude', None)), models.Q(('latitude__isnull', False), ('longitude__isnull', False), ('latitude__range', (-90, 90)), ('longitude__range', (-180, 180))), _connector='OR'), name='venue_point_is_whole'),
        ),
    ]
