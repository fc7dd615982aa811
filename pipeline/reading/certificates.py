"""Digital signatures inside a PDF (PAdES and its elders), judged offline by pyHanko: who, when, and what it covers.

Nothing is fetched: whether an authority vouches for the signer is only known for roots that the practice gives. What
counts is whether the bytes are those that were signed, and whether all that came later is of a kind that a signature
allows. That the signed content is the document that was sent is for the caller to see (`drawing.same_page`).
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Sequence
from functools import cache
from typing import Any

from asn1crypto import x509  # type: ignore[import-untyped] # it ships no types
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import EmbeddedPdfSignature, PdfSignatureStatus, async_validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from pipeline.reading.findings import Certificate

MOST_SIGNATURES = 8
LONGEST_NAME = 120
WHOLE = {SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION}
KEPT_AS_SIGNED = {ModificationLevel.NONE, ModificationLevel.LTA_UPDATES}
BROKEN = Certificate(intact=False)


def prepare() -> None:
    """Make the loop that pyHanko runs in; behind closed doors there is no socket to make one with."""
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    _loop()


def certificate(data: bytes, roots: Sequence[x509.Certificate] = ()) -> Certificate | None:
    """Judge all signatures of a PDF together and name the last signer; None when it bears none.

    Each must be intact; fields may only have been filled in before the last, nothing but upkeep may follow it.
    """
    if b"/ByteRange" not in data:
        return None
    try:
        reader = PdfFileReader(io.BytesIO(data))
        if reader.encrypted:
            reader.decrypt(b"")
        signatures = reader.embedded_regular_signatures
        if not signatures:
            return None
        if len(signatures) > MOST_SIGNATURES:
            return BROKEN
        statuses = [_loop().run_until_complete(_status(each, roots)) for each in signatures]
        return _together(signatures[-1], statuses)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it proves nothing
        return BROKEN


def _together(last: EmbeddedPdfSignature, statuses: list[PdfSignatureStatus]) -> Certificate:
    sound = all(
        status.intact and status.valid and status.docmdp_ok and status.seed_value_ok and status.coverage in WHOLE
        for status in statuses
    )
    final = statuses[-1]
    intact = sound and final.modification_level in KEPT_AS_SIGNED
    stamp = final.timestamp_validity
    moment = stamp.timestamp if stamp and stamp.valid and stamp.trusted else final.signer_reported_dt
    at = moment.isoformat() if moment else ""
    return Certificate(intact, _name(last.signer_cert), at, intact and all(status.trusted for status in statuses))


async def _status(signature: EmbeddedPdfSignature, roots: Sequence[x509.Certificate]) -> PdfSignatureStatus:
    context = ValidationContext(trust_roots=list(roots), allow_fetching=False)
    try:
        return await async_validate_pdf_signature(signature, context)
    finally:
        await context.aclose()  # type: ignore[no-untyped-call] # so it is


def _name(certificate: x509.Certificate) -> str:
    """Give the signer's own name; where there is none, that of the organisation."""
    subject: dict[str, Any] = certificate.subject.native
    for part in ("common_name", "organization_name", "email_address"):
        value = subject.get(part)
        if value:
            text = value if isinstance(value, str) else str(value[-1])
            return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_NAME]
    return ""


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()
