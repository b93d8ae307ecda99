from django.db import models
from django.utils.translation import gettext_lazy as _


class Source(models.TextChoices):
    """Who scored."""

    TRAINEES = "trainees", _("学员问卷")
    BUREAU = "bureau", _("商务局评分")


class Question(models.TextChoices):
    """What is scored, from 1 (很差) to 5 (很好)."""

    CLEAR = "clear", _("讲得清楚、听得懂")
    USEFUL = "useful", _("内容实用、用得上")
    HANDS_ON = "hands_on", _("有动手练习、有指导")
    ATTITUDE = "attitude", _("耐心、守时")
    PREPARED = "prepared", _("备课和课件")
    TEACHING = "teaching", _("讲授和课堂组织")
    PRACTICE = "practice", _("实操指导")
    DISCIPLINE = "discipline", _("守时和纪律")


QUESTIONS = {
    Source.TRAINEES: (Question.CLEAR, Question.USEFUL, Question.HANDS_ON, Question.ATTITUDE),
    Source.BUREAU: (Question.PREPARED, Question.TEACHING, Question.PRACTICE, Question.DISCIPLINE),
}
