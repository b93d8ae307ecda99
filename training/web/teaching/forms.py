from django.db import models
from django.utils.translation import gettext_lazy as _

from training.web.lists import FilterForm, choose


class When(models.TextChoices):
    AHEAD = "ahead", _("还没上的")
    OVER = "over", _("上过的")


class LessonFilter(FilterForm):
    when = choose(_("时间"), When.choices)
