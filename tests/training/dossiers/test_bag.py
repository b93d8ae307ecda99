import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from tests.training.dossiers.packages import build_bag, unpacked
from training.dossiers.bag import write_bag
from training.dossiers.facts import Attachment, DossierFacts
from training.dossiers.layout import original_paths
from training.dossiers.seal import Sealer, SealError, open_seal


@pytest.fixture(scope="module")
def unzipped(package: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bag")
    (folder / "dossier.zip").write_bytes(package)
    subprocess.run([sys.executable, "-m", "zipfile", "-e", "dossier.zip", "."], cwd=folder, check=True)
    (folder / "dossier.zip").unlink()
    return folder


def test_the_same_facts_give_the_same_package(
    make_facts: Callable[[int], DossierFacts], signed: bytes, sealer: Sealer, package: bytes
) -> None:
    assert build_bag(make_facts(12), signed, sealer) == package


def test_on_disk_it_is_the_same_package(
    facts: DossierFacts, signed: bytes, sealer: Sealer, package: bytes, tmp_path: Path
) -> None:
    pdf, target = tmp_path / "dossier.pdf", tmp_path / "dossier.zip"
    pdf.write_bytes(signed)
    manifest_sha256 = write_bag(facts, pdf, sealer, target)
    assert target.read_bytes() == package
    assert manifest_sha256 == hashlib.sha256(unpacked(package)["manifest-sha256.txt"]).hexdigest()


@pytest.mark.parametrize("manifest", ["manifest-sha256.txt", "tagmanifest-sha256.txt"])
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_plain_tools_check_it(unzipped: Path, manifest: str, locale: str) -> None:
    environment = {**os.environ, "LC_ALL": locale}
    subprocess.run(
        ["sha256sum", "--strict", "--quiet", "-c", manifest], cwd=unzipped, check=True, env=environment
    )


def test_every_payload_file_is_in_the_manifest(unzipped: Path) -> None:
    listed = [line.split("  ")[1] for line in (unzipped / "manifest-sha256.txt").read_text().splitlines()]
    there = [str(path.relative_to(unzipped)) for path in (unzipped / "data").rglob("*") if path.is_file()]
    assert listed == sorted(there)


def test_originals_are_untouched_under_the_names_people_gave_them(
    unzipped: Path, facts: DossierFacts
) -> None:
    names = {
        path.name: path.read_bytes() for path in (unzipped / "data/originals").rglob("*") if path.is_file()
    }
    files = [*facts.attachments, *(photo.attachment for photo in facts.photos)]
    assert names == {file.name: file.read() for file in files}


def test_envelopes_stand_one_a_line_in_the_order_of_the_chain(unzipped: Path, facts: DossierFacts) -> None:
    (file,) = (unzipped / "data/envelopes").iterdir()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines == [{"payload": e.payload, "signature": e.signature} for e in facts.envelopes]


def test_the_metadata_count_people_and_attendances_apart_and_hold_no_whole_number(unzipped: Path) -> None:
    data = json.loads((unzipped / "data/metadata.json").read_text())
    assert data["counts"] == {"rostered_people": 12, "completed_renci": 11, "completed_renshu": 11}
    assert {row["id_number"][4:12] for row in data["roster"]} == {"********"}


def test_the_zip_is_stored_and_sorted_without_times(package: bytes) -> None:
    infos = zipfile.ZipFile(BytesIO(package)).infolist()
    assert [info.filename for info in infos] == sorted(info.filename for info in infos)
    assert {(info.compress_type, info.date_time) for info in infos} == {
        (zipfile.ZIP_STORED, (1980, 1, 1, 0, 0, 0))
    }


def test_names_that_would_hurt_are_made_safe_and_kept_apart(
    facts: DossierFacts, make_attachment: Callable[..., Attachment]
) -> None:
    names = [
        "../../etc/passwd",
        "a\nb%.pdf",
        "Scan.pdf",
        "scan.pdf",
        "",
        "长" * 200 + ".pdf",
        "C:\\x\\CON?.pdf",
    ]
    files = [make_attachment("A1", name, name.encode()) for name in names]
    assert [path.removeprefix("data/originals/A1/") for path in original_paths(files)] == [
        "passwd.pdf", "a_b_.pdf", "Scan.pdf", "scan-2.pdf", "_.pdf", "长" * 60 + ".pdf", "CON_.pdf",
    ]  # fmt: skip


def test_without_a_sealer_there_is_no_seal(facts: DossierFacts, signed: bytes) -> None:
    assert "seal.json" not in unpacked(build_bag(facts, signed, None))


def test_the_seal_signs_both_manifests_and_the_head_of_every_chain(
    package: bytes, facts: DossierFacts
) -> None:
    entries = unpacked(package)
    seal = open_seal(entries["seal.json"])
    assert seal["manifest_sha256"] == hashlib.sha256(entries["manifest-sha256.txt"]).hexdigest()
    assert seal["tagmanifest_sha256"] == hashlib.sha256(entries["tagmanifest-sha256.txt"]).hexdigest()
    last = facts.envelopes[-1]
    assert seal["chain_heads"] == {last.station: {"seq": last.seq, "sha256": last.digest}}


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"null", b'{"signature": 1}', b"\xff", b"[" * 100_000]
)
def test_what_is_no_seal_is_refused(content: bytes) -> None:
    with pytest.raises(SealError, match="malformed"):
        open_seal(content)


def test_originals_of_the_same_name_are_both_in_the_package(
    facts: DossierFacts, signed: bytes, make_attachment: Callable[..., Attachment]
) -> None:
    twins = tuple(make_attachment("A4", "方案.txt", content, "text/plain") for content in (b"one", b"two"))
    entries = unpacked(build_bag(replace(facts, attachments=twins), signed, None))
    assert (entries["data/originals/A4/方案.txt"], entries["data/originals/A4/方案-2.txt"]) == (
        b"one",
        b"two",
    )
