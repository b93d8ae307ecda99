"""A programme that was set up before there were regions gets the row of its county."""

from django.db import migrations


def add_counties(apps, schema_editor):
    Region = apps.get_model("programmes", "Region")
    for programme in apps.get_model("programmes", "Programme").objects.all():
        Region.objects.get_or_create(
            programme=programme,
            code=programme.region_code,
            defaults={"name": programme.county, "level": "county", "source": "GB/T 2260，随项目规则"},
        )


class Migration(migrations.Migration):

    dependencies = [("programmes", "0002_rule_versions_and_regions")]

    operations = [migrations.RunPython(add_counties, migrations.RunPython.noop)]
