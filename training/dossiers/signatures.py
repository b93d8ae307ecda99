"""Whether a PDF's signatures hold: nothing changed since, both parties signed, and who vouches for them.

Offline: no list of revoked certificates is fetched. A certificate is judged at the moment of signing, for a
dossier is read long after its signers' certificates have run out.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any, BinaryIO, Final

from asn1crypto import cms, pem, x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509 import Certificate, load_der_x509_certificate
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from training.core.content import CHUNK
from training.dossiers.findings import Finding
from training.dossiers.loops import outside_any_loop

SIGNATORIES = {"institution": ("培训机构", "the institution"), "bureau": ("商务局", "the bureau")}
"""Who has to sign, by field name."""
CHINA: Final = timezone(timedelta(hours=8))

# What pyHanko has to say beside its verdict belongs on nobody's screen.
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Trust:
    """CAs whose word counts; `roots` empty: nobody's, and who signed stays open."""

    roots: tuple[x509.Certificate, ...] = ()

    @classmethod
    def of(cls, files: Sequence[bytes]) -> Trust:
        """From PEM or DER; raises ValueError where one holds no certificate."""
        return cls(tuple(root for content in files for root in _certificates(content)))


NOBODY: Final = Trust()


def _certificates(content: bytes) -> Iterator[x509.Certificate]:
    ders = (
        [der for _type, _headers, der in pem.unarmor(content, multiple=True)]
        if pem.detect(content)
        else [content]
    )
    for der in ders:
        certificate = x509.Certificate.load(der, strict=True)
        certificate.subject.native  # noqa: B018  lazy: a file that is no certificate shows only here
        yield certificate


def check_signatures(
    pdf: BinaryIO, file: str, trust: Trust, *, just_signed: bool = False
) -> Iterator[Finding]:
    """Findings of `file`; a note for each signature that holds says who signed, when, and on whose word.

    What stands between two signatures is not looked at in what we have `just_signed` ourselves: pyHanko 0.38
    reads every object of the file for it, 2 s for 1,000 pages.
    """
    try:
        yield from _check(pdf, file, trust, just_signed)
    except Exception:  # noqa: BLE001  a damaged file may break its parser anywhere; whatever breaks, it does not hold
        yield Finding(
            file, "", "签章读不出：文件损坏或被改动", "signatures can't be read: damaged or changed"
        )


def _check(pdf: BinaryIO, file: str, trust: Trust, just_signed: bool) -> Iterator[Finding]:
    signatures = {found.field_name: found for found in PdfFileReader(pdf).embedded_regular_signatures}
    _hash_once(pdf, list(signatures.values()))
    for field, (zh, en) in SIGNATORIES.items():
        if field not in signatures:
            yield Finding(file, field, f"没有{zh}的电子签章", f"not signed by {en}")
    last = max(signatures.values(), key=lambda found: found.signed_revision, default=None)
    for field, signature in signatures.items():
        status = _validated(signature, trust, just_signed)
        problems = [*_problems(file, field, status, last=signature is last)]
        if not problems and not _as_written(pdf, signature):
            zh, en = "签名数据被改动过（不影响签名值的部分）", "the signature's wrapping was changed"
            problems.append(Finding(file, field, zh, en))
        yield from problems or _vouched(file, field, signature, status, trust)


def _hash_once(pdf: BinaryIO, signatures: list[EmbeddedPdfSignature]) -> None:
    """What they sign, given to pyHanko beforehand: it would hash the beginning that they share for each."""
    running, at = hashlib.sha256(), 0
    for signature in sorted(signatures, key=lambda found: list(found.byte_range)):
        start, length, behind, rest = map(int, signature.byte_range)
        if start == 0 and length >= at and signature.external_md_algorithm == "sha256":
            _feed(running, pdf, at, length - at)
            at, own = length, running.copy()
            _feed(own, pdf, behind, rest)
            signature.external_digests["sha256"] = own.digest()


def _feed(digest: Any, pdf: BinaryIO, start: int, count: int) -> None:
    pdf.seek(start)
    while count > 0 and (chunk := pdf.read(min(count, CHUNK))):
        digest.update(chunk)
        count -= len(chunk)


def _as_written(pdf: BinaryIO, signature: EmbeddedPdfSignature) -> bool:
    """Whether the bytes that no signature covers, those of the signature itself, are what a signer writes.

    One way of writing only: hexadecimal in one case, nothing but zeros behind, and certificates that vouch
    for each other.
    """
    _, start, end, _ = map(int, signature.byte_range)
    pdf.seek(start)
    gap = pdf.read(end - start)
    der = signature.pkcs7_content
    container = cms.ContentInfo.load(der)  # tells where it ends
    length = len(container.dump())
    data = container["content"]
    (signer,) = data["signer_infos"]
    return (
        gap in (b"<" + der.hex().encode() + b">", b"<" + der.hex().upper().encode() + b">")
        and not any(der[length:])
        and (data["version"].native, signer["version"].native) == ("v1", "v1")
        and data["encap_content_info"].native == {"content_type": "data", "content": None}
        and data["digest_algorithms"].native == [signer["digest_algorithm"].native]
        and all(_vouched_for(each, data["certificates"]) for each in data["certificates"])
    )


def _vouched_for(certificate: cms.CertificateChoices, others: cms.CertificateSet) -> bool:
    """Whether each of them that is its issuer, by name or by key, did sign it; true where none is."""
    issuers = [
        other.chosen
        for other in others
        if other.chosen.subject == certificate.chosen.issuer
        or (
            certificate.chosen.authority_key_identifier is not None
            and certificate.chosen.authority_key_identifier == other.chosen.key_identifier
        )
    ]
    inner = load_der_x509_certificate(certificate.chosen.dump())
    return all(_signed(inner, load_der_x509_certificate(issuer.dump())) for issuer in issuers)


def _signed(certificate: Certificate, issuer: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _validated(signature: EmbeddedPdfSignature, trust: Trust, just_signed: bool) -> PdfSignatureStatus:
    context = ValidationContext(
        trust_roots=list(trust.roots),
        allow_fetching=False,
        moment=signature.self_reported_timestamp,
        revocation_mode="soft-fail",
    )
    usage = KeyUsageConstraints(
        key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False
    )
    validate = partial(
        validate_pdf_signature, signature, context, key_usage_settings=usage, skip_diff=just_signed
    )
    return outside_any_loop(validate)


def _problems(file: str, field: str, status: PdfSignatureStatus, *, last: bool) -> Iterator[Finding]:
    if not status.intact:
        yield Finding(file, field, "签章之后内容被改动过", "the content was changed after this signature")
    elif not status.valid:
        yield Finding(
            file, field, "签章本身不成立：签名值与证书不符", "the signature does not fit its certificate"
        )
    elif last and status.coverage is not SignatureCoverageLevel.ENTIRE_FILE:
        yield Finding(
            file,
            field,
            "最后一个签章之后又追加了内容",
            "something was appended after the last signature",
        )
    elif status.docmdp_ok is False or not status.seed_value_ok:
        yield Finding(
            file, field, "签章之后有不允许的修改", "changed after this signature in a way it does not allow"
        )


def _vouched(
    file: str, field: str, signature: EmbeddedPdfSignature, status: PdfSignatureStatus, trust: Trust
) -> Iterator[Finding]:
    """Who says that this is the signer's key."""
    who, issuer = _common_name(status.signing_cert.subject), _common_name(status.signing_cert.issuer)
    if trust.roots and not status.trusted:
        yield Finding(
            file,
            field,
            f"证书“{who}”（{issuer} 颁发）不是由所给的 CA 担保的，或签章时不在有效期内",
            f"the certificate of {who}, issued by {issuer}, is not vouched for by the CA given, or was not valid then",
        )
        return
    at, stamp = _moment(signature, status)
    words = (
        ("证书由所给的 CA 担保", "vouched for by the CA given")
        if trust.roots
        else ("未核对证书是谁担保的（没有给 --trust）", "nobody's word was asked for it (no --trust)")
    )
    yield Finding(
        file,
        field,
        f"{who} {at} 签章（{stamp[0]}），{issuer} 颁发，指纹 {status.signing_cert.sha256_fingerprint[:23]}…；{words[0]}",
        f"signed by {who} at {at} ({stamp[1]}), issued by {issuer}, fingerprint {status.signing_cert.sha256_fingerprint[:23]}…; {words[1]}",
        grave=False,
    )


def _moment(signature: EmbeddedPdfSignature, status: PdfSignatureStatus) -> tuple[str, tuple[str, str]]:
    """When, and on whose word: a time-stamp authority's, or the signer's own."""
    stamped = status.timestamp_validity
    if stamped is not None and stamped.valid:
        return _shown(stamped.timestamp), ("有时间戳", "time-stamped")
    return _shown(signature.self_reported_timestamp), ("签名人自报的时间", "by the signer's clock")


def _shown(at: datetime | None) -> str:
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M:%S} +08:00" if at else "—"


def _common_name(name: Any) -> str:
    said = name.native.get("common_name", "")
    return said if isinstance(said, str) and said.isprintable() else "？"
