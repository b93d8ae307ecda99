"""A new programme starts with the consent texts that come with the product."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from training.core import clock
from training.people.models import ConsentText, Trainee
from training.people.services.pool import mark_namesakes
from training.people.texts import shipped_texts
from training.programmes.models import Programme
from training.programmes.queries import gazetteer
from training.programmes.signals import regions_loaded


@receiver(post_save, sender=Programme)
def give_texts(instance: Programme, *, created: bool, **_said: Any) -> None:
    if created:
        ConsentText.objects.bulk_create(
            ConsentText(programme=instance, valid_from=clock.today(), **text) for text in shipped_texts()
        )


@receiver(regions_loaded)
def spell_homes(programme: Programme, **_said: Any) -> None:
    """Who was written down before there was a list lives where the list says."""
    places = gazetteer(programme)
    people = Trainee.objects.filter(programme=programme).exclude(township="")
    for township, village in people.order_by().values_list("township", "village").distinct():
        spelt = places.spell(township, village)
        if (spelt.township, spelt.village) != (township, village):
            there = people.filter(township=township, village=village)
            names = set(there.values_list("name", flat=True))
            there.update(township=spelt.township, village=spelt.village)
            mark_namesakes(programme, names)
