"""What the device says of itself: counts, ages and rules, and nobody's name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.clock import Clock
from kiosk.face import MODEL
from kiosk.journal import Journal, Portrait, Receipt
from kiosk.knowledge import chapters


def told(journal: Journal) -> dict[str, str]:
    return {fact.label[0]: fact.value[0] for chapter in chapters(journal, Clock()) for fact in chapter.facts}


def everything(journal: Journal) -> str:
    return " ".join(
        " ".join((*fact.label, *fact.value, *fact.advice))
        for chapter in chapters(journal, Clock())
        for fact in chapter.facts
    )


def test_it_says_how_much_of_what_and_of_nobody_who(journal: Journal, card: Callable[..., Any]) -> None:
    journal.keep_portrait(101, Portrait((0.1,) * 128, MODEL), Clock())

    facts = told(journal)

    assert facts["SC-2026-03 石城县农村电商培训第三期"] == "2 个课次，名册 4 人，其中 2 人同意刷脸"
    assert facts["记录"] == "共 1 条"
    assert facts["待上传"] == "1 条，照片 0 张"
    assert len(facts["公钥指纹"].replace(" ", "")) == 16
    assert "分钟前" in facts["名册下载于"]
    for name in ("陈小满", "林一鸣", "赵春禾", "周晓岚"):
        assert name not in everything(journal)
        assert card(name).number not in everything(journal)


def test_every_fact_is_told_in_both_languages(journal: Journal) -> None:
    assert all(
        all(fact.label) and all(fact.value) and all(fact.advice) == any(fact.advice)
        for chapter in chapters(journal, Clock())
        for fact in chapter.facts
    )


def test_what_is_refused_is_told_with_the_reason_and_what_to_do(journal: Journal) -> None:
    journal.keep_portrait(101, Portrait((0.1,) * 128, MODEL), Clock())
    (envelope,) = journal.envelopes()
    journal.keep_receipts([Receipt(envelope.digest, "refused", "malformed", "看不懂")])

    (fact,) = (fact for chapter in chapters(journal, Clock()) for fact in chapter.facts if fact.wrong)

    assert (fact.label[0], fact.value[0]) == ("服务器不收", "1 条：看不懂")
    assert "不要删除数据" in fact.advice[0]


def test_a_machine_that_is_no_station_yet_knows_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path / "new") as journal:
        assert told(journal)["培训期"] == "没有"
        assert told(journal)["公钥指纹"] == "—"
