"""Finding sessions by what they teach, when and where; part of every list of them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.core import clock
from training.core.actor import Actor
from training.programmes.queries import rule_set_on, the_programme
from training.scheduling.models import Lesson
from training.web.forms import DateInput
from training.web.lists import FilterForm


class PlannedFilter(FilterForm):
    """Codes to choose from are those of the rules in force today."""

    category = forms.ChoiceField(label=_("课程类别"), required=False)
    class_type = forms.ChoiceField(label=_("班型"), required=False)
    since = forms.DateField(label=_("上课日期从"), required=False, widget=DateInput)
    until = forms.DateField(label=_("到"), required=False, widget=DateInput)
    township = forms.CharField(label=_("上课乡镇"), required=False, max_length=64)
    organiser = forms.CharField(label=_("主办单位"), required=False, max_length=120)

    def __init__(self, request: HttpRequest, *, actor: Actor) -> None:
        super().__init__(request)
        rules = rule_set_on(the_programme(actor), clock.today(), actor=actor).rules
        self.offer(
            category=((entry.code, entry.name) for entry in rules.categories),
            class_type=((entry.code, entry.name) for entry in rules.class_types),
        )


def planned_as(
    rows: QuerySet[Any],
    *,
    category: str = "",
    class_type: str = "",
    since: str = "",
    until: str = "",
    township: str = "",
    organiser: str = "",
) -> QuerySet[Any]:
    """Sessions with a lesson between the two days (ISO), in the township, organised by a department of that name
    or with it in its name; an empty argument does not filter.
    """
    codes = {
        "category": category,
        "class_type": class_type,
        "organiser_department__icontains": organiser,
    }
    rows = rows.filter(**{name: code for name, code in codes.items() if code})
    asked = {"on__gte": since, "on__lte": until, "venue__township": township}
    lesson = Q(**{path: value for path, value in asked.items() if value})
    if not lesson:
        return rows
    return rows.filter(Exists(Lesson.objects.filter(lesson, training_session=OuterRef("pk"))))
