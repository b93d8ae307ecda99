"""Institutions at their pages: papers, agreements, standing, what runs out; as they and as the bureau see it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.conftest import CLASS_DAY
from training.accounts.choices import Role
from training.demo.scenery import add_institution, paper
from training.institutions.choices import InstitutionStatus
from training.institutions.models import Agreement, Institution, Licence

CLERK, HEAD = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD
REVIEWER, CHIEF = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD
LICENCE = {"kind": "training", "number": "2号", "issuer": "县人社局", "valid_from": "2021-01-01"}
NOT_A_PDF = b"<html>not a pdf</html>"


def upload(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def scan_of(title: str) -> SimpleUploadedFile:
    return upload(*paper(title))


def shown(response: Any) -> str:
    return response.content.decode()


def post(client: Client, name: str, /, *args: Any, **fields: Any) -> Any:
    """Hand in a form and follow to the page it leads to; a refused form stays where it is."""
    return client.post(reverse(name, args=args), fields, follow=True)


def see(client: Client, name: str, *args: Any, **query: Any) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return shown(response)


def rows_of(client: Client, name: str, **query: Any) -> list[list[str]]:
    """An exported list, without its head."""
    text = b"".join(client.get(reverse(name), query)).decode().removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text)))[1:]


def training_licence(county: Any) -> Any:
    return Licence.objects.filter(institution=county.institution, kind="training")


# --- an institution's own papers -----------------------------------------------------------------


def test_a_licence_without_an_end_is_kept_and_waits_to_be_verified(county: Any, browse: Any) -> None:
    page = post(browse(CLERK), "licence-add", **LICENCE, file=scan_of("许可证"))

    assert Licence.objects.get(number="2号").valid_until is None
    assert "证照已收下，商务局核验后生效。" in shown(page)
    assert "待核验" in shown(page)


def test_a_pdf_that_is_no_pdf_is_refused_in_the_form(county: Any, browse: Any) -> None:
    page = post(browse(CLERK), "licence-add", **LICENCE, file=upload("许可证.pdf", NOT_A_PDF))

    assert page.status_code == 422
    assert page.context["form"].non_field_errors()[0].startswith("“许可证.pdf”不是 PDF 文件")
    assert not Licence.objects.filter(number="2号").exists()


def test_a_photo_of_a_hundred_megabytes_is_refused_before_it_is_read(county: Any, browse: Any) -> None:
    with TemporaryUploadedFile("全班.jpg", "image/jpeg", 0, None) as huge:
        huge.truncate(100 * 1024 * 1024)
        page = post(browse(CLERK), "licence-add", **LICENCE, file=huge)

    assert page.status_code == 422
    assert page.context["form"].errors["file"][0].startswith("“全班.jpg”有 100 MB，超过上限 50 MB。")


def test_an_empty_file_is_called_empty(county: Any, browse: Any) -> None:
    page = post(browse(CLERK), "licence-add", **LICENCE, file=upload("许可证.pdf", b""))

    assert page.context["form"].non_field_errors() == ["“许可证.pdf”是空文件（0 字节），请重新选择文件上传。"]


AGREEMENT = {
    "kind": "task_order",
    "number": "石商〔2021〕9号",
    "signed_on": "2021-04-01",
    "valid_from": "2021-04-01",
    "valid_until": "2021-12-31",
    "unit_price_fen": "399.50",
}


def draft(county: Any, client: Client) -> Agreement:
    line = county.programme.fund_lines.get(code="training")
    post(client, "agreement-add", **AGREEMENT, fund_line=line.pk, file=scan_of("任务书"))
    found: Agreement = Agreement.objects.get(number="石商〔2021〕9号")
    return found


def test_a_price_is_typed_in_yuan_and_kept_in_fen(county: Any, browse: Any) -> None:
    assert draft(county, browse(CLERK)).unit_price_fen == 39_950


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"valid_until": "2021-01-01"}, "__all__"),
        ({"unit_price_fen": "-1"}, "unit_price_fen"),
        ({"fund_line": "999999"}, "fund_line"),
        ({"award_url": "javascript:alert(1)"}, "award_url"),
    ],
)
def test_an_agreement_that_cannot_be_is_refused(
    county: Any, browse: Any, changes: dict[str, str], field: str
) -> None:
    line = county.programme.fund_lines.first()
    fields = AGREEMENT | {"fund_line": line.pk} | changes
    page = post(browse(CLERK), "agreement-add", **fields, file=scan_of("任务书"))

    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]
    assert Agreement.objects.count() == 1


def test_the_money_of_another_county_cannot_be_chosen(county: Any, other_county: Any, browse: Any) -> None:
    fields = AGREEMENT | {"fund_line": other_county.programme.fund_lines.first().pk}
    page = post(browse(CLERK), "agreement-add", **fields, file=scan_of("任务书"))

    assert list(page.context["form"].errors) == ["fund_line"]


def test_the_agreement_s_page_names_the_rates_it_lacks_until_they_are_there(county: Any, browse: Any) -> None:
    clerk, agreement = browse(CLERK), draft(county, browse(CLERK))
    task = {"class_type": "entrepreneurship_employment", "renci": "100", "unit_price_fen": "800"}
    page = post(clerk, "agreement-task", agreement.pk, **task)
    assert "创业就业型：创业率" in shown(page)
    assert "确认生效</button>" not in see(browse(CHIEF), "agreement", agreement.pk)
    assert browse(CHIEF).post(reverse("agreement-confirm", args=[agreement.pk])).status_code == 422

    for rate in ("创业率", "就业率"):
        promise = {"rate": rate, "percent": "60", "formula": "创业人数 ÷ 结业人数", "window": "180 天内"}
        post(clerk, "agreement-indicator", agreement.pk, **promise)
    page = post(browse(CHIEF), "agreement-confirm", agreement.pk)

    assert "协议已生效，可以据它开班。" in shown(page)
    assert "80,000.00" in shown(page)


def test_more_money_than_the_line_has_is_not_confirmed_and_more_tasks_are_warned_of(
    county: Any, browse: Any
) -> None:
    clerk, agreement = browse(CLERK), draft(county, browse(CLERK))
    page = post(
        clerk, "agreement-task", agreement.pk, class_type="general", renci="3001", unit_price_fen="600"
    )

    said = (
        "总额 1,800,000.00 元，其他协议已占 0.00 元，还剩 1,800,000.00 元；这份协议的任务金额 1,800,600.00 元"
    )
    assert said in shown(page)
    assert "全县各协议任务合计 3001 人次，超过了项目指标 2000 人次" in shown(page)
    assert reverse("agreement-confirm", args=[agreement.pk]) not in shown(
        browse(CHIEF).get(page.wsgi_request.path)
    )


def test_what_has_been_used_up_of_a_task_is_counted_by_how_far_the_session_is(
    county: Any, browse: Any
) -> None:
    agreement = county.institution.agreements.get()
    agreement.tasks.create(class_type="general", renci=10, unit_price_fen=40_000)
    task = browse(CLERK).get(reverse("agreement", args=[agreement.pk])).context["page"].tasks[0]

    assert (task.planned, task.approved, task.completed, task.left) == (12, 0, 0, 10)
    assert task.overdrawn


def test_the_used_up_renci_of_a_class_that_was_held_are_those_who_completed(closed: Any, browse: Any) -> None:
    agreement = closed.institution.agreements.get()
    agreement.tasks.create(class_type="general", renci=100, unit_price_fen=40_000)
    task = browse(CHIEF).get(reverse("agreement", args=[agreement.pk])).context["page"].tasks[0]

    assert (task.planned, task.approved, task.completed, task.left) == (0, 0, 10, 90)


# --- standing ------------------------------------------------------------------------------------


def test_the_way_into_the_county_s_register(county: Any, browse: Callable[..., Client]) -> None:
    institution, staff = add_institution(
        county.programme, name="新机构", uscc="91360825MA36DEMN7K", prefix="new-", bureau=county.actor(CHIEF)
    )
    Licence.objects.filter(institution=institution).update(verified_at=None, verified_by=None)
    Institution.objects.filter(pk=institution.pk).update(status="draft")
    head = Client()
    head.force_login(staff.members[HEAD].user)
    assert "申请入库" in see(head, "papers")

    post(head, "institution-submit")
    reviewer = browse(REVIEWER)
    assert "还不能入库" in see(reviewer, "bureau-institution", institution.pk)
    assert reviewer.post(reverse("bureau-institution-admit", args=[institution.pk])).status_code == 403
    for licence in institution.licences.all():
        post(reviewer, "licence-verify", licence.pk)
    page = post(browse(CHIEF), "institution-return", institution.pk, reason="经营范围写错了")
    assert "商务局退回了入库申请：经营范围写错了" in see(head, "papers")
    assert "退回入库申请" in shown(page)

    post(head, "institution-submit")
    page = post(browse(CHIEF), "bureau-institution-admit", institution.pk)

    assert "新机构已入库，可以开班。" in shown(page)
    institution.refresh_from_db()
    assert institution.status == InstitutionStatus.ADMITTED


def test_a_suspended_institution_lists_what_was_approved_before(
    approved: Any, browse: Any, clock: Any
) -> None:
    """Nothing is cancelled by itself; the bureau sees it and decides."""
    clock.advance(days=-1)
    training_licence(approved).update(valid_until=CLASS_DAY - timedelta(2))
    chief = browse(CHIEF)

    page = see(chief, "bureau-institution", approved.institution.pk)
    assert "已批准、还没上完的期" in page
    assert str(approved.session) in page
    assert "机构已暂停、还没上完的期" in see(chief, "home")
    assert "现在的状态是“暂停”" in see(chief, "bureau-session", approved.session.pk)
    assert "本机构现在不能开班" in see(browse(HEAD), "home")


def test_too_few_institutions_is_an_alarm_on_the_bureau_s_first_page(county: Any, browse: Any) -> None:
    assert "证照和协议都有效的 1 家，要求 2 家以上" in see(browse(CHIEF), "home")
    assert "证照和协议都有效的 1 家，要求 2 家以上" in see(browse(CHIEF), "indicators")


def test_sanctions_have_their_reason_in_the_history(county: Any, browse: Any) -> None:
    chief, pk = browse(CHIEF), county.institution.pk
    refused = post(chief, "institution-suspend", pk, reason="")
    assert refused.status_code == 422

    post(chief, "institution-suspend", pk, reason="虚报人次")
    post(chief, "institution-reinstate", pk, reason="已退回资金")
    page = see(chief, "bureau-institution", pk)

    assert page.index("已退回资金") < page.index("虚报人次")
    assert "虚报人次" in see(browse(HEAD), "papers")


def test_a_refused_licence_says_why_on_both_sides(county: Any, browse: Any) -> None:
    licence = training_licence(county).get()
    page = post(browse(REVIEWER), "licence-refuse", licence.pk, reason="公章不清")

    assert "公章不清" in shown(page)
    assert "公章不清" in see(browse(CLERK), "papers")
    assert "机构已暂停，不能开班。原因：证照过期：培训资质证明" in see(browse(CLERK), "papers")


def test_the_software_notices_two_that_may_be_one(county: Any, browse: Any) -> None:
    twin, _staff = add_institution(
        county.programme, name="孪生", uscc="91360825MA36DEMN7K", prefix="twin-", bureau=county.actor(CHIEF)
    )
    Institution.objects.filter(programme=county.programme).update(
        legal_person="陈某", business_scope="日用百货销售"
    )

    page = see(browse(REVIEWER), "bureau-institution", county.institution.pk)
    assert "法定代表人、电话或地址与另一家相同" in page
    assert twin.name in page
    assert "经营（业务）范围里没有“培训”二字" in page
    assert twin.name not in see(browse(CLERK), "papers")


# --- lists ---------------------------------------------------------------------------------------


def test_filters_live_in_the_address_and_the_export_holds_what_is_listed(county: Any, browse: Any) -> None:
    chief = browse(CHIEF)
    post(browse(CLERK), "licence-add", **LICENCE, file=scan_of("许可证"))

    def names(**query: Any) -> list[str]:
        return [row[0] for row in rows_of(chief, "bureau-institutions-export", **query)]

    everybody = ["石城县兴农电商培训中心"]
    assert names() == names(q="兴农") == names(standing="admitted") == names(alert="verify") == everybody
    assert names(q="别家") == names(standing="suspended") == names(alert="expired") == []
    training_licence(county).update(valid_until=CLASS_DAY - timedelta(1))
    assert names(standing="suspended") == names(alert="expired") == everybody
    assert "没有符合条件的机构" in see(chief, "bureau-institutions", q="别家")


def many(county: Any, count: int) -> None:
    for number in range(count):
        institution = Institution.objects.create(
            programme=county.programme, name=f"机构{number}", uscc=f"{number:018}", status="admitted"
        )
        for licence in county.institution.licences.all():
            licence.pk, licence.institution, licence.valid_until = None, institution, CLASS_DAY
            licence.save()


@pytest.mark.parametrize("more", [0, 29])
@pytest.mark.parametrize("name", ["bureau-institutions", "papers-expiring"])
def test_lists_ask_the_database_as_often_for_thirty_as_for_one(
    county: Any, browse: Any, more: int, name: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    training_licence(county).update(valid_until=CLASS_DAY)
    many(county, more)
    client = browse(CHIEF)

    with django_assert_num_queries(QUERIES[name]):
        page = client.get(reverse(name))

    assert page.context["page_obj"].paginator.count == (1 + 2 * more if "expiring" in name else 1 + more)


QUERIES = {"bureau-institutions": 12, "papers-expiring": 11}


def test_what_runs_out_is_listed_sixty_days_ahead_for_both_sides(county: Any, browse: Any) -> None:
    training_licence(county).update(valid_until=CLASS_DAY + timedelta(60))
    Agreement.objects.update(valid_until=CLASS_DAY + timedelta(30))
    county.instructors[0].proofs.update(valid_until=CLASS_DAY - timedelta(1))

    def listed(role: Role, **query: Any) -> list[tuple[str, str]]:
        return [(row[0], row[5]) for row in rows_of(browse(role), "papers-expiring-export", **query)]

    everything = [("授课人资质证明", "已过期"), ("协议和任务文件", "30"), ("机构证照", "60")]
    assert listed(REVIEWER) == listed(CLERK) == everything
    assert listed(REVIEWER, when="30") == everything[:2]
    assert listed(REVIEWER, when="expired") == everything[:1]
    assert listed(REVIEWER, what="licence") == everything[2:]
    assert listed(REVIEWER, q="罗明远") == everything[:1]
    assert "证照、协议和证明将到期" in see(browse(CLERK), "home")


def test_a_renewal_takes_a_licence_off_the_list_once_it_is_verified(county: Any, browse: Any) -> None:
    training_licence(county).update(valid_until=CLASS_DAY + timedelta(10))
    post(browse(CLERK), "licence-add", **LICENCE, valid_until="2025-12-31", file=scan_of("许可证"))
    assert len(rows_of(browse(REVIEWER), "papers-expiring-export", what="licence")) == 1

    post(browse(REVIEWER), "licence-verify", Licence.objects.get(number="2号").pk)

    assert rows_of(browse(REVIEWER), "papers-expiring-export", what="licence") == []


def test_the_bureau_notes_when_a_winner_must_register_in_the_county(county: Any, browse: Any) -> None:
    due = date(2021, 5, 10)
    page = post(browse(REVIEWER), "institution-local", county.institution.pk, due_on=due.isoformat())
    assert "机构本身在本县登记" in shown(page)

    Institution.objects.filter(pk=county.institution.pk).update(uscc="91350100M000100Y43")

    assert "2021-05-10 到期没有办，已过 8 天" in see(browse(CLERK), "papers")
    assert "本地登记未办" in see(browse(CHIEF), "home")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("role", [CLERK, CHIEF])
def test_every_page_opens_in_both_languages(closed: Any, browse: Any, role: Role, language: str) -> None:
    client = browse(role)
    client.cookies["django_language"] = language
    agreement, institution = closed.institution.agreements.get().pk, closed.institution.pk
    own = [("papers",), ("institution-details",), ("licence-add",), ("agreement-add",)]
    own += [("agreement-task", agreement), ("agreement-change", agreement)]
    county = [
        ("bureau-institutions",),
        ("bureau-institution", institution),
        ("institution-local", institution),
    ]
    county += [("institution-suspend", institution), ("bureau-institution-register",)]
    both = [("papers-expiring",), ("agreement", agreement)]

    for name, *args in (own if role == CLERK else county) + both:
        assert f'<html lang="{language}">' in see(client, name, *args)


def test_the_county_s_agreements_are_listed_filtered_and_exported(county: Any, browse: Any) -> None:
    made = draft(county, browse(CLERK))
    reviewer = browse(REVIEWER)

    def numbers(**query: Any) -> list[str]:
        return [row[1] for row in rows_of(reviewer, "agreements-export", **query)]

    assert numbers() == [made.number, "石城县商培协〔2021〕7号"]
    assert numbers(status="draft") == numbers(kind="task_order") == numbers(q="9号") == [made.number]
    assert numbers(line=str(made.fund_line_id), institution=str(county.institution.pk)) == numbers()
    page = see(reviewer, "agreements", q="无此号")
    assert "没有符合条件的协议" in page
    assert county.institution.name in see(reviewer, "agreements")
