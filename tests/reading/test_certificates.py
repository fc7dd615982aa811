"""Digital signatures: sound ones are named with their signer; whatever was changed afterwards, none of them counts."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from pipeline.reading.certificates import certificate
from tests.reading import forms

BOX = [2, 101.0, 159.14, 85.0, 30.0]


def appended(data: bytes, change: Callable[[IncrementalPdfFileWriter], object]) -> bytes:
    """Change a PDF behind its end, as shadow attacks and honest form fillers do."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    change(writer)
    saved = io.BytesIO()
    writer.write(saved)  # type: ignore[no-untyped-call] # so it is
    return saved.getvalue()


def page(writer: IncrementalPdfFileWriter, number: int) -> generic.DictionaryObject:
    reference = writer.find_page_for_modification(number)[0]  # type: ignore[no-untyped-call] # so it is
    writer.mark_update(reference)
    found = reference.get_object()
    assert isinstance(found, generic.DictionaryObject)
    return found


def other_text(writer: IncrementalPdfFileWriter) -> None:
    content = generic.StreamObject(stream_data=b"1 g 50 50 400 700 re f")
    page(writer, 0)[generic.pdf_name("/Contents")] = writer.add_object(content)


def note(writer: IncrementalPdfFileWriter) -> None:
    made = generic.DictionaryObject({  # type: ignore[no-untyped-call] # so it is
        generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
        generic.pdf_name("/Subtype"): generic.pdf_name("/FreeText"),
        generic.pdf_name("/Contents"): generic.pdf_string("1.00"),
        generic.pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (100, 100, 200, 120))),
    })  # fmt: skip
    notes = generic.ArrayObject([*page(writer, 0).get("/Annots", []), writer.add_object(made)])
    page(writer, 0)[generic.pdf_name("/Annots")] = notes


def tick(writer: IncrementalPdfFileWriter) -> None:
    for reference in page(writer, 1)["/Annots"]:
        field = reference.get_object()
        if field.get("/T") == "coaching-yes":
            field[generic.pdf_name("/V")] = field[generic.pdf_name("/AS")] = generic.pdf_name("/on")
            writer.mark_update(reference)


@pytest.mark.parametrize("box", [None, BOX], ids=["nowhere to be seen", "in the box"])
def test_a_sound_signature_names_its_signer_and_moment(box: list[float] | None) -> None:
    found = certificate(forms.signed(forms.sent().data, box=box))
    assert found is not None
    assert (found.intact, found.signer, found.trusted) == (True, "Sanne Jansen", False)
    assert abs(datetime.fromisoformat(found.at) - datetime.now(UTC)) < timedelta(minutes=10)


def test_a_signer_is_trusted_only_by_an_authority_that_the_practice_knows() -> None:
    data = forms.signed(forms.sent().data)
    stranger = forms.authority("Somebody else's root")
    for roots, trusted in (([forms.ROOT.root], True), ([stranger.root], False)):
        found = certificate(data, roots)
        assert found is not None and found.intact and found.trusted is trusted


def test_what_was_filled_in_before_signing_is_signed() -> None:
    found = certificate(forms.signed(forms.filled(forms.sent().data, "coaching-yes")))
    assert found is not None and found.intact


def test_of_several_signatures_the_last_one_names_the_signer() -> None:
    once = forms.signed(forms.sent().data, "Peter de Vries", field="First")
    between = appended(once, tick)
    found = certificate(forms.signed(between, "Sanne Jansen", field="Second"))
    assert found is not None and (found.intact, found.signer) == (True, "Sanne Jansen")


@pytest.mark.parametrize("change", [other_text, note, tick])
def test_what_was_changed_after_signing_is_not_intact(change: Callable[[IncrementalPdfFileWriter], None]) -> None:
    found = certificate(appended(forms.signed(forms.sent().data), change))
    assert found is not None and not found.intact


@pytest.mark.parametrize("change", [other_text, note])
def test_signing_again_does_not_mend_what_was_changed_after_the_first(
    change: Callable[[IncrementalPdfFileWriter], None],
) -> None:
    first = appended(forms.signed(forms.sent().data, "Peter de Vries", field="First"), change)
    found = certificate(forms.signed(first, field="Second"))
    assert found is not None and not found.intact


@cache
def once() -> bytes:
    return forms.signed(forms.sent().data)


@given(where=st.integers(0, 10**6), change=st.integers(1, 255))
@settings(max_examples=60)
def test_no_byte_can_be_changed_under_a_signature(where: int, change: int) -> None:
    data = bytearray(once())
    at = where % len(data)
    data[at] ^= change
    found = certificate(bytes(data))
    ranges = re.search(rb"/ByteRange \[0 (\d+) (\d+) ", once())
    assert ranges is not None
    # Only the hole in which the signature itself stands, padded with zeros, is not signed.
    assert found is None or not found.intact or int(ranges[1]) < at < int(ranges[2])


def test_a_pdf_without_a_signature_has_none() -> None:
    assert certificate(forms.sent().data) is None
    assert certificate(forms.sent().data + b"\n% /ByteRange in passing") is None


@given(st.binary(max_size=300))
def test_a_signature_in_rubbish_proves_nothing(rubbish: bytes) -> None:
    found = certificate(b"%PDF-1.7\n" + rubbish + b"/ByteRange [0 1 2 3]\nstartxref\n9\n%%EOF")
    assert found is not None and not found.intact
