from django.db import models
from django.utils.translation import gettext_lazy as _

from training.web.lists import FilterForm, choose


class Show(models.TextChoices):
    UNREAD = "unread", _("没读的")


class InboxFilter(FilterForm):
    show = choose(_("只看"), Show.choices)
