"""Whoever changes a row or a file by hand is found the next night."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.training.web.conftest import hand_in_proof
from training.accounts.choices import Role
from training.attendance.models import AttendanceEvent, Completion
from training.attendance.services.chains import move_complete_to
from training.core.actor import SYSTEM
from training.core.files import keep
from training.core.models import AuditEvent, StoredFile
from training.demo.scenery import paper
from training.dossiers.choices import EvidenceKind
from training.dossiers.collecting import add_evidence, withdraw_evidence
from training.dossiers.models import Dossier, DossierVersion
from training.dossiers.reviewing import accept_item, return_item
from training.enrolment.models import Enrolment
from training.enrolment.roster_changes import remove_person
from training.integrity.models import ApprovedRoster, IntegrityFinding, IntegrityRun
from training.integrity.services import check_integrity
from training.notifications.models import Notification
from training.people.services import confirm_phone


def found() -> set[tuple[str, str]]:
    """(part, problem) of everything that a night's run finds."""
    check_integrity(actor=SYSTEM)
    return set(IntegrityFinding.objects.values_list("part", "problem"))


def by_hand(sql: str, *values: Any) -> None:
    """As somebody with the database's password would."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        assert cursor.rowcount == 1


def on_disk(stored: StoredFile) -> Path:
    return Path(stored.file.path)


def counted_event() -> AttendanceEvent:
    event: AttendanceEvent = (
        AttendanceEvent.objects.filter(held_reason="", kind="sign_in").order_by("seq").first()
    )
    return event


def test_an_untouched_county_is_as_it_was_kept(sealed: Any) -> None:
    assert found() == set()
    run = IntegrityRun.objects.get()
    assert run.found == 0
    assert run.counted["events"] == AttendanceEvent.objects.count()
    assert run.counted["files"] == StoredFile.objects.count()
    assert (run.counted["packages"], run.counted["completion"]) == (1, 1)
    assert run.counted["audit"] >= AuditEvent.objects.filter(programme_id=sealed.programme.pk).count() - 1
    assert not Notification.objects.filter(kind="integrity.fault").exists()


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("captured_at", "2021-05-18 00:00:00", "时间"),
        ("kind", "sign_out", "种类"),
        ("method", "witness", "方式"),
        ("seq", 7_000, "序号"),
        ("enrolment_id", None, "学员"),
        ("lesson_id", None, "课次"),
        ("training_session_id", None, "期"),
    ],
)
def test_an_event_that_was_changed_by_hand_is_found(closed: Any, column: str, value: Any, words: str) -> None:
    event = counted_event()
    by_hand(f"UPDATE attendance_attendanceevent SET {column} = %s WHERE id = %s", value, event.pk)
    assert ("events", f"记录的 {words} 与终端签名的不同") in found()
    assert str(event.pk) in IntegrityFinding.objects.filter(part="events").values_list("about_id", flat=True)


def test_an_event_given_to_somebody_else_is_found(closed: Any) -> None:
    event = counted_event()
    other = closed.session.enrolments.exclude(pk=event.enrolment_id).first()
    by_hand("UPDATE attendance_attendanceevent SET enrolment_id = %s WHERE id = %s", other.pk, event.pk)
    assert ("events", "记录的 学员 与终端签名的不同") in found()


def test_an_event_that_came_and_was_taken_away_by_hand_is_found(closed: Any) -> None:
    assert move_complete_to() == 1
    event = AttendanceEvent.objects.filter(seq=1).get()
    by_hand("DELETE FROM attendance_attendanceevent WHERE id = %s", event.pk)
    last = event.station.events.count() + 1
    assert ("events", f"第 1 至 {last} 条事件曾经收齐，现在少了 1 条") in found()
    assert IntegrityFinding.objects.filter(part="events").count() == 1
    assert IntegrityRun.objects.get().found == IntegrityFinding.objects.count()


def test_rewritten_content_needs_the_stations_key(closed: Any) -> None:
    event = counted_event()
    payload = event.payload.replace(f'"enrolment":{event.enrolment_id}', '"enrolment":999')
    assert payload != event.payload
    by_hand("UPDATE attendance_attendanceevent SET payload = %s WHERE id = %s", payload, event.pk)
    assert {
        ("events", "内容的散列与记录不同"),
        ("events", "签名不符：事件被改动，或终端的公钥被换过"),
    } <= found()


def test_a_changed_completion_is_found(closed: Any) -> None:
    row = Completion.objects.filter(completed=False).first()
    by_hand("UPDATE attendance_completion SET completed = %s WHERE id = %s", True, row.pk)
    problems = {problem for part, problem in found() if part == "completion"}
    assert problems == {
        f"写的是{row.attended_minutes}/{row.required_minutes} 分钟、结业，"
        f"按签到重算是{row.attended_minutes}/{row.required_minutes} 分钟、未结业",
        "学员的状态与结业记录不符",
    }
    finding = IntegrityFinding.objects.filter(part="completion").first()
    assert finding.about == f"{closed.session.code} #{row.enrolment.number}"


def test_a_changed_roster_number_of_a_sealed_session_is_found(sealed: Any) -> None:
    enrolment = sealed.session.enrolments.get(number=3)
    by_hand("UPDATE enrolment_enrolment SET number = 99 WHERE id = %s", enrolment.pk)
    problems = {problem for part, problem in found() if part == "packages"}
    assert "名册与封存时不同：#3（共 1 处）" in problems


def test_an_event_that_was_made_to_count_no_more_is_found_once_sealed(sealed: Any) -> None:
    event = counted_event()
    by_hand("UPDATE attendance_attendanceevent SET held_reason = 'outside_lesson' WHERE id = %s", event.pk)
    assert ("packages", f"签到事件与封存时不同：seq {event.seq}（共 1 处）") in found()


@pytest.mark.parametrize(("column", "value"), [("held_reason", "outside_lesson"), ("lesson_id", None)])
def test_what_the_server_made_of_an_event_is_not_changed_before_the_seal_either(
    closed: Any, column: str, value: Any
) -> None:
    event = counted_event()
    by_hand(f"UPDATE attendance_attendanceevent SET {column} = %s WHERE id = %s", value, event.pk)
    assert ("events", "计入与否、期、课次或学员被改动过") in found()


def test_an_event_that_was_held_and_made_to_count_by_hand_is_found(closed: Any) -> None:
    event = counted_event()
    event.held_reason = "not_on_roster"
    AttendanceEvent.objects.filter(pk=event.pk).update(
        held_reason=event.held_reason, verdict_proof=event.prove_verdict()
    )
    check_integrity(actor=SYSTEM)
    assert not IntegrityFinding.objects.filter(part="events").exists()
    AttendanceEvent.objects.filter(pk=event.pk).update(held_reason="")
    assert ("events", "计入与否、期、课次或学员被改动过") in found()


# Deeds


def set_by_hand(label: str, pk: Any = None, **values: Any) -> list[tuple[str, str]]:
    """What a night finds of deeds after one row of this model was set to these values; it found none before."""
    check_integrity(actor=SYSTEM)
    assert not IntegrityFinding.objects.filter(part="deeds").exists()
    model = apps.get_model(label)
    row = model.objects.get(pk=pk) if pk else model.objects.order_by("pk").first()
    assert model.objects.filter(pk=row.pk).update(**values) == 1
    check_integrity(actor=SYSTEM)
    rows = IntegrityFinding.objects.filter(part="deeds")
    assert {(found.about_type, found.about_id) for found in rows} <= {(label, str(row.pk))}
    return [found.problem for found in rows]


def nobody_did(what: str) -> list[str]:
    return [f"{what}与操作记录不符：没有人这样办过"]


NOW = datetime(2021, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("label", "values", "what"),
    [
        ("institutions.Licence", {"verified_at": None}, "核验结果"),
        ("people.Trainee", {"phone_verified_at": NOW}, "电话核实"),
        ("dossiers.Evidence", {"withdrawn_at": NOW}, "撤下"),
        ("dossiers.Dossier", {"status": "collecting"}, "状态"),
        ("dossiers.Dossier", {"status": "returned"}, "状态"),
    ],
)
def test_a_state_that_nobody_brought_about_is_found(
    handed_in: Any, label: str, values: dict[str, Any], what: str
) -> None:
    assert set_by_hand(label, **values) == nobody_did(what)


def test_a_proof_that_was_verified_by_hand_is_found(closed: Any) -> None:
    proof = hand_in_proof(closed)
    said = {"verified_at": NOW, "verified_by": closed.user(Role.BUREAU_REVIEWER)}
    assert set_by_hand("institutions.InstructorProof", proof.pk, **said) == nobody_did("核验结果")


def test_a_telephone_that_was_confirmed_once_and_again_by_hand_is_found(closed: Any) -> None:
    person = closed.session.enrolments.first().trainee
    confirm_phone(person.pk, actor=closed.actor(Role.FOLLOW_UP))

    assert set_by_hand("people.Trainee", person.pk, phone_verified_at=NOW) == nobody_did("电话核实")


def test_an_item_accepted_by_hand_is_found(handed_in: Any) -> None:
    dossier, reviewer = Dossier.objects.get(), handed_in.actor(Role.BUREAU_REVIEWER)
    accept_item(dossier.pk, item="A4", actor=reviewer)
    returned = return_item(dossier.pk, item="A5", reason="看不清", actor=reviewer)
    assert set_by_hand("dossiers.ItemReview", returned.pk, decision="accepted") == nobody_did("核验意见")


def test_evidence_that_was_withdrawn_and_brought_back_by_hand_is_found(closed: Any) -> None:
    clerk = closed.actor(Role.INSTITUTION_CLERK)
    plan = {"item": "A4", "kind": EvidenceKind.PLAN, "caption": "培训方案", "file": paper("培训方案")}
    evidence = add_evidence(closed.session.pk, **plan, actor=clerk)
    withdraw_evidence(evidence.pk, reason="放错了", actor=clerk)
    assert set_by_hand("dossiers.Evidence", evidence.pk, withdrawn_at=None) == nobody_did("撤下")


def test_what_is_found_of_a_person_does_not_name_them(closed: Any) -> None:
    person = closed.session.enrolments.first().trainee
    set_by_hand("people.Trainee", person.pk, phone_verified_at=NOW)
    assert IntegrityFinding.objects.get(part="deeds").about == f"学员 {person.pk}"


# Rosters


def rosters_found() -> set[tuple[str, str]]:
    check_integrity(actor=SYSTEM)
    return set(IntegrityFinding.objects.filter(part="rosters").values_list("about", "problem"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("number = 99", "序号或身份证号与批准的名册不同"),
        ("status = 'withdrawn'", "没有增减手续就退出了名册"),
    ],
)
def test_a_frozen_roster_that_was_changed_by_hand_is_found_before_the_seal(
    approved: Any, change: str, said: str
) -> None:
    assert rosters_found() == set()
    place = approved.session.enrolments.get(number=3)
    by_hand(f"UPDATE enrolment_enrolment SET {change} WHERE id = %s", place.pk)
    place.refresh_from_db()
    assert rosters_found() == {(f"{approved.session.code} #{place.number}", said)}


def test_another_person_in_somebodys_place_is_found(approved: Any) -> None:
    person = approved.session.enrolments.get(number=3).trainee
    by_hand("UPDATE people_trainee SET id_hash = %s WHERE id = %s", "0" * 64, person.pk)
    assert rosters_found() == {(f"{approved.session.code} #3", "序号或身份证号与批准的名册不同")}


def test_who_was_added_by_hand_and_who_is_gone_are_found(approved: Any) -> None:
    place = approved.session.enrolments.get(number=3)
    place.pk, place.number = None, 13
    Enrolment.objects.filter(training_session=approved.session, number=3).delete()
    place.save(force_insert=True)
    assert rosters_found() == {
        (str(approved.session), "名册上第 3 号的记录没有了"),
        (f"{approved.session.code} #13", "没有增减手续就上了名册"),
    }


def test_a_roster_changed_as_the_rules_allow_is_as_it_should_be(approved: Any) -> None:
    leaves = approved.session.enrolments.get(number=3)
    remove_person(leaves.pk, reason="本人来电", actor=approved.actor(Role.INSTITUTION_CLERK))
    assert found() == set()


@pytest.mark.parametrize("change", [{"places": {}}, {"proof": "0" * 64}])
def test_what_was_kept_of_the_approval_is_not_rewritten(approved: Any, change: dict[str, Any]) -> None:
    ApprovedRoster.objects.update(**change)
    assert rosters_found() == {(str(approved.session), "批准时留存的名册被删，或被改过")}


def test_a_changed_and_a_removed_audit_row_are_found(closed: Any) -> None:
    rows = AuditEvent.objects.filter(programme_id=closed.programme.pk).order_by("pk")
    changed, removed = rows[2], rows[5]
    by_hand("UPDATE core_auditevent SET actor_name = 'x' WHERE id = %s", changed.pk)
    by_hand("DELETE FROM core_auditevent WHERE id = %s", removed.pk)
    assert {("audit", "改过"), ("audit", "之前有记录被删")} <= found()


def test_a_file_with_another_content_is_found(sealed: Any) -> None:
    plain = keep("说明.txt", b"as it was", content_type="text/plain", actor=SYSTEM)
    on_disk(plain).write_bytes(b"as it is")
    secret = Dossier.objects.get().package
    on_disk(secret).write_bytes(on_disk(secret).read_bytes()[:-4] + b"AAAA")
    assert {("files", "文件的散列与保存时不同"), ("files", "文件解不开密：被改动过，或密钥不全")} <= found()


def test_a_row_of_a_file_that_was_changed_by_hand_is_found(sealed: Any) -> None:
    stored = Dossier.objects.get().pdf
    by_hand("UPDATE core_storedfile SET sha256 = %s WHERE id = %s", "0" * 64, stored.pk)
    assert ("files", "文件的散列与保存时不同") in found()


def test_a_file_that_is_gone_and_one_that_nobody_knows_are_found(closed: Any) -> None:
    stored = StoredFile.objects.order_by("pk").first()
    gone = on_disk(stored)
    content = gone.read_bytes()
    gone.unlink()
    stranger = gone.parent / "stranger"
    stranger.write_bytes(content)
    long_ago = stranger.stat().st_mtime - timedelta(days=3650 * 3).total_seconds()
    os.utime(stranger, (long_ago, long_ago))
    assert {("files", "文件不在磁盘上"), ("orphans", "磁盘上有这个文件，没有记录")} <= found()


def test_a_package_whose_row_was_changed_is_found(sealed: Any) -> None:
    version = DossierVersion.objects.get(edition="sealed")
    by_hand("UPDATE dossiers_dossierversion SET manifest_sha256 = %s WHERE id = %s", "0" * 64, version.pk)
    assert ("packages", "压缩包的清单与封存时记录的散列不同") in found()


def test_the_bureau_is_told_and_the_command_fails(closed: Any) -> None:
    by_hand("UPDATE attendance_attendanceevent SET method = 'x' WHERE id = %s", counted_event().pk)
    said = StringIO()
    with pytest.raises(CommandError, match="有 1 处对不上"):
        call_command("check_integrity", stdout=said)
    assert "记录的 方式 与终端签名的不同" in said.getvalue()
    told = set(Notification.objects.filter(kind="integrity.fault").values_list("membership__role", flat=True))
    assert {Role.BUREAU_HEAD, Role.BUREAU_REVIEWER} <= told


def test_what_was_found_in_one_county_is_not_in_anothers_run(closed: Any, other_county: Any) -> None:
    by_hand("UPDATE attendance_attendanceevent SET method = 'x' WHERE id = %s", counted_event().pk)
    check_integrity(actor=SYSTEM)
    assert [run.found for run in IntegrityRun.objects.filter(programme=closed.programme)] == [1]
    assert [run.found for run in IntegrityRun.objects.filter(programme=other_county.programme)] == [0]


def test_the_bureau_reads_what_was_found_and_takes_it_along(
    closed: Any, browse: Callable[..., Client]
) -> None:
    event = counted_event()
    by_hand("UPDATE attendance_attendanceevent SET method = 'x' WHERE id = %s", event.pk)
    (run,) = check_integrity(actor=SYSTEM)
    client = browse(Role.BUREAU_HEAD)

    assert "1 处对不上" in client.get(reverse("integrity")).content.decode()
    shown = client.get(reverse("integrity-run", args=[run.pk])).content.decode()
    assert "记录的 方式 与终端签名的不同" in shown
    assert reverse("bureau-event", args=[event.pk]) in shown
    assert (
        "没有这样的问题"
        in client.get(reverse("integrity-run", args=[run.pk]), {"part": "files"}).content.decode()
    )
    exported = client.get(reverse("integrity-run-export", args=[run.pk])).getvalue().decode()
    assert exported.count("\n") == 2


def test_a_quiet_night_says_so(closed: Any, browse: Callable[..., Client]) -> None:
    client = browse(Role.BUREAU_REVIEWER)
    assert "还没有核对过" in client.get(reverse("integrity")).content.decode()
    (run,) = check_integrity(actor=SYSTEM)
    assert "全部对得上" in client.get(reverse("integrity")).content.decode()
    assert "全部对得上" in client.get(reverse("integrity-run", args=[run.pk])).content.decode()
