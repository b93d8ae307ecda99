from django.db import migrations

from training.core import clock
from training.people.hashes import tail_hash
from training.people.pinyin import name_words
from training.people.texts import shipped_texts

CHUNK = 500


def fill(apps, schema_editor):
    """What people are found by, for those who were here before; and the first consent texts."""
    trainee_model = apps.get_model("people", "Trainee")
    word_model = apps.get_model("people", "NameWord")
    text_model = apps.get_model("people", "ConsentText")
    chunk = []
    for trainee in trainee_model.objects.only("name", "id_number").iterator(CHUNK):
        trainee.tail_hash = tail_hash(trainee.id_number)
        chunk.append(trainee)
        if len(chunk) == CHUNK:
            _write(trainee_model, word_model, chunk)
            chunk = []
    _write(trainee_model, word_model, chunk)
    for programme in apps.get_model("programmes", "Programme").objects.all():
        text_model.objects.bulk_create(
            text_model(programme=programme, valid_from=clock.today(), **text) for text in shipped_texts()
        )


def _write(trainee_model, word_model, chunk):
    trainee_model.objects.bulk_update(chunk, ["tail_hash"])
    word_model.objects.bulk_create(
        word_model(trainee=trainee, word=word) for trainee in chunk for word in sorted(name_words(trainee.name))
    )


class Migration(migrations.Migration):

    dependencies = [("people", "0002_pool")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
