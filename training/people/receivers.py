"""A new programme starts with the consent texts that come with the product."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from training.core import clock
from training.people.models import ConsentText
from training.people.texts import shipped_texts
from training.programmes.models import Programme


@receiver(post_save, sender=Programme)
def give_texts(instance: Programme, *, created: bool, **_said: Any) -> None:
    if created:
        ConsentText.objects.bulk_create(
            ConsentText(programme=instance, valid_from=clock.today(), **text) for text in shipped_texts()
        )
