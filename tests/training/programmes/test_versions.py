"""Rules change for the future only: who may, what is refused, and that nobody's rules change behind them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import CLASS_DAY
from training.accounts.choices import Role
from training.core import clock as our_clock
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.core.models import AuditEvent
from training.demo.scenery import FARMERS_PLAN
from training.programmes.errors import RulesRefusedError
from training.programmes.models import FundLine, Programme, RuleDraft, RuleSet
from training.programmes.preset import Preset
from training.programmes.queries import rule_set_on
from training.programmes.services import (
    adopt,
    adopt_draft,
    discard_draft,
    propose,
    remove_entry,
    save_section,
    start_draft,
    withdraw_version,
)
from training.scheduling.choices import SessionStatus
from training.scheduling.models import TrainingSession
from training.scheduling.rule_changes import effects_of, keeping
from training.scheduling.services import (
    add_witness,
    approve_session,
    return_session,
    revise_plan,
    submit_session,
)

HEAD, REVIEWER = Role.BUREAU_HEAD, Role.BUREAU_REVIEWER
CLERK, PRINCIPAL = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD
TOMORROW = CLASS_DAY + timedelta(days=1)
WHY = "县领导小组会议纪要〔2021〕4号"


def rules_of(county: Any, /, **sections: Any) -> Preset:
    """The newest rules with whole sections put in."""
    body = RuleSet.objects.filter(programme=county.programme).first().body
    return Preset.model_validate(body | sections)


def with_lead(county: Any, days: int) -> Preset:
    planning = rules_of(county).model_dump(mode="json")["planning"]
    return rules_of(county, planning=planning | {"lead_working_days": days})


def change(county: Any, rules: Preset | None = None, on: date = TOMORROW, role: Role = HEAD) -> RuleSet:
    rules = rules or with_lead(county, 7)
    return adopt(county.programme.pk, rules, effective_on=on, reason=WHY, actor=county.actor(role))


def go_to(clock: Any, day: date) -> None:
    clock.set(datetime.combine(day, time(9), ZoneInfo("Asia/Shanghai")))


def version_on(county: Any, day: date) -> int:
    return rule_set_on(county.programme, day, actor=county.actor(HEAD)).version


def test_a_change_is_a_new_version_from_its_day_on(county: Any) -> None:
    second = change(county)

    assert (second.version, second.reason, second.adopted_by) == (2, WHY, county.user(HEAD))
    assert [version_on(county, CLASS_DAY), version_on(county, TOMORROW)] == [1, 2]
    event = AuditEvent.objects.get(verb="rules.adopted")
    assert event.details == {"version": 2, "effective_on": TOMORROW.isoformat(), "changes": 1}


@pytest.mark.parametrize("role", [role for role in Role if role not in (HEAD, Role.ADMIN)])
def test_nobody_but_the_bureau_s_head_changes_rules(county: Any, role: Role) -> None:
    with pytest.raises(ForbiddenError):
        change(county, role=role)

    assert RuleSet.objects.count() == 1


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "today": ({"effective_on": CLASS_DAY}, "生效日期最早是明天"),
    "the past": ({"effective_on": date(2020, 5, 1)}, "生效日期最早是明天"),
    "no reason": ({"reason": " "}, "请写明修改原因"),
    "no change": ({"preset": {}}, "与第 1 版没有不同"),
    "another county": ({"preset": {"county": "永丰县"}}, "不能改"),
    "another code": ({"preset": {"code": "SC-2021"}}, "不能改"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_change_for_the_future_is_refused(county: Any, case: str) -> None:
    given_, words = REFUSED[case]
    preset = rules_of(county, **given_["preset"]) if "preset" in given_ else with_lead(county, 7)
    said = {"effective_on": TOMORROW, "reason": WHY} | {k: v for k, v in given_.items() if k != "preset"}

    with pytest.raises(InvalidInputError, match=words):
        adopt(county.programme.pk, preset, actor=county.actor(HEAD), **said)

    assert RuleSet.objects.count() == 1


def test_versions_take_effect_in_their_order(county: Any) -> None:
    change(county, on=TOMORROW + timedelta(days=9))

    with pytest.raises(InvalidInputError, match="第 2 版 2021-05-28 生效，新版要在它之后生效"):
        change(county, with_lead(county, 8), on=TOMORROW)


def test_the_database_holds_one_version_a_day(county: Any) -> None:
    first = RuleSet.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleSet.objects.create(
            programme=county.programme, version=2, effective_on=first.effective_on, body=first.body
        )


def test_another_county_s_programme_does_not_exist(county: Any, other_county: Any) -> None:
    with pytest.raises(NotFoundError):
        adopt(
            other_county.programme.pk, with_lead(other_county, 7), effective_on=TOMORROW, reason=WHY,
            actor=county.actor(HEAD),
        )  # fmt: skip


# Withdrawing


def withdraw(county: Any, rule_set: RuleSet, role: Role = HEAD) -> RuleSet:
    return withdraw_version(rule_set.pk, reason="写错了", actor=county.actor(role))


def test_a_version_is_withdrawn_before_its_day_and_keeps_its_number(county: Any) -> None:
    withdraw(county, change(county))

    assert version_on(county, TOMORROW) == 1
    again = change(county)
    assert (again.version, version_on(county, TOMORROW)) == (3, 3)


def test_what_took_effect_can_not_be_withdrawn(county: Any, clock: Any) -> None:
    second = change(county)
    go_to(clock, TOMORROW)

    for rule_set in (second, RuleSet.objects.get(version=1)):
        with pytest.raises(InvalidTransitionError, match="已经生效"):
            withdraw(county, rule_set)


def test_the_newest_is_withdrawn_first_and_only_by_the_head(county: Any) -> None:
    second = change(county)
    third = change(county, with_lead(county, 9), on=TOMORROW + timedelta(days=1))

    with pytest.raises(ForbiddenError):
        withdraw(county, third, REVIEWER)
    with pytest.raises(InvalidTransitionError, match="先撤回最新的一版"):
        withdraw(county, second)
    withdraw(county, third)
    withdraw(county, second)
    assert version_on(county, TOMORROW + timedelta(days=5)) == 1


# The draft


def test_the_reviewer_prepares_a_draft_and_the_head_adopts_it(county: Any) -> None:
    reviewer = county.actor(REVIEWER)
    draft = start_draft(county.programme.pk, actor=reviewer)
    planning = draft.body["planning"] | {"lead_working_days": 9}
    save_section(county.programme.pk, "planning", planning, actor=reviewer)

    assert start_draft(county.programme.pk, actor=county.actor(HEAD)).pk == draft.pk
    with pytest.raises(ForbiddenError):
        adopt_draft(draft.pk, effective_on=TOMORROW, reason=WHY, actor=reviewer)
    second = adopt_draft(draft.pk, effective_on=TOMORROW, reason=WHY, actor=county.actor(HEAD))

    assert second.rules.planning.lead_working_days == 9
    assert not RuleDraft.objects.exists()


def test_a_draft_that_contradicts_itself_is_not_adopted(county: Any) -> None:
    draft = start_draft(county.programme.pk, actor=county.actor(REVIEWER))
    remove_entry(county.programme.pk, "categories", "cadre", actor=county.actor(REVIEWER))

    with pytest.raises(RulesRefusedError, match="课程类别不存在：cadre"):
        adopt_draft(draft.pk, effective_on=TOMORROW, reason=WHY, actor=county.actor(HEAD))

    assert (RuleDraft.objects.count(), RuleSet.objects.count()) == (1, 1)


def test_a_draft_of_an_older_version_would_undo_the_newer_and_is_refused(county: Any) -> None:
    draft = propose(county.programme.pk, with_lead(county, 9), actor=county.actor(REVIEWER))
    change(county)

    with pytest.raises(InvalidInputError, match="草稿是按第 1 版改的"):
        adopt_draft(draft.pk, effective_on=TOMORROW + timedelta(days=9), reason=WHY, actor=county.actor(HEAD))
    discard_draft(draft.pk, actor=county.actor(REVIEWER))
    assert not RuleDraft.objects.exists()


def test_a_new_fund_line_gets_its_row_and_an_old_one_stays(county: Any) -> None:
    lines = rules_of(county).model_dump(mode="json")["fund_lines"]
    new = lines[0] | {"code": "county", "name": "县级培训"}
    rows = FundLine.objects.filter(programme=county.programme)
    before = set(rows.values_list("code", flat=True))

    change(county, rules_of(county, fund_lines=[*lines, new]))

    assert set(rows.values_list("code", flat=True)) == before | {"county"}


def test_mark_and_phones_are_those_of_the_rules_in_force(county: Any, clock: Any) -> None:
    body = rules_of(county).model_dump(mode="json")
    change(county, rules_of(county, phones=body["phones"][1:], mark=body["mark"] | {"text": "新标识"}))

    def shown() -> tuple[str, list[str]]:
        programme = Programme.objects.with_header(our_clock.today()).get()
        fresh = Programme.objects.get()
        assert (programme.mark_text, programme.phones) == (fresh.mark_text, fresh.phones)
        return programme.mark_text, programme.phones

    assert shown()[0] == "全国电子商务进农村综合示范项目"
    go_to(clock, TOMORROW)
    assert shown() == ("新标识", ["石城县商务局 0797-5792681"])


# Sessions under changing rules


def test_a_draft_session_follows_and_a_submitted_one_keeps(county: Any, make_county: Any, clock: Any) -> None:
    session = county.session
    change(county)
    go_to(clock, TOMORROW)
    add_witness(session.pk, name="赖主任", post="村主任", pin="112233", actor=county.actor(CLERK))
    session.refresh_from_db()
    assert session.rule_set.version == 2

    submit_session(session.pk, actor=county.actor(PRINCIPAL))
    change(county, with_lead(county, 9), on=TOMORROW + timedelta(days=1))
    go_to(clock, TOMORROW + timedelta(days=1))
    approve_session(session.pk, actor=county.actor(REVIEWER))
    session.refresh_from_db()
    assert session.rule_set.version == 2


def test_a_returned_session_is_submitted_by_the_rules_of_that_day(county: Any, clock: Any) -> None:
    session = county.session
    submit_session(session.pk, actor=county.actor(PRINCIPAL))
    change(county)
    go_to(clock, TOMORROW)
    return_session(session.pk, reason="x", actor=county.actor(REVIEWER))
    session.refresh_from_db()
    assert session.rule_set.version == 1

    submit_session(session.pk, actor=county.actor(PRINCIPAL))
    session.refresh_from_db()
    assert session.rule_set.version == 2


def without_on_site(county: Any) -> Preset:
    """Rules that no longer know the form in which the county's session is planned."""
    forms = rules_of(county).model_dump(mode="json")["forms"]
    return rules_of(county, forms=[form for form in forms if form["code"] != FARMERS_PLAN["form"]])


def test_a_session_that_uses_what_is_gone_stays_and_is_told_at_its_submission(
    county: Any, clock: Any
) -> None:
    session, clerk = county.session, county.actor(CLERK)
    second = change(county, without_on_site(county))
    assert [effect.gone for effect in effects_of(second.rules, county.programme, county.actor(HEAD))] == [
        ("培训形式“课堂培训”",)
    ]
    go_to(clock, TOMORROW)

    with pytest.raises(
        InvalidInputError, match="第 2 版规则 2021-05-19 起生效，其中没有：培训形式“课堂培训”"
    ):
        submit_session(session.pk, actor=county.actor(PRINCIPAL))
    session.refresh_from_db()
    assert (session.rule_set.version, session.status) == (1, SessionStatus.DRAFT)

    revise_plan(session.pk, plan=FARMERS_PLAN | {"form": "practice"}, actor=clerk)
    session.refresh_from_db()
    assert session.rule_set.version == 2


def test_the_effect_of_a_change_is_told_beforehand(county: Any, other_county: Any) -> None:
    items = rules_of(county).model_dump(mode="json")["items"]
    new = items[0] | {"code": "X1", "title": "满意度调查表"}
    window = rules_of(county).model_dump(mode="json")["window"] | {"ends_on": "2021-05-01"}
    rules = rules_of(county, items=[*items[:-1], new], window=window)

    [effect] = effects_of(rules, county.programme, county.actor(HEAD))

    assert (effect.session, effect.moves, effect.outside) == (county.session, True, (CLASS_DAY,))
    assert [item.code for item in effect.new_items] == ["X1"]
    assert [item.code for item in effect.dropped_items] == ["A9"]
    submit_session(county.session.pk, actor=county.actor(PRINCIPAL))
    assert effects_of(rules, county.programme, county.actor(HEAD)) == []
    assert keeping(county.programme, county.actor(HEAD)) == {(1, "submitted"): 1}


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("adopt"), st.integers(-2, 6), st.integers(0, 30)),
        st.tuples(st.just("withdraw"), st.just(0), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 4), st.just(0)),
        st.tuples(st.just("submit"), st.just(0), st.just(0)),
    ),
    max_size=12,
)


class History:
    """A county in which rules change at random; what each submitted session went by is remembered."""

    def __init__(self, county: Any, clock: Any) -> None:
        self.county, self.clock, self.today = county, clock, CLASS_DAY
        self.kept: dict[int, tuple[int, Any]] = {}
        self.bodies: dict[int, Any] = {1: RuleSet.objects.get().body}
        self.in_force = {1: date.min}
        go_to(clock, self.today)

    def adopt(self, ahead: int, lead: int) -> None:
        day = self.today + timedelta(days=ahead)
        rules = self._newest(lead)
        try:
            found = change(self.county, rules, on=day)
        except InvalidInputError:
            assert day <= max(self.today, *self.in_force.values()) or rules == self._newest(None)
            return
        self.in_force[found.version], self.bodies[found.version] = day, found.body

    def _newest(self, lead: int | None) -> Preset:
        body = self.bodies[max(self.in_force)]
        planning = body["planning"] if lead is None else body["planning"] | {"lead_working_days": lead}
        return Preset.model_validate(body | {"planning": planning})

    def withdraw(self, _ahead: int, _lead: int) -> None:
        newest = max(self.in_force)
        try:
            withdraw(self.county, RuleSet.objects.get(version=newest))
        except InvalidTransitionError:
            assert self.in_force[newest] <= self.today
            return
        del self.in_force[newest]

    def wait(self, days: int, _lead: int) -> None:
        self.today += timedelta(days=days)
        go_to(self.clock, self.today)

    def submit(self, _ahead: int, _lead: int) -> None:
        session = TrainingSession.objects.get(pk=self.county.session.pk)
        session.pk, session.code, session.number = None, f"X-{len(self.kept)}", 100 + len(self.kept)
        session.rule_set = rule_set_on(self.county.programme, self.today, actor=self.county.actor(HEAD))
        session.status = SessionStatus.SUBMITTED
        session.save(force_insert=True)
        self.kept[session.pk] = (session.rule_set.version, session.rule_set.body)

    def check(self) -> None:
        """Every day has the version that a list in a person's head would give it."""
        for day in (self.today + timedelta(days=offset) for offset in range(-3, 8)):
            expected = max(version for version, on in self.in_force.items() if on <= day)
            assert version_on(self.county, day) == expected
        for pk, (version, body) in self.kept.items():
            rule_set = TrainingSession.objects.get(pk=pk).rule_set
            assert (rule_set.version, rule_set.body) == (version, body)
        assert {row.version: row.body for row in RuleSet.objects.all()} == self.bodies


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_is_adopted_and_withdrawn_nobody_s_rules_change(
    county: Any, clock: Any, steps: list[tuple[str, int, int]]
) -> None:
    with transaction.atomic():
        history = History(county, clock)
        for step, first, second in steps:
            getattr(history, step)(first, second)
            history.check()
        transaction.set_rollback(True)


@pytest.fixture
def county(make_county: Callable[..., Any]) -> Any:
    """Without a roster's worth of waiting: one person is enough to submit."""
    return make_county(people=1)
