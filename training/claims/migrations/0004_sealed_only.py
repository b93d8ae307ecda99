"""A claim exists only on a sealed dossier: on PostgreSQL by these triggers, on SQLite by `training.claims.triggers`."""

from django.db import migrations, models

FUNCTION = """
CREATE FUNCTION claim_needs_sealed_dossier() RETURNS trigger AS $$
BEGIN
    IF NEW.status <> 'withdrawn'
        AND NOT EXISTS (SELECT 1 FROM dossiers_dossier WHERE id = NEW.dossier_id AND status = 'sealed')
    THEN
        RAISE EXCEPTION 'claim_needs_sealed_dossier' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$ LANGUAGE plpgsql
"""
TRIGGERS = {
    'claim_needs_sealed_dossier_insert': 'INSERT ON claims_claim',
    'claim_needs_sealed_dossier_update': 'UPDATE OF dossier_id, amount_fen, status ON claims_claim',
}


def put_on(apps, schema_editor):
    if schema_editor.connection.vendor != 'postgresql':
        return
    schema_editor.execute(FUNCTION)
    for name, event in TRIGGERS.items():
        schema_editor.execute(
            f'CREATE TRIGGER {name} BEFORE {event} FOR EACH ROW EXECUTE FUNCTION claim_needs_sealed_dossier()'
        )


def take_off(apps, schema_editor):
    if schema_editor.connection.vendor == 'postgresql':
        for name in TRIGGERS:
            schema_editor.execute(f'DROP TRIGGER {name} ON claims_claim')
        schema_editor.execute('DROP FUNCTION claim_needs_sealed_dossier()')


class Migration(migrations.Migration):

    dependencies = [
        ('claims', '0003_who_handed_in'),
        ('dossiers', '0001_initial'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.CheckConstraint(condition=models.Q(('status', 'draft'), models.Q(('submitted_at__isnull', False), ('submitted_by__isnull', False)), _connector='OR'), name='claim_was_handed_in_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'withdrawn'), _negated=True), models.Q(('withdrawn_reason', ''), _negated=True), _connector='OR'), name='claim_withdrawn_with_reason'),
        ),
        migrations.RunPython(put_on, take_off),
    ]
