import django.db.models.deletion
from django.db import migrations, models

import training.core.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("programmes", "0003_county_regions"),
    ]

    operations = [
        migrations.CreateModel(
            name="CountedPlace",
            fields=[
                ("enrolment", models.BigIntegerField(primary_key=True, serialize=False)),
                ("training_session", models.BigIntegerField(db_index=True)),
                ("trainee", models.BigIntegerField(db_index=True)),
                ("institution", models.BigIntegerField()),
                ("fund_line", models.CharField(max_length=16)),
                ("class_type", models.CharField(max_length=32)),
                ("category", models.CharField(max_length=32)),
                ("township", models.CharField(max_length=64)),
                ("village", models.CharField(max_length=64)),
                ("group", models.CharField(max_length=32)),
                ("month", models.CharField(max_length=7)),
                ("level", models.PositiveSmallIntegerField()),
                ("counted_at", models.DateTimeField()),
                (
                    "programme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="programmes.programme",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name="PendingCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("training_session", models.BigIntegerField()),
                ("marked_at", models.DateTimeField(default=training.core.clock.now)),
                (
                    "programme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="programmes.programme",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["programme", "training_session"], name="pending_counts"),
                ],
            },
        ),
        migrations.CreateModel(
            name='Figure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='figures', to='programmes.programme')),
                ('slice_kind', models.CharField(choices=[('programme', '全县'), ('institution', '机构'), ('township', '乡镇'), ('fund_line', '资金条线')], max_length=12)),
                ('slice_key', models.CharField(blank=True, max_length=64)),
                ('dimension', models.CharField(choices=[('total', '合计'), ('class_type', '班型'), ('category', '课程类别'), ('fund_line', '资金条线'), ('institution', '机构'), ('township', '乡镇'), ('village', '村（社区）'), ('group', '学员类别'), ('month', '月份'), ('first_month', '首次计入的月份'), ('until', '截至月末累计')], max_length=12)),
                ('key', models.CharField(blank=True, max_length=130)),
                ('depth', models.CharField(max_length=12)),
                ('renci', models.PositiveIntegerField(verbose_name='人次')),
                ('people', models.PositiveIntegerField(verbose_name='人数')),
                ('computed_at', models.DateTimeField(verbose_name='统计时间')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('programme', 'slice_kind', 'slice_key', 'dimension', 'key', 'depth'), name='figure_counted_once')],
                'indexes': [],
            },
        ),
    ]
