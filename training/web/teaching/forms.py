from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from training.web.lists import FilterForm


class When(models.TextChoices):
    AHEAD = "ahead", _("还没上的")
    OVER = "over", _("上过的")


class LessonFilter(FilterForm):
    when = forms.ChoiceField(label=_("时间"), required=False, choices=[("", _("全部")), *When.choices])
