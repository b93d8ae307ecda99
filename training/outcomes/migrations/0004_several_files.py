from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("outcomes", "0003_what_was_known")]

    operations = [migrations.RemoveField("outcome", "file")]
