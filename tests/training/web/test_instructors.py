"""授课人 at their pages: the institution's own, the county's pool, proofs to verify, and what was thought of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.conftest import CLASS_DAY
from tests.training.web.conftest import hand_in_proof
from tests.training.web.test_institutions import post, rows_of, scan_of, see, shown
from training.accounts.choices import Role
from training.assessment.models import Evaluation
from training.demo.scenery import add_institution, add_instructors
from training.institutions.models import Instructor, InstructorProof
from training.notifications.choices import Kind
from training.notifications.queries import inbox
from training.programmes.models import RuleSet

CLERK, HEAD, MANAGER = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD, Role.CLASS_MANAGER
REVIEWER, CHIEF = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD
FIELDS = {"name": "董老师", "title": "高级讲师", "employer": "县职校", "profile": "直播带货"}


def test_an_instructor_is_added_and_their_phone_shown_masked(county: Any, browse: Any) -> None:
    page = post(browse(CLERK), "instructor-add", **FIELDS, phone="13907970003", domains=["电商基础知识"])
    person = Instructor.objects.get(name="董老师")

    assert page.redirect_chain[0][0] == reverse("instructor", args=[person.pk])
    assert "139****0003" in shown(page)
    assert "13907970003" not in shown(page) + see(browse(CLERK), "instructors")
    assert person.domains == ["电商基础知识"]
    refused = post(browse(CLERK), "instructor-add", **FIELDS, phone="12")
    assert list(refused.context["form"].errors) == ["phone"]


def test_an_instructor_with_a_proof_is_no_longer_marked(approved: Any, browse: Any) -> None:
    assert "没有有效证明，不能排课" in see(browse(CLERK), "instructors")
    hand_in_proof(approved)
    assert "没有有效证明，不能排课" not in see(browse(CLERK), "instructors")


def test_what_is_written_about_somebody_can_be_changed(county: Any, browse: Any) -> None:
    person = county.instructors[0]
    said = {"teaches": "practice", "source": "local", "domains": []}
    post(browse(CLERK), "instructor-edit", person.pk, **FIELDS, **said)

    person.refresh_from_db()
    assert (person.name, person.teaches, person.domains) == ("董老师", "practice", [])
    assert person.get_source_display() == "本地电商创业典范"


def names(client: Client, **query: Any) -> list[str]:
    return [row[0] for row in rows_of(client, "instructor-pool-export", **query)]


def test_the_pool_is_searched_by_domain_institution_and_state_of_proofs(county: Any, browse: Any) -> None:
    reviewer, (first, second) = browse(REVIEWER), county.instructors
    post(browse(CLERK), "instructor-add", **FIELDS, domains=["美工"])

    assert names(reviewer) == ["王思敏", "罗明远", "董老师"]
    assert names(reviewer, q="职校") == names(reviewer, domain="美工") == ["董老师"]
    assert names(reviewer, state="nothing") == ["董老师"]
    assert names(reviewer, state="pending") == ["王思敏"]
    assert names(reviewer, state="verified") == ["罗明远"]
    assert names(reviewer, institution=str(county.institution.pk)) == names(reviewer)
    assert names(reviewer, state="expiring") == names(reviewer, state="twice") == []
    second.proofs.update(valid_until=CLASS_DAY)
    assert names(reviewer, state="expiring") == ["王思敏"]
    post(browse(CHIEF), "instructor-suspend", first.pk, reason="照本宣科")
    assert names(reviewer, state="suspended") == ["罗明远"]


def test_one_person_at_two_institutions_is_shown_to_the_bureau_alone(county: Any, browse: Any) -> None:
    other, staff = add_institution(
        county.programme, name="另一家", uscc="91360825MA36DEMN7K", prefix="x-", bureau=county.actor(CHIEF)
    )
    theirs, _second = add_instructors(other, actor=staff.actor(CLERK))
    person = county.instructors[0]
    ours = person.proofs.get()
    theirs.proofs.update(number=ours.number, key=ours.key)

    assert names(browse(REVIEWER), state="twice") == ["王思敏", "王思敏", "罗明远", "罗明远"]
    assert "同一张证书另一家机构也报了" in see(browse(REVIEWER), "instructor", person.pk)
    assert "另一家" not in see(browse(CLERK), "instructor", person.pk)


def test_the_queue_shows_what_nobody_has_looked_at(county: Any, browse: Any) -> None:
    reviewer, proof = browse(REVIEWER), county.instructors[1].proofs.get()
    queue = reviewer.get(reverse("proofs"), {"state": "pending"}).context["page_obj"]
    assert list(queue) == [proof]
    assert "授课人资质证明待核验" in see(reviewer, "home")

    page = post(reviewer, "proof-refuse", proof.pk, reason="聘书不是资质证明")

    assert "聘书不是资质证明" in shown(page)
    assert "聘书不是资质证明" in see(browse(CLERK), "instructor", county.instructors[1].pk)
    assert [row[6:] for row in rows_of(reviewer, "proofs-export", state="refused")] == [
        ["未通过", "聘书不是资质证明"]
    ]
    assert "授课人资质证明待核验" not in see(reviewer, "home")


def test_a_suspension_is_told_with_the_lessons_that_are_approved(
    approved: Any, browse: Any, clock: Any
) -> None:
    clock.advance(days=-1)
    person = approved.instructors[0]
    page = post(browse(CHIEF), "instructor-suspend", person.pk, reason="照本宣科")

    assert "已批准、还没上的课" in shown(page)
    assert "已被商务局暂停授课：照本宣科" in see(browse(CLERK), "instructor", person.pk)
    assert browse(REVIEWER).post(reverse("instructor-reinstate", args=[person.pk])).status_code == 403


@pytest.mark.parametrize("more", [0, 29])
@pytest.mark.parametrize("name", ["instructor-pool", "proofs", "instructors"])
def test_lists_ask_the_database_as_often_for_thirty_as_for_one(
    county: Any, browse: Any, more: int, name: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    proof = county.instructors[0].proofs.get()
    for number in range(more):
        proof.pk, proof.instructor = (
            None,
            Instructor.objects.create(
                institution=county.institution, name=f"讲师{number}", title="x", employer="x", profile="x"
            ),
        )
        proof.save()
    client = browse(CLERK if name == "instructors" else CHIEF)

    with django_assert_num_queries(QUERIES[name]):
        page = client.get(reverse(name))

    assert page.context["page_obj"].paginator.count == 2 + more


QUERIES = {"instructor-pool": 13, "proofs": 13, "instructors": 12}

# --- evaluation ----------------------------------------------------------------------------------

PAPERS = {"answers": "9", "clear": "4.5", "useful": "4", "hands_on": "3.5", "attitude": "5", "remark": ""}
SCORES = {"prepared": "4", "teaching": "4", "practice": "3", "discipline": "5", "remark": "多练"}


def test_questionnaires_go_in_as_a_count_and_averages(closed: Any, browse: Any) -> None:
    person = closed.instructors[0]
    page = post(browse(MANAGER), "evaluation-trainees", closed.session.pk, person.pk, **PAPERS)

    assert "评价已登记。" in shown(page)
    found = Evaluation.objects.get()
    assert (found.answers, str(found.mean)) == (9, "4.25")
    assert "4.25" in see(browse(REVIEWER), "instructor", person.pk)


def test_who_is_thought_little_of_is_pointed_out_where_the_rules_say_from_what_score(
    closed: Any, browse: Any
) -> None:
    """永顺 二（六）4: 建立师资库和讲师评价机制 (YS-15)."""
    person = closed.instructors[0]
    post(browse(MANAGER), "evaluation-trainees", closed.session.pk, person.pk, **PAPERS)
    assert names(browse(REVIEWER), state="low") == []
    assert browse(REVIEWER).get(reverse("instructor", args=[person.pk])).context["page"].floor is None

    rule_set = RuleSet.objects.get(programme=closed.programme)
    rule_set.body["institutions"]["instructor_floor"] = 4.3
    rule_set.save()

    assert names(browse(REVIEWER), state="low") == [person.name]
    assert "平均评分低于本项目规则的 4.3 分" in see(browse(REVIEWER), "instructor", person.pk)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"answers": "13"}, "answers"), ({"answers": "0"}, "answers"), ({"clear": "5.1"}, "clear"), ({"useful": ""}, "useful")],
)  # fmt: skip
def test_more_papers_than_people_and_scores_that_cannot_be_are_refused(
    closed: Any, browse: Any, changes: dict[str, str], field: str
) -> None:
    address = "evaluation-trainees", closed.session.pk, closed.instructors[0].pk
    page = post(browse(CLERK), *address, **PAPERS | changes)

    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert not Evaluation.objects.exists()


def test_the_bureau_scores_for_itself_and_a_correction_keeps_what_it_replaces(
    closed: Any, browse: Any
) -> None:
    address = "evaluation-bureau", closed.session.pk, closed.instructors[0].pk
    post(browse(REVIEWER), *address, **SCORES)
    page = post(browse(CHIEF), *address, **SCORES | {"practice": "5"})

    assert [str(row.mean) for row in Evaluation.objects.all()] == ["4.50", "4.00"]
    assert [row.replaced_at is None for row in Evaluation.objects.all()] == [True, False]
    assert shown(page).count("4.50") == 1
    assert browse(MANAGER).get(reverse(address[0], args=address[1:])).status_code == 403


def test_nobody_is_judged_before_their_class(approved: Any, browse: Any) -> None:
    address = "evaluation-bureau", approved.session.pk, approved.instructors[0].pk
    page = post(browse(REVIEWER), *address, **SCORES)

    assert page.context["form"].non_field_errors() == ["罗明远在本期还没有上完课，课后才能评价。"]


def test_somebody_who_is_not_in_the_timetable_is_not_there_to_be_judged(closed: Any, browse: Any) -> None:
    stranger = Instructor.objects.create(
        institution=closed.institution, name="外人", title="x", employer="x", profile="x"
    )
    address = reverse("evaluation-bureau", args=[closed.session.pk, stranger.pk])

    assert browse(REVIEWER).get(address).status_code == 404


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("role", [CLERK, CHIEF])
def test_every_page_opens_in_both_languages(closed: Any, browse: Any, role: Role, language: str) -> None:
    client, person = browse(role), closed.instructors[0].pk
    client.cookies["django_language"] = language
    pages = [("instructor", person), ("evaluations", closed.session.pk)]
    pages += [("instructors",), ("instructor-add",), ("instructor-edit", person)] if role == CLERK else []
    pages += [("instructor-pool",), ("proofs",), ("instructor-suspend", person)] if role == CHIEF else []

    for name, *args in pages:
        assert f'<html lang="{language}">' in see(client, name, *args)


def test_a_proof_is_handed_in_on_the_page_of_its_instructor(county: Any, browse: Any) -> None:
    fields = {"kind": "title", "number": "赣职 1", "issuer": "省人社厅"}
    post(browse(CLERK), "instructor", county.instructors[1].pk, **fields, file=scan_of("职称证书"))

    assert InstructorProof.objects.filter(number="赣职 1", key="赣职1").exists()
    refused = browse(REVIEWER).post(reverse("instructor", args=[county.instructors[1].pk]), fields)
    assert refused.status_code == 200  # the bureau has no form there
    assert InstructorProof.objects.filter(key="赣职1").count() == 1


def test_a_closed_class_waits_for_each_side_until_it_has_said_what_it_thought(
    closed: Any, browse: Any
) -> None:
    first, second = closed.instructors
    both = [[closed.session.code, "王思敏", "罗明远"]]

    def owed(client: Client) -> list[list[str]]:
        rows = rows_of(client, "evaluations-owed-export")
        return [[row[0], *sorted(row[-1].split("、"))] for row in rows]

    assert owed(browse(REVIEWER)) == owed(browse(CLERK)) == both
    assert "授课人待评价的期" in see(browse(REVIEWER), "home")
    assert [row.sentence for row in inbox(closed.actor(REVIEWER)) if row.kind == Kind.EVALUATION_DUE] == [
        f"培训已结课，请评价授课人：{closed.session}"
    ]
    for person in (first, second):
        post(browse(REVIEWER), "evaluation-bureau", closed.session.pk, person.pk, **SCORES)
    assert owed(browse(REVIEWER)) == []
    assert "没有待评价的期" in see(browse(REVIEWER), "evaluations-owed")
    assert owed(browse(CLERK)) == both
