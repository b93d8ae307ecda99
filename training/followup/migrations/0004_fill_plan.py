"""What stood in other tables is repeated in the plan; what was done and guided so far gets its state."""

from django.db import migrations

FILL = """
UPDATE followup_followup SET
  trainee_id = (SELECT place.trainee_id FROM enrolment_enrolment place
                WHERE place.id = followup_followup.enrolment_id),
  institution_id = (SELECT session.institution_id FROM enrolment_enrolment place
                    JOIN scheduling_trainingsession session ON session.id = place.training_session_id
                    WHERE place.id = followup_followup.enrolment_id),
  programme_id = (SELECT institution.programme_id FROM enrolment_enrolment place
                  JOIN scheduling_trainingsession session ON session.id = place.training_session_id
                  JOIN institutions_institution institution ON institution.id = session.institution_id
                  WHERE place.id = followup_followup.enrolment_id),
  next_on = CASE WHEN done_at IS NULL THEN due_on END
"""
LAST = """
UPDATE followup_followup SET
  contacted_at = (SELECT MAX(said.made_at) FROM followup_contact said
                  WHERE said.follow_up_id = followup_followup.id),
  last_result = (SELECT said.result FROM followup_contact said
                 WHERE said.follow_up_id = followup_followup.id ORDER BY said.made_at DESC, said.id DESC LIMIT 1)
WHERE EXISTS (SELECT 1 FROM followup_contact said WHERE said.follow_up_id = followup_followup.id)
"""
SERVED = """
UPDATE followup_followup SET served = TRUE
WHERE EXISTS (SELECT 1 FROM followup_contact said
              WHERE said.follow_up_id = followup_followup.id AND said.guidance <> '')
"""
STATE = """
UPDATE followup_followup SET status = CASE WHEN served THEN 'serving' ELSE 'contacted' END
WHERE done_at IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("followup", "0003_plan_lifecycle")]

    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (FILL, LAST, SERVED, STATE)]
