"""What no station signed: in the dossier by name, and checked by the verifier like everything else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.training.dossiers.conftest import completion_of
from tests.training.dossiers.packages import build_bag, build_pdf
from training.dossiers import facts as f
from training.dossiers.seal import Sealer
from training.dossiers.verify import verify

AT = datetime(2021, 3, 6, 2, 0, tzinfo=UTC)
ARRIVED = datetime(2021, 3, 5, 6, 28, tzinfo=UTC)
Change = Callable[[f.DossierFacts], f.DossierFacts]


@pytest.fixture(scope="module")
def made_up(facts: f.DossierFacts, make_attachment: Callable[..., f.Attachment]) -> f.DossierFacts:
    """Number 12 came in the afternoon by a paper register; number 1's last sign-out was a mistake."""
    sheet = make_attachment("A8", "纸质签到表.jpg", b"synthetic sheet", "application/pdf")
    entries = tuple(
        f.CorrectionFacts(
            number, kind, "paper", label, 12, "孙长根", 2, at, "", "断电，改用纸质签到表", sheet.sha256,
            "林晓", AT, "石城县商务局 陈科长", AT + timedelta(hours=3), (3, 4),
        )
        for number, kind, label, at in (
            (7, "sign_in", "补签到", ARRIVED), (8, "sign_out", "补签退", ARRIVED + timedelta(hours=3)),
        )
    )  # fmt: skip
    afternoon = facts.registers[1]
    first, *others, last = afternoon.rows
    void = replace(
        entries[0], id=9, kind="void", source="make_up", label="作废", number=1, name=first.name,
        happened_at=None, voids=first.events[1], reason="误刷", evidence="",
    )  # fmt: skip
    rows = (
        replace(first, signed_out_at=None, minutes=0, events=first.events[:1]),
        *others,
        replace(
            last, signed_in_at=ARRIVED, signed_out_at=ARRIVED + timedelta(hours=3), minutes=180,
            method="纸质", method_code="paper", note="纸质补录", corrections=(7, 8),
        ),
    )  # fmt: skip
    registers = (facts.registers[0], replace(afternoon, rows=rows, attestations=()))
    return replace(
        facts,
        registers=registers,
        completion=tuple(completion_of(person, registers) for person in facts.roster),
        corrections=(*entries, void),
        attachments=(*facts.attachments, sheet),
    )


@pytest.fixture
def verified(tmp_path: Path, signed: bytes, sealer: Sealer) -> Callable[[f.DossierFacts], set[str]]:
    """Seals these facts and tells which records the verifier names."""

    def look(facts: f.DossierFacts) -> set[str]:
        path = tmp_path / "dossier.zip"
        path.write_bytes(build_bag(facts, signed, sealer))
        checks = verify(path).checks
        return {
            f"{check.code}: {finding.record}"
            for check in checks
            for finding in check.findings
            if finding.grave
        }

    return look


def test_approved_corrections_stand_in_the_register_and_hold(made_up, verified):
    assert verified(made_up) == set()


def without_the_sheet(facts: f.DossierFacts) -> f.DossierFacts:
    return replace(facts, attachments=facts.attachments[:-1])


def approved_by_oneself(facts: f.DossierFacts) -> f.DossierFacts:
    first, *others = facts.corrections
    return replace(facts, corrections=(replace(first, accounts=(3, 3)), *others))


def voided_for_nothing(facts: f.DossierFacts) -> f.DossierFacts:
    *others, void = facts.corrections
    return replace(facts, corrections=(*others, replace(void, voids="0" * 64)))


def left_out_of_the_register(facts: f.DossierFacts) -> f.DossierFacts:
    extra = replace(facts.corrections[0], id=10)
    return replace(facts, corrections=(*facts.corrections, extra))


def somebody_elses(facts: f.DossierFacts) -> f.DossierFacts:
    first, *others = facts.corrections
    return replace(facts, corrections=(replace(first, number=11), *others))


def at_another_time(facts: f.DossierFacts) -> f.DossierFacts:
    first, *others = facts.corrections
    return replace(facts, corrections=(replace(first, happened_at=ARRIVED + timedelta(hours=1)), *others))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (without_the_sheet, "corrections: 更正 correction 7"),
        (approved_by_oneself, "corrections: 更正 correction 7"),
        (voided_for_nothing, "corrections: 更正 correction 9"),
        (left_out_of_the_register, "corrections: 更正 correction 10"),
        (somebody_elses, "register: 签到名册 register 2021-03-05 pm #12"),
        (at_another_time, "register: 签到名册 register 2021-03-05 pm #12"),
    ],
)
def test_a_correction_that_does_not_foot_is_named(made_up, verified, change: Change, named: str):
    assert named in verified(change(made_up))


def test_an_event_that_was_voided_no_longer_counts(made_up, verified, facts):
    """The register that still shows the voided sign-out stands on nothing."""
    registers = (
        made_up.registers[0],
        replace(made_up.registers[1], rows=(facts.registers[1].rows[0], *made_up.registers[1].rows[1:])),
    )

    assert "register: 签到名册 register 2021-03-05 pm #1" in verified(replace(made_up, registers=registers))


def lose(facts: f.DossierFacts, *seqs: int) -> f.DossierFacts:
    """The same session without these events, nor what the register made of them."""
    gone = {e.digest for e in facts.envelopes if e.seq in seqs}
    empty: dict[str, Any] = {
        "signed_in_at": None,
        "signed_out_at": None,
        "minutes": 0,
        "method_code": "",
        "events": (),
    }
    registers = tuple(
        replace(
            page,
            rows=tuple(replace(row, **empty) if gone & set(row.events) else row for row in page.rows),
            attestations=(),  # they were of the register with them
        )
        for page in facts.registers
    )
    envelopes = tuple(e for e in facts.envelopes if e.digest not in gone)
    completion = tuple(completion_of(person, registers) for person in facts.roster)
    return replace(facts, registers=registers, envelopes=envelopes, completion=completion)


def test_a_gap_holds_only_where_two_people_declared_it_lost(facts, verified):
    # Numbers 3 and 15 are the sign-in and sign-out of trainee 3 in the morning.
    holed = lose(facts, 3, 15)
    declared = tuple(
        f.LostRangeFacts(facts.stations[0].id, seq, seq, "终端硬盘损坏", "林晓", "石城县商务局 陈科长", AT)
        for seq in (3, 15)
    )

    assert {text.partition(":")[0] for text in verified(holed)} == {"chain"}
    assert {text.partition(":")[0] for text in verified(replace(holed, lost=declared[:1]))} == {"chain"}
    assert verified(replace(holed, lost=declared)) == set()


def test_the_pdf_names_every_correction_and_every_lost_number(made_up, fonts_dir, pdf_text, tmp_path):
    lost = f.LostRangeFacts(made_up.stations[0].id, 90, 95, "终端硬盘损坏", "林晓", "陈科长", AT)
    path = tmp_path / "dossier.pdf"
    path.write_bytes(build_pdf(replace(made_up, lost=(lost,)), None, fonts_dir))
    text = "".join(pdf_text(path).split())

    for words in (
        "补签、纸质补录与作废",
        "断电，改用纸质签到表",
        "误刷",
        "说明为丢失的事件",
        "90–95",
        "终端硬盘损坏",
    ):
        assert words in text
