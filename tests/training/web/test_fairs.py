"""The pages of job fairs: the register, one fair, who came, and both readings of what counts."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.training.fairs.scenes import (
    CLERK,
    FAIR_DAY,
    HEAD,
    OFFICER,
    hire,
    hold,
    o_clock,
    offer,
    paper_list,
    place,
    plan,
    prepared,
)
from training.accounts.choices import Role
from training.demo.scenery import TOWNSHIP, paper
from training.enrolment.choices import POOR
from training.fairs import people, services
from training.fairs.choices import FairStatus
from training.fairs.models import FairAttendance, FairInvitation, FairPost, Intention, JobFair, PlacementCheck
from training.followup.models import FollowUp

REVIEWER = Role.BUREAU_REVIEWER


@pytest.fixture
def fair(closed: Any, clock: Any) -> JobFair:
    return prepared(closed, clock)


def lines(client: Client, name: str, query: str = "") -> list[list[str]]:
    """A list's file without its header."""
    data = b"".join(client.get(reverse(name) + query).streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(data)))[1:]


def post(client: Client, address: str, pk: int, /, **data: Any) -> int:
    return client.post(reverse(address, args=[pk]), data).status_code


def test_a_clerk_plans_a_fair_and_fills_it(closed: Any, browse: Any, clock: Any) -> None:
    clock.set(o_clock(7))
    client = browse(CLERK)
    when = {"on": FAIR_DAY.isoformat(), "starts": "09:00", "ends": "12:00"}
    client.post(reverse("fair-plan"), {"title": "用工对接会", "place": "镇政府", **when})
    fair = JobFair.objects.get()
    said = {"name": "合作社", "uscc": "91360735MA35NXTP4H", "contact": "温", "phone": "0797-1"}
    assert post(client, "fair-employer-add", fair.pk, **said) == 302
    wages = {"wage_from": "3500", "wage_to": "4200.50", "openings": "3", "place": "琴江镇"}
    assert post(client, "fair-post-add", fair.employers.get().pk, title="客服", **wages) == 302
    assert list(FairPost.objects.values_list("wage_from_fen", "wage_to_fen")) == [(350000, 420050)]
    assert post(client, "fair-report", fair.pk) == 403
    assert post(browse(HEAD), "fair-report", fair.pk) == 302

    page = client.get(reverse("fair", args=[fair.pk])).content.decode()

    assert "已报备" in page
    assert "合作社" in page
    assert "3,500.00–4,200.50" in page


def test_wages_upside_down_are_told_beside_what_was_typed(fair: JobFair, browse: Any) -> None:
    wages = {"wage_from": "5000", "wage_to": "4000", "openings": "3", "place": "琴江镇", "title": "客服"}

    response = browse(CLERK).post(reverse("fair-post-add", args=[fair.employers.first().pk]), wages)

    assert response.status_code == 422
    assert "月薪上限不能低于下限" in response.content.decode()
    assert "5000" in response.content.decode()


def test_whom_the_filters_ask_for_can_be_invited_at_once(closed: Any, browse: Any, clock: Any) -> None:
    fair, client = plan(closed), browse(CLERK)
    address = reverse("fair-invite", args=[fair.pk])
    name = place(closed, 1).trainee.name

    client.post(f"{address}?q={name}", {"everybody": "1"})
    assert [row.trainee.name for row in FairInvitation.objects.all()] == [name]

    client.post(address, {"enrolment": [str(place(closed, 2).pk), "x", "99999999"]})
    assert FairInvitation.objects.count() == 2
    assert name not in client.get(address).content.decode()


def test_the_three_figures_open_the_rows_they_count(
    fair: JobFair, closed: Any, clock: Any, browse: Any
) -> None:
    hold(fair, closed, clock, 1, 2)
    services.count_fair(fair.pk, actor=closed.actor(REVIEWER))
    second = plan(closed, on=FAIR_DAY)
    offer(second, closed)
    services.report_fair(second.pk, actor=closed.actor(HEAD))
    paper_list(second, closed, place(closed, 1).trainee.id_number, place(closed, 3).trainee.id_number)
    actor = closed.actor(CLERK)
    services.sign_in_employer(second.employers.first().pk, actor=actor)
    services.hold_fair(second.pk, actor=actor)
    services.register_results(second.pk, visitors=2, summary="", actor=actor)
    client = browse(REVIEWER)
    assert len(lines(client, "fair-attendances-export", "?counted=attendances")) == 2

    services.count_fair(second.pk, actor=closed.actor(Role.BUREAU_HEAD))

    page = client.get(reverse("fairs"))
    assert (page.context["reached"].fairs, page.context["reached"].attendances) == (2, 4)
    assert page.context["reached"].people == 3
    for query, rows in (("attendances", 4), ("people", 3)):
        listed = client.get(reverse("fair-attendances") + f"?counted={query}")
        assert listed.context["page_obj"].paginator.count == rows
        assert len(lines(client, "fair-attendances-export", f"?counted={query}")) == rows
    assert len(lines(client, "fairs-export", "?status=counted")) == 2


def test_a_paper_list_is_never_mixed_with_signatures(
    fair: JobFair, closed: Any, clock: Any, browse: Any
) -> None:
    client = browse(CLERK)
    sheet = SimpleUploadedFile("名单.pdf", paper("名单")[1], "application/pdf")
    numbers = "\n".join([place(closed, 3).trainee.id_number, place(closed, 12).trainee.id_number])
    said = client.post(
        reverse("fair-paper-list", args=[fair.pk]), {"numbers": numbers, "sheet": sheet}, follow=True
    ).content.decode()
    assert "登记了 1 名学员" in said
    assert "没有结业，没有登记" in said

    hold(fair, closed, clock, 1)

    assert [row[6] for row in lines(client, "fair-attendances-export")] == ["按纸质名单登记", "终端签到"]
    assert len(lines(client, "fair-attendances-export", "?source=paper")) == 1
    scan = reverse("file", args=["fair-paper", FairAttendance.objects.get(digest="").paper_id])
    assert client.get(scan).status_code == 200
    assert browse(Role.TOWNSHIP).get(scan).status_code in (403, 404)


def test_a_township_sees_the_reported_fairs_and_nobody_on_them(
    fair: JobFair, closed: Any, clock: Any, browse: Any
) -> None:
    hold(fair, closed, clock, 1)
    plan(closed, title="还没报备的")
    client = browse(Role.TOWNSHIP)

    pages = [client.get(reverse("fairs")), client.get(reverse("fair", args=[fair.pk]))]

    text = "".join(page.content.decode() for page in pages)
    assert fair.title in text
    assert "还没报备的" not in text
    assert place(closed, 1).trainee.name not in text
    assert client.get(reverse("fair-attendances")).status_code == 403
    assert TOWNSHIP


def test_an_intention_becomes_a_placement_that_the_officer_checks(
    fair: JobFair, closed: Any, clock: Any, browse: Any
) -> None:
    hold(fair, closed, clock, 1)
    client, row = browse(CLERK), fair.attendances.get()
    wanted = FairPost.objects.filter(employer__fair=fair).first()
    assert post(client, "fair-intend", row.pk, post_id=wanted.pk) == 302
    intention = Intention.objects.get()
    assert post(client, "fair-settle", intention.pk, status="hired") == 422
    assert post(client, "fair-settle", intention.pk, status="hired", hired_on=FAIR_DAY.isoformat()) == 302
    assert post(client, "fair-count", fair.pk) == 403
    clock.set(o_clock(9, days=90))
    officer = browse(OFFICER)
    assert len(lines(officer, "fair-placements-export")) == 2

    for check in PlacementCheck.objects.all():
        assert post(officer, "fair-check", check.pk, found="still", note="电话里说的") == 302

    assert lines(officer, "fair-placements-export") == []
    assert len(lines(officer, "fair-placements-export", "?due=done")) == 2
    listed = officer.get(reverse("fair-placements") + "?due=done").content.decode()
    claim = f"{reverse('followup-outcome', args=[row.enrolment_id])}?intention={intention.pk}"
    assert claim in listed
    said = officer.get(claim).context["form"].initial
    assert (said["kind"], said["organisation"], said["started_on"]) == (
        "employed",
        intention.post.employer.name,
        FAIR_DAY,
    )
    assert post(browse(REVIEWER), "fair-count", fair.pk) == 302
    fair.refresh_from_db()
    assert fair.status == FairStatus.COUNTED


def test_who_was_hired_can_be_called_though_the_follow_up_is_over(
    fair: JobFair, closed: Any, clock: Any, browse: Any
) -> None:
    hold(fair, closed, clock, 1)
    row = fair.attendances.get()
    hire(row, closed)
    FollowUp.objects.filter(enrolment=row.enrolment).update(next_on=None)
    officer, address = browse(OFFICER), reverse("followup-phone", args=[row.enrolment_id])
    assert f"tel:{row.trainee.phone}" not in officer.post(address, follow=True).content.decode()

    clock.set(o_clock(9, days=32))
    page = officer.post(address).content.decode()

    assert f"tel:{row.trainee.phone}" in page
    assert "对接会录用复核" in page
    assert reverse("fair-check", args=[PlacementCheck.objects.get(day=30).pk]) in page


def test_what_is_still_missing_is_said_on_the_page_and_nothing_changes(fair: JobFair, browse: Any) -> None:
    client = browse(CLERK)
    post(client, "fair-hold", fair.pk)

    response = client.post(reverse("fair-results", args=[fair.pk]), {"visitors": "3", "summary": "x"})

    assert response.status_code == 422
    assert "没有学员签到" in response.content.decode()
    fair.refresh_from_db()
    assert (fair.status, fair.visitors) == (FairStatus.HELD, None)


@pytest.mark.parametrize("name", ["fairs", "fair-expected", "fair-attendances", "fair-placements"])
def test_an_empty_list_says_what_would_be_there(closed: Any, browse: Any, name: str) -> None:
    page = browse(REVIEWER).get(reverse(name)).content.decode()

    assert 'class="empty"' in page


@pytest.mark.parametrize(
    ("name", "queries"),
    [("fairs", 14), ("fair-attendances", 12), ("fair-expected", 11), ("fair-placements", 11)],
)
def test_the_lists_ask_the_same_of_the_database_however_long(
    fair: JobFair,
    closed: Any,
    clock: Any,
    browse: Any,
    django_assert_num_queries: Any,
    name: str,
    queries: int,
) -> None:
    hold(fair, closed, clock, 1)
    hire(fair.attendances.get(), closed)
    client = browse(REVIEWER)
    client.get(reverse(name))
    clock.set(o_clock(9, days=40))
    with django_assert_num_queries(queries):
        assert client.get(reverse(name)).status_code == 200
    _more(fair, closed)

    with django_assert_num_queries(queries):
        client.get(reverse(name))


def _more(fair: JobFair, county: Any) -> None:
    """Another fair, five more people invited and come, each hired."""
    JobFair.objects.filter(pk=fair.pk).update(status=FairStatus.REPORTED)
    actor = county.actor(CLERK)
    people.invite(fair.pk, [place(county, number).pk for number in range(4, 9)], actor=actor)
    paper_list(fair, county, *(place(county, number).trainee.id_number for number in range(4, 9)))
    for row in fair.attendances.filter(digest=""):
        hire(row, county)
    plan(county, title="又一场")


def test_a_wrong_sign_in_is_voided_on_the_list_and_stays_to_be_seen(
    fair: JobFair, closed: Any, browse: Any
) -> None:
    paper_list(fair, closed, *(place(closed, number).trainee.id_number for number in (1, 2)))
    client, wrong = browse(CLERK), fair.attendances.first()
    assert post(client, "fair-attendance-void", wrong.pk, reason="") == 422
    assert post(client, "fair-attendance-void", wrong.pk, reason="看错了一行") == 302

    page = client.get(reverse("fair", args=[fair.pk])).context["page"]
    assert (page.came, page.voided) == (1, 1)
    assert len(lines(client, "fair-attendances-export", f"?fair={fair.pk}")) == 1
    (voided,) = lines(client, "fair-attendances-export", f"?fair={fair.pk}&voided=yes")
    assert (voided[2], voided[-1]) == (wrong.trainee.name, "看错了一行")
    listed = client.get(reverse("fair-attendances") + f"?fair={fair.pk}&voided=yes").content.decode()
    assert "看错了一行" in listed
    assert "登记意向" not in listed
    assert post(browse(OFFICER), "fair-attendance-void", wrong.pk, reason="x") == 403


def test_of_who_came_and_was_hired_the_poor_are_told_as_a_number(
    fair: JobFair, closed: Any, clock: Any, browse: Any
) -> None:
    for number, verified in ((1, True), (2, False)):
        closed.session.enrolments.filter(number=number).update(group=POOR, group_verified=verified)
    hold(fair, closed, clock, 1, 2, 3)
    for row in fair.attendances.all():
        hire(row, closed)

    page = browse(REVIEWER).get(reverse("fair", args=[fair.pk])).context["page"]

    assert (page.poor, page.came, page.came_poor) == ("具备条件贫困户", 3, 1)
    assert page.intentions == {"hired": (3, 1)}
    (ledger,) = lines(browse(REVIEWER), "fairs-export")
    assert ledger[8:10] == ["3", "1"]
    seen = browse(Role.TOWNSHIP).get(reverse("fair", args=[fair.pk])).content.decode()
    assert "具备条件贫困户" not in seen


def test_the_ledger_prints_what_the_filters_ask_for(
    fair: JobFair, closed: Any, browse: Any, tmp_path: Any, pdf_text: Any
) -> None:
    plan(closed, title="另一场")
    paper = tmp_path / "ledger.pdf"

    paper.write_bytes(browse(REVIEWER).get(reverse("print-fairs") + "?status=reported").content)

    text = "".join(pdf_text(paper).split())
    assert fair.title in text
    assert "另一场" not in text
    assert "监督电话" in text
    assert "共1行" in text


def test_the_post_list_puts_the_posts_for_the_poor_first(fair: JobFair, browse: Any) -> None:
    page = browse(Role.TOWNSHIP).get(reverse("fair-posts", args=[fair.pk])).content.decode()

    assert page.index("分拣工") < page.index("客服")
    assert page.count("建档立卡优先") == 1
