import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F


def finish_earlier_imports(apps, schema_editor):
    """Until now an import was over when it was stored, and gave out the numbers next in line."""
    RosterImport = apps.get_model("enrolment", "RosterImport")
    Enrolment = apps.get_model("enrolment", "Enrolment")
    RosterImport.objects.update(progressed_at=F("imported_at"))
    last = {}
    for roster_import in RosterImport.objects.order_by("pk").only("training_session", "accepted"):
        session = roster_import.training_session_id
        first = last.get(session, 0) + 1
        last[session] = first + roster_import.accepted - 1
        Enrolment.objects.filter(training_session=session, number__range=(first, last[session])).update(
            roster_import=roster_import
        )


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0001_initial'),
        ('enrolment', '0001_initial'),
        ('institutions', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='rosterimport',
            name='status',
            field=models.CharField(choices=[('waiting', '待指定各列'), ('running', '正在导入'), ('done', '已导完'), ('cancelled', '已停止'), ('failed', '没有导完')], default='done', max_length=16, verbose_name='状态'),
        ),
        migrations.AddField(
            model_name='rosterimport',
            name='marked',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.storedfile', verbose_name='标出问题的名册'),
        ),
        migrations.AddField(
            model_name='rosterimport',
            name='layout',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='rosterimport',
            name='progressed_at',
            field=models.DateTimeField(null=True, verbose_name='最近进展'),
        ),
        migrations.AddField(
            model_name='rosterimport',
            name='total',
            field=models.PositiveIntegerField(default=0, verbose_name='总行数'),
        ),
        migrations.AddField(
            model_name='rosterimport',
            name='done',
            field=models.PositiveIntegerField(default=0, verbose_name='已处理行数'),
        ),
        migrations.AddField(
            model_name='rosterimport',
            name='unchanged',
            field=models.PositiveIntegerField(default=0, verbose_name='已在名册上的人数'),
        ),
        migrations.AddField(
            model_name='rosterimport',
            name='warnings',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='rosterimport',
            name='failure',
            field=models.CharField(blank=True, max_length=200, verbose_name='没有导完的原因'),
        ),
        migrations.AlterField(
            model_name='rosterimport',
            name='accepted',
            field=models.PositiveIntegerField(default=0, verbose_name='导入人数'),
        ),
        migrations.AddField(
            model_name='enrolment',
            name='roster_import',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='places', to='enrolment.rosterimport', verbose_name='名册文件'),
        ),
        migrations.CreateModel(
            name='RosterHeading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('word', models.CharField(max_length=64, verbose_name='表头')),
                ('column', models.CharField(blank=True, max_length=16, verbose_name='列')),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='roster_headings', to='institutions.institution')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('institution', 'word'), name='heading_means_one_thing')],
            },
        ),
        migrations.AlterField(
            model_name='rosterimport',
            name='status',
            field=models.CharField(choices=[('waiting', '待指定各列'), ('running', '正在导入'), ('done', '已导完'), ('cancelled', '已停止'), ('failed', '没有导完')], default='waiting', max_length=16, verbose_name='状态'),
        ),
        migrations.RunPython(finish_earlier_imports, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name='rosterimport',
            name='progressed_at',
            field=models.DateTimeField(verbose_name='最近进展'),
        ),
    ]
