"""The demo is true: it runs, and what its summary says is what the database and the files say."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from training.demo.stage import free_port

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that `make demo ONCE=1` leaves behind."""
    var = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "training.demo", "--once", "--var", str(var), "--port", str(free_port())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return var


@pytest.fixture(scope="module")
def summary(played: Path) -> dict[str, object]:
    return json.loads((played / "summary.json").read_text(encoding="utf-8"))


def test_one_session_is_played_through_the_real_parts(summary):
    assert summary == {
        "programme": "SC-2020",
        "session": "SC-2020-TR-F-001",
        "rostered": 12,
        "signed_in": 23,
        "signed_out": 23,
        "by_method": {"card+face": 2, "witness": 2, "card": 19},
        "events_total": 53,  # two of them after the replay: before the fair the station forgets two portraits
        "events_held": ["not_on_roster"],
        "duplicates_refused": 51,
        "completed_renci": 11,
        "completed_renshu": 11,
        "missing_before": ["缺 A3：授课人王思敏（第2课次）无资质证明"],
        "missing_after": [],
        "sealed": True,
        "dossier_pages": summary["dossier_pages"],
        "dossier_sha256": summary["dossier_sha256"],
        "verify_ok": True,
        "tampered_detected": True,
        "followups": 1,
        "outcomes": 1,
        "indicator": {
            "target": 2000,
            "actual": 11,
            "formula": "培训人次 = 本项目已批准各期中，按考勤规则判为“结业”的名册人次之和",
        },
        "seconds": summary["seconds"],
    }


def test_the_summary_is_what_the_database_and_the_files_say(played, summary):
    with sqlite3.connect(played / "yidang.sqlite3") as database:
        count = lambda query: database.execute(query).fetchone()[0]  # noqa: E731
        of_classes = "SELECT COUNT(*) FROM attendance_attendanceevent WHERE fair_id IS NULL"
        assert count(of_classes) == summary["events_total"]
        assert count("SELECT COUNT(*) FROM fairs_fairattendance WHERE voided_at IS NULL") == 1
        assert count("SELECT COUNT(*) FROM enrolment_enrolment WHERE status = 'completed'") == 11
        assert count("SELECT COUNT(*) FROM claims_claim") == 1
    database.close()
    assert hashlib.sha256((played / "dossier.pdf").read_bytes()).hexdigest() == summary["dossier_sha256"]


def test_no_identity_number_lies_in_clear_in_the_database_or_on_the_station(played):
    numbers = [card["number"] for card in json.loads((played / "cards.json").read_text(encoding="utf-8"))]
    kept = [path for path in played.rglob("*") if path.is_file() and path.name != "cards.json"]

    found = [
        (path.name, number)
        for path in kept
        if path.suffix not in {".avi"}
        for content in [path.read_bytes()]
        for number in numbers
        if number.encode() in content
    ]

    assert len(kept) > 20
    assert found == []


def test_the_names_come_back_from_the_dossiers_text_layer(played, pdf_text):
    text = pdf_text(played / "dossier.pdf")

    assert "䶮海生" in text
    assert "张𬭎" in text
