"""The signatures in dossier.pdf: made, checked, and every way of losing them noticed."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import pem, x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps import DummyTimeStamper

from tests.machine import PREFLIGHT, PREFLIGHT_JARS, SOFTHSM, SOFTHSM_MODULE
from tests.training.dossiers.packages import build_bag, build_pdf, pack, sign_pdf, unpacked
from training.dossiers.facts import DossierFacts
from training.dossiers.findings import Report
from training.dossiers.fonts import default_fonts_dir
from training.dossiers.layout import DOSSIER
from training.dossiers.seal import Sealer
from training.dossiers.signatures import Trust
from training.dossiers.signing import PdfSigner
from training.dossiers.signing_keys import TEST_CA, PemKey, SigningError, TestCa, TokenKey, load_setup
from training.dossiers.verify import main, verify


def looked_at(content: bytes, folder: Path, trust: Trust | None = None) -> Report:
    path = folder / "dossier.pdf"
    path.write_bytes(content)
    return verify(path, trust=trust or Trust())


def failures(report: Report) -> set[tuple[str, str]]:
    """(check, record) of everything that does not hold."""
    return {
        (check.code, finding.record) for check in report.checks for finding in check.findings if finding.grave
    }


def notes(report: Report, code: str = "signatures") -> list[str]:
    return [f.zh for check in report.checks if check.code == code for f in check.findings if not f.grave]


def signature_gap(content: bytes, turn: int) -> range:
    """Where the bytes of a signature itself stand, which it does not cover."""
    signature = PdfFileReader(BytesIO(content)).embedded_regular_signatures[turn]
    _, start, end, _ = map(int, signature.byte_range)
    return range(start, end)


def test_both_parties_sign_the_dossier(
    signed: bytes, ca: TestCa, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "dossier.pdf"
    path.write_bytes(signed)
    assert main([str(path), "--trust", str(ca.certificate)]) == 0
    said = capsys.readouterr().out
    assert "✗" not in said
    assert "石城县乡村电商培训有限公司 2021-03-22 09:00:00 +08:00 签章" in said
    assert said.count("证书由所给的 CA 担保") == 2


def test_without_a_ca_to_trust_it_says_that_nobody_was_asked(signed: bytes, tmp_path: Path) -> None:
    report = looked_at(signed, tmp_path)
    assert report.holds
    assert all("未核对证书是谁担保的" in note for note in notes(report))


def test_a_signature_by_somebody_elses_ca_is_found(signed: bytes, tmp_path: Path) -> None:
    other = TestCa(tmp_path / "other").make().read_bytes()
    report = looked_at(signed, tmp_path, Trust.of([other]))
    assert failures(report) == {("signatures", "institution"), ("signatures", "bureau")}


@pytest.mark.parametrize(
    "content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"]
)
def test_a_file_that_is_no_certificate_is_wrong_usage(content: bytes, signed: bytes, tmp_path: Path) -> None:
    path, ca = tmp_path / "dossier.pdf", tmp_path / "ca.pem"
    path.write_bytes(signed)
    ca.write_bytes(content)
    assert main([str(path), "--trust", str(ca)]) == 2


def test_the_signed_dossier_is_still_valid_pdf_a(
    without_merged_pdfs: DossierFacts,
    sealer: Sealer,
    signers: list[PdfSigner],
    fonts_dir: Path,
    tmp_path: Path,
) -> None:
    if not PREFLIGHT.here():
        pytest.skip(PREFLIGHT.message)
    path = tmp_path / "dossier.pdf"
    path.write_bytes(sign_pdf(build_pdf(without_merged_pdfs, sealer.note, fonts_dir), signers))
    command = [
        "java", "-cp", os.pathsep.join(map(str, PREFLIGHT_JARS)),
        "org.apache.pdfbox.preflight.Validator_A1b", path,
    ]  # fmt: skip
    said = subprocess.run(command, capture_output=True, check=False, text=True)
    assert "is a valid PDF/A-1b file" in said.stdout, said.stdout + said.stderr
    assert verify(path).holds


def test_each_stamp_stands_in_its_box_on_the_last_page(signed: bytes) -> None:
    with pikepdf.open(BytesIO(signed)) as pdf:
        fields = {str(a.T): [round(float(x)) for x in a.Rect] for a in pdf.pages[-1].Annots}
    assert sorted(fields) == ["bureau", "institution"]
    assert fields["institution"][2] < fields["bureau"][0]


def test_the_moment_of_signing_is_the_one_given_and_not_the_computers(signed: bytes) -> None:
    moments = {s.self_reported_timestamp for s in PdfFileReader(BytesIO(signed)).embedded_regular_signatures}
    assert moments == {datetime(2021, 3, 22, 1, 0, tzinfo=UTC)}


# The cursor is a share of the file, so that the smallest counter-example is its first byte.
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
@example(place=0.0, flip=1)
@example(place=0.9999999, flip=1)
def test_one_changed_byte_anywhere_in_the_pdf_is_found(
    signed: bytes, tmp_path: Path, place: float, flip: int
) -> None:
    at = int(place * len(signed))
    assert not looked_at(signed[:at] + bytes([signed[at] ^ flip]) + signed[at + 1 :], tmp_path).holds


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turn=st.integers(0, 1), place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
@example(turn=1, place=0.0, flip=2)
@example(turn=1, place=0.999, flip=0x20)  # a zero of the padding
def test_one_changed_byte_of_a_signature_itself_is_found(
    signed: bytes, tmp_path: Path, turn: int, place: float, flip: int
) -> None:
    """No signature covers its own bytes, so nothing but their one way of writing holds them."""
    gap = signature_gap(signed, turn)
    at = gap[int(place * len(gap))]
    assert not looked_at(signed[:at] + bytes([signed[at] ^ flip]) + signed[at + 1 :], tmp_path).holds


def appended_update(content: bytes) -> bytes:
    """What a PDF editor does: another page text, written behind the signed bytes."""
    from pyhanko.pdf_utils import generic  # noqa: PLC0415
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415

    writer = IncrementalPdfFileWriter(BytesIO(content))
    page = writer.root["/Pages"]["/Kids"][0]
    stream = generic.StreamObject(stream_data=b"BT ET")
    page["/Contents"] = writer.add_object(stream)
    writer.update_container(page)
    target = BytesIO()
    writer.write(target)
    return target.getvalue()


def test_an_appended_update_is_found_though_every_signed_byte_is_still_there(
    signed: bytes, tmp_path: Path
) -> None:
    changed = appended_update(signed)
    assert changed.startswith(signed)
    report = looked_at(changed, tmp_path)
    assert {"institution", "bureau"} == {
        record for check, record in failures(report) if check == "signatures"
    }


@pytest.mark.parametrize("tail", [b"\n", b"%%EOF\n", b"\0" * 40])
def test_bytes_behind_the_end_are_found(signed: bytes, tmp_path: Path, tail: bytes) -> None:
    assert "signatures" in {check for check, _record in failures(looked_at(signed + tail, tmp_path))}


def test_what_was_changed_between_the_two_signatures_is_laid_to_the_first(
    dossier: bytes, signers: list[PdfSigner], signed: bytes, tmp_path: Path
) -> None:
    """The bureau may add its signature and nothing else to what the institution signed."""
    end_of_first = signature_gap(signed, 0)[-1] + 1
    first = signed[: signed.index(b"%%EOF", end_of_first) + 6]
    changed = appended_update(first)
    both = sign_again(changed, signers[1])
    assert ("signatures", "institution") in failures(looked_at(both, tmp_path))


def sign_again(content: bytes, signer: PdfSigner) -> bytes:
    """Signs a field that is there already."""
    from training.dossiers.signing import _sign, _Writer  # noqa: PLC0415

    target = BytesIO(content)
    _sign(_Writer(target), signer, certify=False)
    return target.getvalue()


def test_a_cut_off_signature_is_missed(signed: bytes, tmp_path: Path) -> None:
    end_of_first = signature_gap(signed, 0)[-1] + 1
    first = signed[: signed.index(b"%%EOF", end_of_first) + 6]
    report = looked_at(first, tmp_path)
    assert failures(report) == {("signatures", "bureau")}
    assert "没有商务局的电子签章" in "\n".join(report.lines("zh"))


def test_signatures_that_were_taken_out_are_missed(signed: bytes, tmp_path: Path) -> None:
    with pikepdf.open(BytesIO(signed)) as pdf:
        del pdf.Root.AcroForm
        del pdf.pages[-1].Annots
        target = BytesIO()
        pdf.save(target)
    assert {("signatures", "institution"), ("signatures", "bureau")} <= failures(
        looked_at(target.getvalue(), tmp_path)
    )


def test_an_unsigned_pdf_is_no_proof(dossier: bytes, tmp_path: Path) -> None:
    report = looked_at(dossier, tmp_path)
    assert {("signatures", "institution"), ("signatures", "bureau")} == failures(report)


@pytest.mark.parametrize("content", [b"%PDF", b"%PDF-1.4\n%%EOF", b"%PDF" + bytes(500)])
def test_a_broken_pdf_is_refused_in_words(content: bytes, tmp_path: Path) -> None:
    assert "打不开" in "\n".join(looked_at(content, tmp_path).lines("zh"))


def test_the_pdf_of_another_session_does_not_fit_the_package(
    facts: DossierFacts,
    sealer: Sealer,
    signers: list[PdfSigner],
    package: bytes,
    fonts_dir: Path,
    tmp_path: Path,
) -> None:
    """Two signed PDFs change places: each is genuine and in the wrong bag."""
    session = replace(facts.session, code="SC-2020-NM-P-002")
    other = sign_pdf(build_pdf(replace(facts, session=session), sealer.note, fonts_dir), signers)
    path = tmp_path / "swapped.zip"
    path.write_bytes(pack(unpacked(package) | {DOSSIER: other}))
    found = {(check.code, f.zh) for check in verify(path).checks for f in check.findings if f.grave}
    assert ("pdf", "是 SC-2020-NM-P-002 期的，不是 SC-2020-NM-P-001") in found
    assert ("manifests", "内容与 manifest-sha256.txt 的 SHA-256 不符") in found


def test_a_time_stamp_authority_vouches_for_the_moment(
    dossier: bytes, make_signer: Callable[..., PdfSigner], ca: TestCa, tmp_path: Path
) -> None:
    at = datetime(2021, 3, 22, 1, 0, 7, tzinfo=UTC)
    key, certificate = time_stamping_key(ca)
    stamper = DummyTimeStamper(certificate, key, fixed_dt=at)
    both = [make_signer(field, timestamper=stamper) for field in ("institution", "bureau")]
    report = looked_at(sign_pdf(dossier, both), tmp_path, Trust.of([ca.certificate.read_bytes()]))
    assert report.holds, report.lines("zh")
    assert all("2021-03-22 09:00:07 +08:00 签章（有时间戳）" in note for note in notes(report))


def time_stamping_key(ca: TestCa) -> tuple[asn1_keys.PrivateKeyInfo, x509.Certificate]:
    """A certificate of the test CA for a time-stamp authority (extended key usage timeStamping)."""
    from cryptography import x509 as cx509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    ca.make()
    authority, root = ca._authority()
    key = rsa.generate_private_key(65537, 2048)  # pyHanko's dummy authority knows no other
    made = (
        cx509.CertificateBuilder()
        .subject_name(cx509.Name([cx509.NameAttribute(cx509.NameOID.COMMON_NAME, "测试时间戳")]))
        .issuer_name(root.subject)
        .public_key(key.public_key())
        .serial_number(cx509.random_serial_number())
        .not_valid_before(root.not_valid_before_utc)
        .not_valid_after(root.not_valid_after_utc)
        .add_extension(cx509.ExtendedKeyUsage([cx509.ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(authority, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return asn1_keys.PrivateKeyInfo.load(private), x509.Certificate.load(made.public_bytes(Encoding.DER))


def test_signing_and_checking_work_beside_a_running_event_loop(
    dossier: bytes, signers: list[PdfSigner], tmp_path: Path
) -> None:
    async def both() -> Report:
        return looked_at(sign_pdf(dossier, signers), tmp_path)

    assert asyncio.run(both()).holds


# Keys


@pytest.fixture
def pem_key(ca: TestCa, tmp_path: Path) -> PemKey:
    """The bureau's key as the two files that a county may have instead of a .p12."""
    made = ca.key("pem", "石城县商务局")
    loaded = pkcs12.load_pkcs12(made.pkcs12.read_bytes(), made.password.encode())
    assert loaded.key is not None
    assert loaded.cert is not None
    (tmp_path / "key.pem").write_bytes(
        loaded.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (tmp_path / "cert.pem").write_bytes(loaded.cert.certificate.public_bytes(Encoding.PEM))
    return PemKey(key=tmp_path / "key.pem", certificate=tmp_path / "cert.pem", chain=ca.certificate)


def test_keys_of_pem_files_sign_too(
    dossier: bytes, make_signer: Callable[..., PdfSigner], pem_key: PemKey, ca: TestCa, tmp_path: Path
) -> None:
    both = [make_signer("institution"), make_signer("bureau", key=pem_key)]
    assert looked_at(sign_pdf(dossier, both), tmp_path, Trust.of([ca.certificate.read_bytes()])).holds


@pytest.fixture
def token(pem_key: PemKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TokenKey:
    """The same key in a software token."""
    if not SOFTHSM.here():
        pytest.skip(SOFTHSM.message)
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm.conf"))

    def tool(*arguments: str | Path) -> None:
        subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True)

    tool("--init-token", "--free", "--label", "yidang", "--pin", "1234", "--so-pin", "5678")
    tool("--import", pem_key.key, "--token", "yidang", "--label", "seal", "--id", "01", "--pin", "1234")
    key = TokenKey(module=SOFTHSM_MODULE, token="yidang", label="seal", pin="1234", raw=True)
    put_certificate(key, pem_key.certificate)
    return key


def put_certificate(key: TokenKey, path: Path) -> None:
    """softhsm2-util takes keys only."""
    import pkcs11  # noqa: PLC0415
    from pkcs11.util.x509 import decode_x509_certificate  # noqa: PLC0415

    _type, _headers, der = pem.unarmor(path.read_bytes())
    with (
        pkcs11.lib(str(key.module))
        .get_token(token_label=key.token)
        .open(rw=True, user_pin=key.pin) as session
    ):
        words = decode_x509_certificate(der) | {
            pkcs11.Attribute.LABEL: key.label,
            pkcs11.Attribute.ID: b"\x01",
            pkcs11.Attribute.TOKEN: True,
        }
        session.create_object(words)


def test_a_key_in_a_token_signs_without_leaving_it(
    dossier: bytes, make_signer: Callable[..., PdfSigner], token: TokenKey, ca: TestCa, tmp_path: Path
) -> None:
    both = [make_signer("institution"), make_signer("bureau", key=token)]
    report = looked_at(sign_pdf(dossier, both), tmp_path, Trust.of([ca.certificate.read_bytes()]))
    assert report.holds, report.lines("zh")


def test_the_test_ca_is_made_once_readable_by_its_owner_and_says_what_it_is(tmp_path: Path) -> None:
    first, second = (
        TestCa(tmp_path / "ca").key("a", "石城县商务局"),
        TestCa(tmp_path / "ca").key("a", "别的名字"),
    )
    assert first == second
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "ca").iterdir()} == {0o600}
    _type, _headers, der = pem.unarmor((tmp_path / "ca" / "test-ca.pem").read_bytes())
    assert x509.Certificate.load(der).subject.native["common_name"] == TEST_CA


def test_a_stamp_of_the_test_ca_says_so(signers: list[PdfSigner]) -> None:
    assert {signer.stamp.small for signer in signers} == {"测试证书，不作法律依据"}
    assert replace(signers[0], test=False).stamp.small == "陈科长"


def test_a_wrong_password_is_told_in_words(ca: TestCa, signers: list[PdfSigner], dossier: bytes) -> None:
    wrong = ca.key("bureau", "石城县商务局").model_copy(update={"password": "wrong"})
    with pytest.raises(SigningError, match="打不开"):
        sign_pdf(dossier, [replace(signers[1], key=wrong)], fonts_dir=default_fonts_dir())


def test_the_signing_file_says_whose_key_is_where(tmp_path: Path) -> None:
    path = tmp_path / "signing.toml"
    path.write_text(
        '[bureau."SC-2020"]\npkcs12 = "/etc/yidang/b.p12"\npassword = "x"\n'
        '[institution."91"]\nmodule = "/lib/x.so"\ntoken = "t"\nlabel = "l"\npin = "1"\n'
        '[institution."92"]\nkey = "/k.pem"\ncertificate = "/c.pem"\n'
        '[timestamp]\nurl = "https://tsa.example.cn/"\n',
        encoding="utf-8",
    )
    setup = load_setup(path)
    assert isinstance(setup.key("institution", "91", "甲"), TokenKey)
    assert isinstance(setup.key("institution", "92", "乙"), PemKey)
    assert setup.timestamp is not None
    with pytest.raises(SigningError, match=r'\[institution\."93"\]'):
        setup.key("institution", "93", "丙")


@pytest.mark.parametrize("text", ["[bureau", '[bureau."SC"]\nfile = "x"', "other = 1"])
def test_a_wrong_signing_file_is_told_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "signing.toml"
    path.write_text(text)
    with pytest.raises(SigningError, match=r"signing\.toml"):
        load_setup(path)


def test_the_package_is_built_on_the_signed_pdf(
    facts: DossierFacts, signed: bytes, sealer: Sealer, package: bytes
) -> None:
    """Signatures carry their time; from the signed PDF on, the same facts give the same bytes."""
    assert build_bag(facts, signed, sealer) == package
