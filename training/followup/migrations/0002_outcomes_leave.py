from django.db import migrations


class Migration(migrations.Migration):
    """Outcomes get a room of their own and take their table along."""

    dependencies = [("followup", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.AlterModelTable("outcome", "outcomes_outcome")],
            state_operations=[migrations.DeleteModel("outcome")],
        ),
    ]
