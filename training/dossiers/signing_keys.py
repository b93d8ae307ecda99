"""Where the keys that sign a PDF come from: files, tokens (PKCS #11), or a test CA that makes its own.

Who signs with what stands in one TOML file (`YIDANG_SIGNING_FILE`), for there are as many institutions as
a county admits:

    [bureau."SC-2020"]                      # by the programme's code
    pkcs12 = "/etc/yidang/bureau.p12"
    password = "…"

    [institution."91360735MA35NXTP4H"]      # by the unified social credit code
    module = "/usr/lib/softhsm/libsofthsm2.so"
    token = "xingnong"
    label = "seal"
    pin = "…"

    [timestamp]                             # RFC 3161, optional
    url = "https://tsa.example.cn/"
"""

from __future__ import annotations

import os
import secrets
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from pydantic import BaseModel, ConfigDict, ValidationError
from pyhanko.config.pkcs11 import PKCS11SignatureConfig, TokenCriteria
from pyhanko.sign.pkcs11 import PKCS11SigningContext
from pyhanko.sign.signers import Signer, SimpleSigner
from pyhanko.sign.timestamps import HTTPTimeStamper, TimeStamper

TEST_CA = "一期一档 测试 CA（不作法律依据）"
"""The common name of the CA that signs where no other was set up; nobody can take it for a real one."""


class SigningError(Exception):
    """A key that signs PDFs is missing or does not open; the message says which."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pkcs12Key(_Strict):
    """A .p12 or .pfx file with the key and its chain."""

    pkcs12: Path
    password: str = ""

    @contextmanager
    def open(self) -> Iterator[Signer]:
        signer = SimpleSigner.load_pkcs12(  # type: ignore[no-untyped-call]
            str(self.pkcs12), passphrase=self.password.encode()
        )
        yield _opened(signer, self.pkcs12)


class PemKey(_Strict):
    """A key and its certificate as PEM files; `chain` holds the certificates between it and its root."""

    key: Path
    certificate: Path
    chain: Path | None = None
    password: str = ""

    @contextmanager
    def open(self) -> Iterator[Signer]:
        signer = SimpleSigner.load(  # type: ignore[no-untyped-call]
            str(self.key),
            str(self.certificate),
            ca_chain_files=[str(self.chain)] if self.chain else None,
            key_passphrase=self.password.encode() or None,
        )
        yield _opened(signer, self.key)


class TokenKey(_Strict):
    """A key that never leaves its token; the session with the token is open while the key is."""

    module: Path
    token: str
    label: str
    pin: str
    raw: bool = False  # tokens with elliptic keys that sign a digest but don't make it, as SoftHSM

    @contextmanager
    def open(self) -> Iterator[Signer]:
        config = PKCS11SignatureConfig(
            module_path=str(self.module),
            token_criteria=TokenCriteria(label=self.token),
            cert_label=self.label,
            key_label=self.label,
            user_pin=self.pin,
            other_certs_to_pull=None,
            raw_mechanism=self.raw,
        )
        with PKCS11SigningContext(config) as signer:
            yield signer


Key = Pkcs12Key | PemKey | TokenKey


def _opened(signer: SimpleSigner | None, path: Path) -> SimpleSigner:
    """pyHanko answers None, and tells only its log why."""
    if signer is None:
        raise SigningError(f"签章密钥打不开（文件或密码不对）：{path}")
    return signer


class Timestamp(_Strict):
    """A time-stamp authority (RFC 3161)."""

    url: str
    username: str = ""
    password: str = ""

    def client(self) -> TimeStamper:
        return HTTPTimeStamper(self.url, auth=(self.username, self.password) if self.username else None)


class SigningSetup(_Strict):
    """Who signs with what; the file says it."""

    bureau: dict[str, Key] = {}
    institution: dict[str, Key] = {}
    timestamp: Timestamp | None = None
    trust: list[Path] = []
    """Certificates of CAs (PEM) that this county's public page believes."""

    def key(self, kind: Literal["bureau", "institution"], code: str, name: str) -> Key:
        """Raises SigningError where the file has no such section."""
        found: Key | None = getattr(self, kind).get(code)
        if found is None:
            raise SigningError(f'签章设置里没有“{name}”：缺 [{kind}."{code}"] 一节')
        return found


def load_setup(path: Path) -> SigningSetup:
    """Raises SigningError with what is wrong in the file."""
    try:
        return SigningSetup.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise SigningError(f"签章设置读不出：{path}：{error}") from error


# The test CA

_FROM, _UNTIL = datetime(2018, 1, 1, tzinfo=UTC), datetime(2048, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class TestCa:
    """A CA of our own in one directory, for the demo, tests and counties that have no certificates yet."""

    __test__ = False  # pytest: it is no test
    directory: Path

    @property
    def certificate(self) -> Path:
        return self.directory / "test-ca.pem"

    def key(self, code: str, name: str) -> Pkcs12Key:
        """The key of the office or institution `name`, made and certified the first time."""
        self.make()
        path = self.directory / f"{code}.p12"
        password = self._password()
        if not path.exists():
            _place_once(path, self._issue(name, password))
        return Pkcs12Key(pkcs12=path, password=password)

    def make(self) -> Path:
        """The CA's certificate, made the first time; readable by the owner only, as its key is."""
        self.directory.mkdir(parents=True, exist_ok=True)
        secret = self.directory / "test-ca-key.pem"
        if not secret.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            made = _certificate(_name(TEST_CA), key.public_key(), _name(TEST_CA), key, authority=True)
            _place_once(secret, pem + made.public_bytes(Encoding.PEM))
        if not self.certificate.exists():
            _place_once(self.certificate, self._authority()[1].public_bytes(Encoding.PEM))
        return self.certificate

    def _authority(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        pem = (self.directory / "test-ca-key.pem").read_bytes()
        key = load_pem_private_key(pem, password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101  we wrote it
        return key, x509.load_pem_x509_certificate(pem)

    def _issue(self, name: str, password: str) -> bytes:
        authority, root = self._authority()
        key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate(_name(name), key.public_key(), root.subject, authority, authority=False)
        return pkcs12.serialize_key_and_certificates(
            None, key, made, [root], BestAvailableEncryption(password.encode())
        )

    def _password(self) -> str:
        path = self.directory / "password"
        if not path.exists():
            _place_once(path, secrets.token_urlsafe(18).encode())
        return path.read_text(encoding="ascii")


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, common[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, common[:64]),
        ]
    )


def _certificate(
    subject: x509.Name, public: Any, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, authority: bool
) -> x509.Certificate:
    usage = dict.fromkeys(
        (
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    usage |= {"digital_signature": not authority, "content_commitment": not authority}
    usage |= {"key_cert_sign": authority, "crl_sign": authority}
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)  # the demo plays in 2021
        .not_valid_after(_UNTIL)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _place_once(path: Path, content: bytes) -> None:
    """Write the whole file or, if another process was first, nothing; mode 0600."""
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part") as part:
        part.write(content)
        part.flush()
        try:
            os.link(part.name, path)
        except FileExistsError:
            return
