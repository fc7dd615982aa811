"""Certificates a client must believe, and some it must not.

Takes in the kind wanted; leaves nothing behind but what the caller writes.
"""

import datetime as dt
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Kind = Literal["good", "expired", "not yet valid", "wrong name", "self-signed", "unknown authority"]

_LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_EXPIRY = dt.datetime(2021, 1, 1, tzinfo=dt.UTC)
_FAR_OFF = dt.datetime(2090, 1, 1, tzinfo=dt.UTC)
_LATER = dt.datetime(2091, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Identity:
    """What a server presents, and the authority (PEM) a client of that server is told to trust."""

    context: ssl.SSLContext
    authority_pem: bytes


def identity(kind: Kind) -> Identity:
    """Return a server's TLS context of that kind; but for its one fault each is right for localhost."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if kind == "self-signed":
        _load(context, _self_signed())
    else:
        issuer = trustme.CA() if kind == "unknown authority" else authority
        _leaf(issuer, kind).configure_cert(context)
    return Identity(context, authority.cert_pem.bytes())


def _leaf(issuer: trustme.CA, kind: Kind) -> trustme.LeafCert:
    if kind == "expired":
        return issuer.issue_cert("localhost", "127.0.0.1", not_before=_LONG_AGO, not_after=_EXPIRY)
    if kind == "not yet valid":
        return issuer.issue_cert("localhost", "127.0.0.1", not_before=_FAR_OFF, not_after=_LATER)
    if kind == "wrong name":
        return issuer.issue_cert("mail.elsewhere.example")
    return issuer.issue_cert("localhost", "127.0.0.1")


def _self_signed() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_LONG_AGO)
        .not_valid_after(_FAR_OFF)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + made.public_bytes(pem)


def _load(context: ssl.SSLContext, pem: bytes) -> None:
    # The ssl module reads chains from files only.
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "both.pem"
        path.write_bytes(pem)
        context.load_cert_chain(path)
