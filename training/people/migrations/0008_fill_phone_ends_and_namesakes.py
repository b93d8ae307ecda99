from collections import defaultdict

from django.db import migrations

from training.people.hashes import phone_tail_hash

CHUNK = 1000


def fill(apps, schema_editor):
    """What telephones are found by, and who shares a name and a village, for those who were here before."""
    trainee_model = apps.get_model("people", "Trainee")
    chunk = []
    for trainee in trainee_model.objects.only("phone").iterator(CHUNK):
        trainee.phone_tail_hash = phone_tail_hash(trainee.phone)
        chunk.append(trainee)
        if len(chunk) == CHUNK:
            trainee_model.objects.bulk_update(chunk, ["phone_tail_hash"])
            chunk = []
    trainee_model.objects.bulk_update(chunk, ["phone_tail_hash"])
    homes = defaultdict(list)
    rows = trainee_model.objects.filter(erased_at=None).exclude(village="")
    for pk, *home in rows.values_list("pk", "programme", "township", "village", "name").iterator():
        homes[tuple(home)].append(pk)
    shared = [pk for people in homes.values() if len(people) > 1 for pk in people]
    for start in range(0, len(shared), CHUNK):
        trainee_model.objects.filter(pk__in=shared[start : start + CHUNK]).update(has_namesake=True)


class Migration(migrations.Migration):

    dependencies = [("people", "0007_occupation_and_namesakes")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
