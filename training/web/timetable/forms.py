from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crispy_forms.bootstrap import StrictButton
from django import forms
from django.utils.translation import gettext_lazy as _

from training.accounts.choices import INSTITUTION_ROLES, Role
from training.core.actor import Actor
from training.scheduling.choices import VenueKind, VenueLevel
from training.scheduling.models import Lesson, TrainingSession
from training.web.forms import CHOOSE, CardForm, DateInput, TimeInput
from training.web.lists import ANY, FilterForm, choose
from training.web.timetable import queries

FREE_TOPIC = "-"  # no topic is called so


class LessonForm(CardForm):
    """A lesson, new or as it stands; `plan` in its cleaned data is what the services want."""

    submit_label = _("保存课次")
    on = forms.DateField(label=_("日期"), widget=DateInput)
    practical = forms.BooleanField(label=_("实操课"), required=False, help_text=_("学时与理论课分开计。"))
    start = forms.TimeField(label=_("开始时间"), widget=TimeInput)
    end = forms.TimeField(label=_("结束时间"), widget=TimeInput)
    topic = forms.ChoiceField(label=_("专题"))
    other_topic = forms.CharField(
        label=_("自拟专题"), max_length=64, required=False, help_text=_("专题选“其他”时填写。")
    )
    instructor_id = forms.TypedChoiceField(label=_("授课人"), coerce=int)
    venue_id = forms.TypedChoiceField(label=_("场地"), coerce=int)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, session: TrainingSession, lesson: Lesson | None = None, **options: Any
    ) -> None:
        if lesson:
            options["initial"] = queries.as_typed(lesson, session)
        super().__init__(*args, **options)
        self.helper.layout.append(
            StrictButton(
                _("先检查冲突"), type="submit", name="check", value="1", css_class="btn-outline-primary"
            )
        )
        rules = session.rule_set.rules
        self.fields["on"].widget.attrs |= {
            "min": rules.window.starts_on.isoformat(),
            "max": rules.window.ends_on.isoformat(),
        }
        options_of = queries.lesson_options(session, lesson)
        for name, choices in (
            ("topic", [*options_of.topics, (FREE_TOPIC, _("其他（自拟）"))]),
            ("instructor_id", options_of.instructors),
            ("venue_id", options_of.venues),
        ):
            self.fields[name].choices = [CHOOSE, *choices]  # type: ignore[attr-defined]
        if lesson and lesson.topic not in dict(options_of.topics):
            self.initial.update({"topic": FREE_TOPIC, "other_topic": lesson.topic})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        own = (cleaned.pop("other_topic", None) or "").strip()
        if cleaned.get("topic") == FREE_TOPIC:
            if not own:
                self.add_error("other_topic", _("请写出专题。"))
            cleaned["topic"] = own
        return cleaned

    def look_at(self, version: int) -> None:
        """What a colleague saved has been shown: the next save is over that."""
        self.data = {**dict(self.data.items()), "version": str(version)}

    @property
    def plan(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class CheckedLessonForm(LessonForm):
    """The same while it is being typed: anything may still be missing."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.required = False

    @property
    def typed(self) -> dict[str, Any]:
        """What is there and makes sense."""
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}


class DayForm(CardForm):
    submit_label = _("照此安排")
    button_class = "btn-outline-primary"
    day = forms.TypedChoiceField(label=_("哪一天的课"), coerce=queries.as_date)
    how = forms.ChoiceField(
        label=_("怎么办"),
        choices=[("copy", _("照样再排一天")), ("move", _("整天改到另一天"))],
        widget=forms.RadioSelect,
        initial="copy",
    )
    to = forms.DateField(label=_("到哪一天"), widget=DateInput)

    def __init__(self, *args: Any, days: Sequence[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["day"].choices = [(day.isoformat(), day.isoformat()) for day in days]  # type: ignore[attr-defined]


class WeekFilter(FilterForm):
    """Which week of whose lessons; what is not in sight can't be chosen and filters nothing."""

    field_order = ("on", "session", "institution", "venue", "instructor")
    on = forms.DateField(label=_("哪一周"), required=False, widget=DateInput)
    session = forms.ChoiceField(label=_("期"), required=False)
    institution = forms.ChoiceField(label=_("培训机构"), required=False)
    venue = forms.ChoiceField(label=_("场地"), required=False)
    instructor = forms.ChoiceField(label=_("授课人"), required=False)

    q = None  # type: ignore[assignment]  # nothing to search for

    def __init__(self, request: Any, *, actor: Actor) -> None:
        super().__init__(request)
        self.offer(**queries.week_choices(actor, request.GET))
        if actor.role in INSTITUTION_ROLES:
            del self.fields["institution"]
        if actor.role == Role.INSTRUCTOR:
            self.fields = {"on": self.fields["on"]}
        self.full_clean()


class VenueFilter(FilterForm):
    kind = choose(_("类型"), VenueKind.choices)
    level = choose(_("级别"), VenueLevel.choices)
    township = forms.CharField(label=_("乡镇"), required=False, max_length=64)
    state = forms.ChoiceField(
        label=_("状态"), required=False, choices=[ANY, ("open", _("在用")), ("retired", _("已停用"))]
    )
    staff = forms.ChoiceField(
        label=_("站点人员"),
        required=False,
        choices=[ANY, ("untrained", _("还没有人结业的站点")), ("trained", _("有人结业的站点"))],
    )

    def __init__(self, request: Any, *, actor: Actor) -> None:
        super().__init__(request)
        if actor.role in INSTITUTION_ROLES:  # sees its own trainees only
            del self.fields["staff"]
        self.full_clean()


class VenueForm(CardForm):
    submit_label = _("保存场地")
    name = forms.CharField(label=_("场地名称"), max_length=120)
    address = forms.CharField(label=_("地址"), max_length=200)
    kind = forms.TypedChoiceField(
        label=_("类型"),
        choices=VenueKind.choices,
        coerce=VenueKind,
        required=False,
        empty_value=VenueKind.TRAINING,
    )
    level = forms.TypedChoiceField(
        label=_("级别"),
        choices=VenueLevel.choices,
        coerce=VenueLevel,
        required=False,
        empty_value=VenueLevel.COUNTY,
    )
    township = forms.CharField(label=_("所在乡镇"), max_length=64, required=False)
    seats = forms.IntegerField(label=_("座位数"), min_value=1, max_value=5000)
    area_m2 = forms.IntegerField(
        label=_("面积（平方米）"),
        min_value=1,
        max_value=100_000,
        required=False,
        help_text=_("填了就按每人 1.2 平方米核对坐不坐得下。"),
    )
    latitude = forms.DecimalField(
        label=_("纬度"),
        max_digits=8,
        decimal_places=6,
        required=False,
        help_text=_("WGS-84 十进制度，例如 26.326582。填了才能核对授课人赶不赶得到。"),
    )
    longitude = forms.DecimalField(
        label=_("经度"), max_digits=9, decimal_places=6, required=False, help_text=_("例如 116.342350。")
    )


class FeedForm(CardForm):
    submit_label = _("生成订阅地址")
    about = forms.ChoiceField(label=_("订阅哪些课次"), required=False)

    def __init__(self, *args: Any, actor: Actor, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["about"].choices = queries.feed_choices(actor)  # type: ignore[attr-defined]

    @property
    def subject(self) -> dict[str, int]:
        """What `open_feed` is told: {"session_id": 3}, or nothing for everything in sight."""
        kind, _dash, pk = self.cleaned_data["about"].partition("-")
        return {f"{kind}_id": int(pk)} if pk else {}
