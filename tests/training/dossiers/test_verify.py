import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import execute_from_command_line
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from kiosk.envelope import encode_key
from tests.training.dossiers.conftest import Ledger, sign_in
from tests.training.dossiers.packages import build_bag, pack, unpacked
from training.core.content import Content
from training.dossiers.evidence import Evidence, events
from training.dossiers.facts import ChainLink, DossierFacts, EnvelopeFacts
from training.dossiers.findings import Report
from training.dossiers.layout import MANIFEST, METADATA, TAG_MANIFEST, manifest
from training.dossiers.metadata import Metadata
from training.dossiers.seal import Sealer
from training.dossiers.verify import main, verify

Entries = dict[str, bytes]
ENVELOPES = "data/envelopes/00000000-0000-0000-0000-00000000005a.jsonl"


def looked_at(content: bytes, folder: Path) -> Report:
    path = folder / "x.zip"
    path.write_bytes(content)
    return verify(path)


def failures(report: Report) -> set[tuple[str, str]]:
    """(check, file) of everything that does not hold."""
    return {
        (check.code, finding.file) for check in report.checks for finding in check.findings if finding.grave
    }


def rehashed(entries: Entries) -> Entries:
    """The manifests made anew, as somebody without the seal key could."""
    payload = {name: content for name, content in entries.items() if name.startswith("data/")}
    fresh = entries | {MANIFEST: manifest(payload)}
    tags = {n: c for n, c in fresh.items() if n not in payload and n not in ("seal.json", TAG_MANIFEST)}
    return fresh | {TAG_MANIFEST: manifest(tags)}


def edited(entries: Entries, change: Callable[[dict[str, Any]], None]) -> Entries:
    """The package with other metadata, manifests made to fit."""
    data = json.loads(entries[METADATA])
    change(data)
    return rehashed(entries | {METADATA: json.dumps(data, ensure_ascii=False).encode()})


@pytest.fixture(scope="module")
def entries(package: bytes) -> Entries:
    return unpacked(package)


def test_a_sealed_package_holds(package_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(package_file)]) == 0
    said = capsys.readouterr().out
    assert "✗" not in said
    assert said.count("✓") == 16
    assert "全部相符" in said


def test_it_says_so_in_english_and_for_machines(
    package_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(package_file), "--json", "--lang", "en"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["holds"] is True
    assert [check["code"] for check in report["checks"]] == [
        "container", "bag", "manifests", "seal", "metadata", "files", "pdf", "signatures", "pdfa", "events", "chain",
        "register", "corrections", "completion", "photos", "four_properties",
    ]  # fmt: skip


def test_the_server_s_command_is_the_same_program_with_the_same_options(
    package_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        execute_from_command_line(
            ["manage.py", "verify_dossier", str(package_file), "--json", "--lang", "en"]
        )
    assert stop.value.code == 0
    assert json.loads(capsys.readouterr().out)["holds"] is True


def test_it_runs_without_django_and_without_the_settings(package_file: Path) -> None:
    code = (
        "import sys; from training.dossiers.verify import main; status = main(sys.argv[1:]); "
        "sys.exit(status or any(name.split('.')[0] == 'django' for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code, package_file], check=True, capture_output=True)


# The cursor is a share of the file, so that the smallest counter-example is its first byte.
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
@example(place=0.0, flip=1)
@example(place=0.9999999, flip=1)
def test_one_changed_byte_anywhere_is_found_and_placed(
    package: bytes, tmp_path: Path, place: float, flip: int
) -> None:
    at = int(place * len(package))
    changed = package[:at] + bytes([package[at] ^ flip]) + package[at + 1 :]
    assert {check for check, file in failures(looked_at(changed, tmp_path)) if file} == {"container"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(back=st.integers(1, 2600), flip=st.integers(1, 255))
def test_one_changed_byte_in_the_directory_of_the_zip_is_found(
    package: bytes, tmp_path: Path, back: int, flip: int
) -> None:
    at = len(package) - back
    changed = package[:at] + bytes([package[at] ^ flip]) + package[at + 1 :]
    assert failures(looked_at(changed, tmp_path))


def test_a_changed_byte_names_its_file(package: bytes, tmp_path: Path) -> None:
    infos = zipfile.ZipFile(BytesIO(package)).infolist()
    for info in infos:
        body = info.header_offset + 30 + len(info.filename.encode())
        for at in (
            info.header_offset + 10,
            body,
            body + info.file_size - 1,
        ):  # time in the header, first, last
            changed = package[:at] + bytes([package[at] ^ 1]) + package[at + 1 :]
            assert failures(looked_at(changed, tmp_path)) == {("container", info.filename)}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.floats(0, 1, exclude_max=True), tail=st.binary(max_size=40))
def test_a_file_cut_short_or_continued_does_not_hold(
    package: bytes, tmp_path: Path, cut: float, tail: bytes
) -> None:
    assert not looked_at(package[: int(cut * len(package))] + tail, tmp_path).holds
    assert not looked_at(package + b"\0" + tail, tmp_path).holds


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(lambda tail: b"PK\x03\x04" + tail))
)
def test_anything_else_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    report = looked_at(content, tmp_path)
    assert not report.holds
    assert "核验未通过" in report.lines("zh")[-1]


def test_a_removed_file_is_named(entries: Entries, tmp_path: Path) -> None:
    for name in entries:
        rest = {other: content for other, content in entries.items() if other != name}
        assert name in {file for _check, file in failures(looked_at(pack(rest), tmp_path))}


def test_an_added_file_is_named(entries: Entries, tmp_path: Path) -> None:
    for name in ("data/originals/A9/extra.jpg", "data/extra.txt", "note.txt"):
        assert ("manifests", name) in failures(looked_at(pack(entries | {name: b"x"}), tmp_path))


def test_two_swapped_originals_are_named_even_when_the_manifest_is_made_anew(
    entries: Entries, tmp_path: Path
) -> None:
    one, other = (f"data/originals/A9/class-{n}.jpg" for n in (1, 2))
    swapped = entries | {one: entries[other], other: entries[one]}
    assert {("manifests", one), ("manifests", other)} < failures(looked_at(pack(swapped), tmp_path))
    found = failures(looked_at(pack(rehashed(swapped)), tmp_path))
    assert {("files", one), ("files", other), ("seal", MANIFEST)} < found


@pytest.mark.parametrize("line", [0, 7, 25, 51])
def test_a_removed_event_is_named_even_when_the_manifest_is_made_anew(
    entries: Entries, tmp_path: Path, line: int
) -> None:
    lines = entries[ENVELOPES].splitlines(keepends=True)
    changed = rehashed(entries | {ENVELOPES: b"".join(lines[:line] + lines[line + 1 :])})
    report = looked_at(pack(changed), tmp_path)
    found = [f for check in report.checks if check.code == "events" for f in check.findings]
    assert [(f.file, f.record, f.en) for f in found] == [
        (ENVELOPES, f"seq {line + 1}", "this event is missing")
    ]
    assert ("seal", MANIFEST) in failures(report)
    assert (("chain", ENVELOPES) in failures(report)) == (0 < line < 51)


def test_a_gap_in_the_chain_is_named_by_its_numbers(entries: Entries, tmp_path: Path) -> None:
    lines = entries[ENVELOPES].splitlines(keepends=True)
    changed = rehashed(entries | {ENVELOPES: b"".join(lines[:9] + lines[12:])})
    report = looked_at(pack(changed), tmp_path)
    (gap,) = next(check.findings for check in report.checks if check.code == "chain")
    assert gap.zh == "事件链断开：缺第 10–12 号"


def test_reordered_events_are_named(entries: Entries, tmp_path: Path) -> None:
    lines = entries[ENVELOPES].splitlines(keepends=True)
    lines[3], lines[4] = lines[4], lines[3]
    report = looked_at(pack(rehashed(entries | {ENVELOPES: b"".join(lines)})), tmp_path)
    (found,) = next(check.findings for check in report.checks if check.code == "chain")
    assert (found.file, found.zh) == (ENVELOPES, "次序颠倒")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b'\\"enrolment\\":101', b'\\"enrolment\\":102', "signature"),
        (b'\\"lesson\\":1', b'\\"lesson\\":2', "signature"),
        (b'{\\"boot', b'{ \\"boot', "canonical"),
        (b'\\"v\\":1', b'\\"v\\":2', "malformed"),
        (b'{"payload', b'{"paylaod', "no signed event"),
    ],
)
def test_an_altered_event_is_named_even_when_the_manifest_is_made_anew(
    entries: Entries, tmp_path: Path, old: bytes, new: bytes, problem: str
) -> None:
    assert old in entries[ENVELOPES]
    changed = rehashed(entries | {ENVELOPES: entries[ENVELOPES].replace(old, new, 1)})
    report = looked_at(pack(changed), tmp_path)
    findings = next(check.findings for check in report.checks if check.code == "events")
    assert any(f.file == ENVELOPES and problem in f.en and "第" in f.record for f in findings)
    assert ("seal", MANIFEST) in failures(report)


def events_found(lines: list[bytes], entries: Entries) -> set[str]:
    """The records that the check of the events complains of when these are the lines."""
    metadata = Metadata.model_validate_json(entries[METADATA])
    found = list(events(Evidence({ENVELOPES: Content.held(b"".join(lines))}, metadata)))
    assert {finding.file for finding in found} <= {ENVELOPES}
    return {finding.record for finding in found if finding.grave}


LINES = st.integers(0, 51)
QUICKLY = settings(max_examples=60, deadline=None)


@QUICKLY
@given(line=LINES)
def test_any_removed_event_is_named(entries: Entries, line: int) -> None:
    lines = entries[ENVELOPES].splitlines(keepends=True)
    assert events_found(lines[:line] + lines[line + 1 :], entries) == {f"seq {line + 1}"}


@QUICKLY
@given(copied=LINES, to=st.integers(0, 52))
def test_an_event_that_is_there_twice_is_named(entries: Entries, copied: int, to: int) -> None:
    lines = entries[ENVELOPES].splitlines(keepends=True)
    second = max(to, copied + 1) + 1  # counted from one
    found = events_found([*lines[:to], lines[copied], *lines[to:]], entries)
    assert found == {f"第{second}行 line {second} seq {copied + 1}"}


@pytest.mark.parametrize("end", [b"\n", b""])
def test_an_added_event_is_named_whoever_signed_it(
    facts: DossierFacts,
    next_of_another_session: EnvelopeFacts,
    entries: Entries,
    tmp_path: Path,
    end: bytes,
) -> None:
    stranger = Ledger(Ed25519PrivateKey.from_private_bytes(b"another station's, 32 bytes long"))
    stranger.kept = list(facts.envelopes)
    sign_in(stranger, facts.roster[11], 2, facts.registers[1].rows[0].signed_in_at or facts.as_of)
    own = Ledger()
    own.kept = list(facts.envelopes)
    sign_in(own, facts.roster[11], 2, facts.registers[1].rows[0].signed_in_at or facts.as_of)
    lines = entries[ENVELOPES].splitlines(keepends=True)
    for added in (stranger.kept[-1], own.kept[-1], next_of_another_session):
        line = json.dumps({"payload": added.payload, "signature": added.signature}).encode() + end
        (record,) = events_found([*lines, line], entries)
        assert record.startswith("第53行 line 53")
        report = looked_at(pack(rehashed(entries | {ENVELOPES: b"".join([*lines, line])})), tmp_path)
        assert {("events", ENVELOPES), ("seal", MANIFEST)} <= failures(report)


@QUICKLY
@given(one=LINES, other=LINES, part=st.sampled_from(["payload", "signature"]))
def test_two_events_that_change_payload_or_signature_are_both_named(
    entries: Entries, one: int, other: int, part: str
) -> None:
    assume(one != other)
    read = [json.loads(line) for line in entries[ENVELOPES].splitlines()]
    read[one][part], read[other][part] = read[other][part], read[one][part]
    lines = [json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in read]
    found = events_found(lines, entries)
    assert {f"第{number + 1}行 line {number + 1}" for number in (one, other)} <= found


@QUICKLY
@given(one=st.floats(0, 1, exclude_max=True), other=st.floats(0, 1, exclude_max=True))
def test_two_swapped_bytes_among_the_events_are_found_and_named(
    entries: Entries, one: float, other: float
) -> None:
    content = bytearray(entries[ENVELOPES])
    here, there = int(one * len(content)), int(other * len(content))
    assume(content[here] != content[there])
    content[here], content[there] = content[there], content[here]
    assert events_found([bytes(content)], entries)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=st.floats(0, 1, exclude_max=True), other=st.floats(0, 1, exclude_max=True))
def test_two_swapped_bytes_anywhere_are_found_and_placed(
    package: bytes, tmp_path: Path, one: float, other: float
) -> None:
    content = bytearray(package)
    here, there = int(one * len(content)), int(other * len(content))
    assume(content[here] != content[there])
    content[here], content[there] = content[there], content[here]
    assert {check for check, file in failures(looked_at(bytes(content), tmp_path)) if file} == {"container"}


def drop_row(data: dict[str, Any]) -> None:
    del data["registers"][0]["rows"][0]


def credit_the_absent(data: dict[str, Any]) -> None:
    data["registers"][1]["rows"][11] |= {"signed_in_at": "2021-03-05T06:30:00+00:00", "method": "身份证"}


def borrow_a_signature(data: dict[str, Any]) -> None:
    rows = data["registers"][0]["rows"]
    rows[0]["events"] = rows[1]["events"]


def come_earlier(data: dict[str, Any]) -> None:
    data["registers"][0]["rows"][4]["signed_in_at"] = "2021-03-05T00:10:00+00:00"


def rename(data: dict[str, Any]) -> None:
    data["registers"][0]["rows"][2]["name"] = "王二"


def twice(data: dict[str, Any]) -> None:
    data["registers"][0]["rows"].append(data["registers"][0]["rows"][0])


def attest_another(data: dict[str, Any]) -> None:
    data["registers"][0]["attestations"][0]["digest"] = "0" * 64


def complete_everybody(data: dict[str, Any]) -> None:
    data["completion"][11]["completed"] = True


def more_renci(data: dict[str, Any]) -> None:
    data["counts"]["completed_renci"] = 40


def a_stranger_completes(data: dict[str, Any]) -> None:
    data["completion"].append({"number": 99, "name": "外人", "completed": True})


def more_minutes(data: dict[str, Any]) -> None:
    data["registers"][1]["rows"][6]["minutes"] = 181


def another_method(data: dict[str, Any]) -> None:
    data["registers"][0]["rows"][1]["method_code"] = "card"


def stay_to_the_end(data: dict[str, Any]) -> None:
    """Number 8's last sign-out is forgotten, and the minutes with it."""
    data["registers"][0]["rows"][7] |= {"signed_out_at": None, "minutes": 0}


def the_afternoon_in_the_morning(data: dict[str, Any]) -> None:
    rows = data["registers"][0]["rows"][2], data["registers"][1]["rows"][2]
    rows[0]["events"] = [*rows[0]["events"], rows[1]["events"][0]]


def more_hours(data: dict[str, Any]) -> None:
    data["completion"][11]["attended_minutes"] = 360


def pass_with_half(data: dict[str, Any]) -> None:
    data["completion"][11]["completed"] = True
    data["counts"] |= {"completed_renci": 12, "completed_renshu": 12}


def fail_with_all(data: dict[str, Any]) -> None:
    data["completion"][3]["completed"] = False
    data["counts"] |= {"completed_renci": 10, "completed_renshu": 10}


def nobody_decided(data: dict[str, Any]) -> None:
    del data["completion"][11]


@pytest.mark.parametrize(
    ("change", "check", "record"),
    [
        (more_minutes, "register", "2021-03-05 pm #7"),
        (another_method, "register", "2021-03-05 am #2"),
        (stay_to_the_end, "register", "2021-03-05 am #8"),
        (the_afternoon_in_the_morning, "register", "2021-03-05 am #3"),
        (more_hours, "completion", "#12"),
        (pass_with_half, "completion", "#12"),
        (fail_with_all, "completion", "#4"),
        (nobody_decided, "completion", "#12"),
        (drop_row, "register", "seq 1"),
        (credit_the_absent, "register", "2021-03-05 pm #12"),
        (borrow_a_signature, "register", "2021-03-05 am #1"),
        (come_earlier, "register", "2021-03-05 am #5"),
        (rename, "register", "2021-03-05 am #3"),
        (twice, "register", "2021-03-05 am #1"),
        (attest_another, "register", "2021-03-05 am"),
        (complete_everybody, "completion", "completed_renci"),
        (more_renci, "completion", "completed_renci"),
        (a_stranger_completes, "completion", "#99"),
    ],
)
def test_figures_that_do_not_foot_are_named(
    change: Callable[[dict[str, Any]], None], check: str, record: str, entries: Entries, tmp_path: Path
) -> None:
    report = looked_at(pack(edited(entries, change)), tmp_path)
    found = next(made for made in report.checks if made.code == check)
    assert any(record in finding.record for finding in found.findings)
    assert not found.holds


def test_an_older_package_without_the_rule_holds_and_says_that_minutes_were_not_counted_again(
    facts: DossierFacts, signed: bytes, sealer: Sealer, tmp_path: Path
) -> None:
    report = looked_at(build_bag(replace(facts, attendance=None), signed, sealer), tmp_path)
    assert report.holds
    (note,) = next(check.findings for check in report.checks if check.code == "register")
    assert (note.grave, note.record) == (False, "attendance")


def test_somebody_excluded_attended_and_does_not_count(
    facts: DossierFacts, signed: bytes, sealer: Sealer, tmp_path: Path
) -> None:
    first, *others = facts.completion
    out = replace(facts, completion=(replace(first, completed=False, excluded=True), *others))
    assert looked_at(build_bag(out, signed, sealer), tmp_path).holds
    still = replace(facts, completion=(replace(first, excluded=True), *others))
    assert ("completion", METADATA) in failures(looked_at(build_bag(still, signed, sealer), tmp_path))


def test_a_photo_that_was_signed_for_must_be_there(entries: Entries, tmp_path: Path) -> None:
    photo = "data/originals/A9/class-3.jpg"
    rest = {name: content for name, content in entries.items() if name != photo}

    def forget(data: dict[str, Any]) -> None:
        data["files"] = [file for file in data["files"] if file["path"] != photo]

    assert ("photos", ENVELOPES) in failures(looked_at(pack(edited(rest, forget)), tmp_path))


def test_metadata_of_the_wrong_shape_are_refused(entries: Entries, tmp_path: Path) -> None:
    for content in (b"", b"[]", b"{}", b"\xff\xfe", b"[" * 50_000, b'{"format": "other"}'):
        report = looked_at(pack(rehashed(entries | {METADATA: content})), tmp_path)
        assert ("metadata", METADATA) in failures(report)


def test_an_unsealed_package_fails_the_seal_and_nothing_else(
    facts: DossierFacts, signed: bytes, tmp_path: Path
) -> None:
    report = looked_at(build_bag(facts, signed, None), tmp_path)
    assert failures(report) == {("seal", "seal.json")}
    assert "没有封存" in "\n".join(report.lines("zh"))


@pytest.mark.parametrize(
    "change", [lambda c: c.replace(b"SC-2020", b"SC-2021"), lambda c: c + b"\n", lambda _: b"{}"]
)
def test_a_changed_seal_is_refused(
    change: Callable[[bytes], bytes], entries: Entries, tmp_path: Path
) -> None:
    changed = entries | {"seal.json": change(entries["seal.json"])}
    assert failures(looked_at(pack(changed), tmp_path)) == {("seal", "seal.json")}


def test_a_seal_by_another_key_is_found_when_the_right_key_is_known(
    facts: DossierFacts, signed: bytes, sealer: Sealer, package_file: Path, tmp_path: Path
) -> None:
    key = encode_key(sealer.key.public_key())
    assert verify(package_file, trusted_key=key).holds
    forger = replace(sealer, key=Ed25519PrivateKey.from_private_bytes(b"forger's key, thirty-two bytes.."))
    forged = tmp_path / "forged.zip"
    forged.write_bytes(build_bag(facts, signed, forger))
    assert failures(verify(forged, trusted_key=key)) == {("seal", "seal.json")}


def test_an_event_of_another_session_in_the_chain_needs_only_its_digest(
    facts: DossierFacts, signed: bytes, sealer: Sealer, tmp_path: Path
) -> None:
    """A station serves many sessions; the walk-in's event, number 52, stands for one of another session."""
    last = facts.envelopes[-2]
    cut = replace(facts, envelopes=(*facts.envelopes[:-2], facts.envelopes[-1]), photos=facts.photos[:-1])
    assert ("chain", ENVELOPES) in failures(looked_at(build_bag(cut, signed, sealer), tmp_path))
    linked = replace(cut, links=(ChainLink(last.station, last.seq, last.digest),))
    assert looked_at(build_bag(linked, signed, sealer), tmp_path).holds


def test_an_event_of_another_session_is_a_link_and_vouches_for_nobody(
    facts: DossierFacts,
    next_of_another_session: EnvelopeFacts,
    signed: bytes,
    sealer: Sealer,
    tmp_path: Path,
) -> None:
    both = replace(facts, envelopes=(*facts.envelopes, next_of_another_session))
    assert looked_at(build_bag(both, signed, sealer), tmp_path).holds
    first, *others = both.registers
    borrowed = replace(first.rows[0], events=(*first.rows[0].events, next_of_another_session.digest))
    wrong = replace(both, registers=(replace(first, rows=(borrowed, *first.rows[1:])), *others))
    assert ("register", METADATA) in failures(looked_at(build_bag(wrong, signed, sealer), tmp_path))


def test_a_held_envelope_with_a_bad_signature_is_shown_and_does_not_fail_the_rest(
    facts: DossierFacts, signed: bytes, sealer: Sealer, tmp_path: Path
) -> None:
    *kept, last = facts.envelopes
    forged = replace(last, seq=53, signature=kept[0].signature, standing="held:bad_signature")
    report = looked_at(build_bag(replace(facts, envelopes=(*kept, forged)), signed, sealer), tmp_path)
    assert report.holds
    (note,) = next(check.findings for check in report.checks if check.code == "events")
    assert (note.grave, note.file) == (False, ENVELOPES)


def test_a_corrected_clock_is_no_contradiction(
    facts: DossierFacts, signed: bytes, sealer: Sealer, tmp_path: Path
) -> None:
    first, *others = facts.registers
    row = first.rows[0]
    assert row.signed_in_at
    late = replace(row, signed_in_at=row.signed_in_at + timedelta(milliseconds=900))
    shifted = replace(facts, registers=(replace(first, rows=(late, *first.rows[1:])), *others))
    assert looked_at(build_bag(shifted, signed, sealer), tmp_path).holds


def hostile(name: str = "data/x", times: int = 1, compression: int = zipfile.ZIP_STORED) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", compression) as package:
        for _ in range(times):
            package.writestr(zipfile.ZipInfo(name), b"0" * 1000, compression)
    return target.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (hostile("../../etc/cron.d/x"), "unsafe name"),
        (hostile("/etc/passwd"), "unsafe name"),
        (hostile("data/../../x"), "unsafe name"),
        (hostile("C:/x"), "unsafe name"),
        (hostile("data/\x1b[2Jx"), "unsafe name"),
        (hostile(compression=zipfile.ZIP_DEFLATED), "not stored"),
        (b"GIF89a", "not a zip"),
        (b"", "not a zip"),
    ],
)
def test_a_hostile_file_is_refused_before_it_is_opened(content: bytes, said: str, tmp_path: Path) -> None:
    (check,) = looked_at(content, tmp_path).checks
    (finding,) = check.findings
    assert said in finding.en
    assert finding.file.isprintable()


def test_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = hostile(times=2)
    assert failures(looked_at(content, tmp_path)) == {("container", "data/x")}
    folded = BytesIO()
    with zipfile.ZipFile(folded, "w") as package:
        package.writestr("data/X", b"1")
        package.writestr("data/x", b"2")
    assert failures(looked_at(folded.getvalue(), tmp_path)) == {("container", "data/x")}


def test_entries_that_overlap_are_refused(package: bytes, tmp_path: Path) -> None:
    """A bomb without compression: many names for the same bytes."""
    content = bytearray(hostile("data/a"))
    second = hostile("data/b")
    start = zipfile.ZipFile(BytesIO(second)).start_dir
    record = second[start : second.rindex(b"PK\x05\x06")]
    end = content.rindex(b"PK\x05\x06")
    tail = bytearray(content[end:])
    tail[8:12] = (2).to_bytes(2, "little") * 2
    tail[12:16] = (2 * len(record)).to_bytes(4, "little")
    report = looked_at(bytes(content[:end] + record + tail), tmp_path)
    assert {check for check, _file in failures(report)} == {"container"}


@pytest.mark.parametrize("arguments", [[], ["--lang", "fr", "x"], ["nowhere.zip"], ["."]])
def test_wrong_usage_is_told_apart_from_a_bad_package(arguments: list[str]) -> None:
    assert main(arguments) == 2
