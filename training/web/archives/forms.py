from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from training.web.lists import FilterForm

ANY = ("", _("全部"))


class Due(models.TextChoices):
    """When what is missing should be there."""

    OVERDUE = "overdue", _("已逾期")
    WEEK = "week", _("七天内到期")
    LATER = "later", _("以后到期")


class Party(models.TextChoices):
    """Who has to do something."""

    INSTITUTION = "institution", _("培训机构")
    BUREAU = "bureau", _("商务局")
    ANYBODY = "anybody", _("不限")


class TodoFilter(FilterForm):
    """`items` are (code, label); `institutions` empty for who works at one."""

    item = forms.ChoiceField(label=_("档案项"), required=False)
    due = forms.ChoiceField(label=_("期限"), required=False, choices=[ANY, *Due.choices])
    who = forms.ChoiceField(label=_("由谁办"), required=False, choices=[("", _("本单位")), *Party.choices])
    institution = forms.ChoiceField(label=_("培训机构"), required=False)

    def __init__(
        self, request: HttpRequest, items: Iterable[tuple[str, str]], institutions: Iterable[Any]
    ) -> None:
        super().__init__(request)
        ours = [(str(row.pk), row.name) for row in institutions]
        self.fields["item"].choices = [ANY, *items]  # type: ignore[attr-defined]
        self.fields["institution"].choices = [ANY, *ours]  # type: ignore[attr-defined]
        self.full_clean()
        if not ours:
            del self.fields["institution"]
