"""Reports on A4, and the ministry's figures as files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe
from openpyxl import Workbook

from training.core import clock
from training.core.uploads import XLSX
from training.dossiers.pdf.session_papers import PaperFacts
from training.reports.figures import METRICS
from training.reports.pdf import Facts, Grid, Part, ReportPaper, Signatures, Text, build
from training.web.gate import WorkRequest, about
from training.web.lists import csv_response
from training.web.reports import queries

NAMES = (("项目", 0.34), ("本期", 56.0), ("累计", 56.0), ("单位", 40.0), ("怎样算出", 0.66))


def _facts(programme: Any, code: str) -> PaperFacts:
    return PaperFacts(
        mark=programme.mark_text,
        phones="　".join(programme.phones),
        printed=f"{localtime(clock.now()):%Y-%m-%d %H:%M}",
        county=programme.county,
        programme=programme.name,
        code=code,
        title="",
        institution="",
        state="",
        verify_url="",
    )


def pdf(programme: Any, code: str, name: str, under: str, parts: Iterable[Part]) -> HttpResponse:
    paper = ReportPaper(_facts(programme, code), name, under, tuple(parts))
    disposition = content_disposition_header(False, f"{name} {code}.pdf")
    headers = {"Content-Disposition": disposition or "inline"}
    return HttpResponse(
        build(paper, Path(settings.FONTS_DIR)), content_type="application/pdf", headers=headers
    )


def _printed(write: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """In the county's language, whatever the reader's is."""
    return require_safe(override(settings.LANGUAGE_CODE)(write))


def _figures(heading: str, lines: Iterable[queries.FigureLine]) -> Grid:
    rows = tuple(
        (str(it.metric.name), str(it.period), str(it.total), str(it.metric.unit), str(it.metric.formula))
        for it in lines
    )
    return Grid(heading, NAMES, rows)


@about(queries.find_town_report, "town_report.view")
@_printed
def town_report(request: WorkRequest, report: Any) -> HttpResponse:
    page = queries.town_page(report)
    handed_in = f"{localtime(report.submitted_at):%Y-%m-%d %H:%M}" if report.is_submitted else "还没有报送"
    about_it = (
        ("乡　　镇", report.township),
        ("状　　态", str(page.state.label)),
        ("统计期间", f"{report.starts_on} 至 {report.due_on}"),
        ("报送期限", f"{report.due_on}"),
        ("报送时间", handed_in),
        ("报 送 人", str(report.submitted_by or "")),
    )
    parts: list[Part] = [Facts("", about_it), _figures("系统数据", page.lines)]
    parts += [Text(str(name), text or "（没有填写）") for name, text in page.texts]
    parts += [
        Text(f"补充说明　{localtime(it.made_at):%Y-%m-%d}　{it.made_by}", f"原因：{it.reason}\n{it.text}")
        for it in report.supplements.all()
    ]
    parts.append(Signatures("", ((f"{report.township}人民政府", handed_in),)))
    return pdf(
        report.programme, f"{report.month:%Y-%m}", f"{report.township}月报", report.programme.name, parts
    )


@about(queries.find_roll_up, "roll_up.view")
@_printed
def roll_up(request: WorkRequest, roll_up: Any) -> HttpResponse:
    page = queries.roll_up_page(roll_up)
    columns = (
        ("乡镇", 0.22),
        ("状态", 36.0),
        *((str(metric.name), 0.78 / len(METRICS)) for metric in METRICS),
    )
    rows = tuple(
        (town.town, str(town.state.label), *(str(n) for _code, n in town.cells or [("", "—")] * len(METRICS)))
        for town in page.towns
    )
    missing = "、".join(roll_up.missing)
    parts: list[Part] = [
        *([Text("未报的乡镇", f"{len(roll_up.missing)} 个：{missing}", warns=True)] if missing else []),
        Text("工作情况", roll_up.summary),
        Grid(
            "各乡镇本期数据",
            columns,
            rows,
            total=("已报合计", "", *map(str, page.total)),
            note="乡镇的数在报送时冻结；未报的乡镇不计入合计。全县（系统）："
            + "，".join(f"{metric.name} {n}" for metric, (_code, n) in zip(METRICS, page.county, strict=True))
            + "。",
        ),
        Grid(
            "上报记录",
            (("报给", 0.4), ("日期", 62.0), ("方式", 80.0), ("文号", 0.6)),
            tuple(
                (it.recipient, f"{it.sent_on}", str(it.get_method_display()), it.document_number)
                for it in roll_up.dispatches.all()
            ),
        ),
        Signatures("", (("领导小组办公室", f"{roll_up.drawn_up_by}　汇总"),)),
    ]
    return pdf(
        roll_up.programme, f"{roll_up.month:%Y-%m}", "全县电商培训工作月报", roll_up.programme.name, parts
    )


@about(queries.find_evaluation, "evaluation_self.view")
@_printed
def evaluation(request: WorkRequest, evaluation: Any) -> HttpResponse:
    page = queries.evaluation_page(evaluation)
    columns = (
        ("指标", 32.0),
        ("内容", 0.35),
        ("满分", 32.0),
        ("自评", 32.0),
        ("系统数据", 60.0),
        ("说明和依据", 0.65),
    )
    rows = tuple(_scored(it) for it in page.lines)
    parts: list[Part] = [
        Facts(
            "",
            (
                ("指 标 库", f"{page.library.name} {page.library.version}"),
                ("数据截至", f"{evaluation.as_of}"),
                ("状　　态", str(evaluation.get_status_display())),
                ("自评总分", f"{page.total} / {page.library.full_marks}"),
            ),
        ),
        Grid("", columns, rows, total=("", "合计", str(page.library.full_marks), str(page.total), "", "")),
        Text("指标来源", page.library.source),
        Signatures("", (("自评单位", str(evaluation.finished_by or "")),)),
    ]
    return pdf(evaluation.programme, f"{evaluation.as_of}", "绩效自评表", evaluation.title, parts)


def _scored(it: queries.EvaluationLine) -> tuple[str, ...]:
    if not it.line.weight:
        return it.line.code, it.line.text, "", "", "", ""
    score = it.score
    said = "\n".join([score.note, *score.evidence]) if score else "（没有评分）"
    marks = str(score.score) if score else "—"
    return it.line.code, it.line.text, str(it.line.weight), marks, score.figure if score else "", said


@about(queries.find_check, "phone_check.view")
@_printed
def call_sheet(request: WorkRequest, check: Any) -> HttpResponse:
    """For the table beside the telephone: numbers are masked, results are written by hand or on the page."""
    rows = queries.masked(queries.called_up(check, request.actor))
    columns = (("层", 0.4), ("次序", 32.0), ("姓名", 52.0), ("手机号", 76.0), ("期", 0.6), ("结果", 90.0))
    script = "\n".join(f"{n}. {line}" for n, line in enumerate(map(str, queries.SCRIPT), 1))
    lines = tuple(
        (it.line.stratum, str(it.line.rank), it.name, it.phone, it.line.enrolment.training_session.code, "")
        for it in rows
    )
    return pdf(
        check.programme,
        str(check.pk),
        "抽查电话核实名单",
        check.title,
        [_drawn(check), Text("怎样问", script), Grid("名单", columns, lines)],
    )


@about(queries.find_check, "phone_check.view")
@_printed
def call_record(request: WorkRequest, check: Any) -> HttpResponse:
    standing, rate = queries.standing(check), queries.standing(check).confirmation
    said = f"{rate.percent} %（{rate.confirmed} / {rate.reached}）" if rate.reached else "还没有联系上的人"
    interval = f"{standing.low} %–{standing.high} %" if rate.reached else "—"
    rows = queries.masked(queries.called_up(check, request.actor))
    columns = (
        ("层", 0.5),
        ("次序", 32.0),
        ("备选", 32.0),
        ("姓名", 52.0),
        ("期", 0.5),
        ("次数", 32.0),
        ("结果", 90.0),
    )
    lines = tuple(
        (
            it.line.stratum,
            str(it.line.rank),
            "是" if it.line.reserve else "",
            it.name,
            it.line.enrolment.training_session.code,
            str(it.line.tries),
            str(it.line.get_result_display() or "待打"),
        )
        for it in rows
    )
    parts: list[Part] = [
        _drawn(check),
        Facts(
            "结果",
            (
                ("电话核实率", said),
                ("95%区间", interval),
                *((str(word), f"{count} 人") for _code, word, count in standing.results),
            ),
        ),
        Text("", "电话核实率 = 本人确认 ÷ 联系上（本人确认 + 否认参训）；区间按威尔逊法。"),
        Grid("逐人记录", columns, lines),
        Signatures("", (("核实人", ""),)),
    ]
    return pdf(check.programme, str(check.pk), "抽查电话记录", check.title, parts)


def _drawn(check: Any) -> Facts:
    span = f"{check.starts_on or '不限'} 至 {check.ends_on or '不限'}"
    return Facts(
        "怎样抽的",
        (
            ("抽取时间", f"{localtime(check.drawn_at):%Y-%m-%d %H:%M}　{check.drawn_by}"),
            ("结课期间", span),
            ("抽 样 框", f"{len(check.frame)} 人次"),
            ("样 本 量", f"{check.size}"),
            ("分　　层", str(check.get_stratum_display())),
            ("随机种子", check.seed),
            ("框的指纹", check.frame_hash),
        ),
    )


@about(queries.find_meeting, "meeting.view")
@_printed
def meeting(request: WorkRequest, meeting: Any) -> HttpResponse:
    parts: list[Part] = [
        Facts("", (("日　　期", f"{meeting.held_on}"), ("地　　点", meeting.place))),
        Text("参加人员", meeting.attendees),
        Text("议题", meeting.agenda),
        Text("议定事项", meeting.decisions),
        Signatures("", (("记录", str(meeting.recorded_by)),)),
    ]
    return pdf(meeting.programme, f"{meeting.held_on}", "领导小组会议记录", meeting.title, parts)


# The ministry's figures as files

of_ministry = about(queries.find_ministry_report, "ministry.view")


def _named(report: Any, ending: str) -> str:
    return f"{report.programme.code}-{report.month:%Y-%m}.{ending}"


@require_safe
@of_ministry
def ministry_csv(request: WorkRequest, report: Any) -> Any:
    return csv_response(_named(report, "csv"), queries.LINE_COLUMNS, queries.export_rows(report))


@require_safe
@of_ministry
def ministry_xlsx(request: WorkRequest, report: Any) -> HttpResponse:
    workbook = Workbook(write_only=True)
    for title, rows in (
        (_("数据"), [queries.LINE_COLUMNS, *queries.export_rows(report)]),
        (_("说明"), _said(report)),
    ):
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append([cell if isinstance(cell, int) else str(cell) for cell in row])
    target = BytesIO()
    workbook.save(target)
    return _file(target.getvalue(), XLSX, _named(report, "xlsx"))


def _said(report: Any) -> Iterator[tuple[Any, ...]]:
    yield _("系统"), report.system
    yield _("月份"), f"{report.month:%Y-%m}"
    yield _("锁定时间"), f"{localtime(report.locked_at):%Y-%m-%d %H:%M}"
    yield _("对照表版本"), report.mapping
    yield _("状态"), report.get_status_display()


@require_safe
@of_ministry
def ministry_json(request: WorkRequest, report: Any) -> HttpResponse:
    body = {
        "programme": report.programme.code,
        "system": report.system,
        "month": f"{report.month:%Y-%m}",
        "locked_at": report.locked_at.isoformat(),
        "mapping": report.mapping,
        "status": report.status,
        "lines": report.lines,
    }
    data = json.dumps(body, ensure_ascii=False, indent=1).encode()
    return _file(data, "application/json", _named(report, "json"))


def _file(data: bytes, content_type: str, name: str) -> HttpResponse:
    disposition = content_disposition_header(True, name)
    return HttpResponse(data, content_type=content_type, headers={"Content-Disposition": disposition or ""})
