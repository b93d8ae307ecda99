import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """The table is there already: followup's 0002 hands it over."""

    initial = True

    dependencies = [
        ("core", "0001_initial"),
        ("enrolment", "0001_initial"),
        ("followup", "0002_outcomes_leave"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Outcome",
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('employed', '就业'), ('started_up', '创业（开店）'), ('farm_sales', '务农并网销'), ('studying', '继续学习')], max_length=16, verbose_name='成果类型')),
                        ('started_on', models.DateField(verbose_name='开始日期')),
                        ('grade', models.CharField(choices=[('A', 'A 官方记录'), ('B', 'B 平台数据'), ('C', 'C 本人申报并电话核实')], max_length=1, verbose_name='证据等级')),
                        ('description', models.TextField(verbose_name='说明')),
                        ('status', models.CharField(choices=[('claimed', '已申报'), ('verified', '已核实'), ('rejected', '未通过')], default='claimed', max_length=16, verbose_name='状态')),
                        ('claimed_at', models.DateTimeField(verbose_name='申报时间')),
                        ('verified_at', models.DateTimeField(null=True, verbose_name='核实时间')),
                        ('claimed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('enrolment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='outcomes', to='enrolment.enrolment')),
                        ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.storedfile')),
                        ('verified_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={'ordering': ['-pk']},
                ),
                migrations.AddConstraint(
                    model_name='outcome',
                    constraint=models.CheckConstraint(condition=models.Q(('verified_by', models.F('claimed_by')), _negated=True), name='outcome_claimant_is_not_verifier'),
                ),
            ],
        ),
    ]
