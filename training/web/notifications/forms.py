from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from training.web.lists import FilterForm


class Show(models.TextChoices):
    UNREAD = "unread", _("没读的")


class InboxFilter(FilterForm):
    show = forms.ChoiceField(label=_("只看"), required=False, choices=[("", _("全部")), *Show.choices])
