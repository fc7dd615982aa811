"""The templates keep the agreement with the program, and what stands on paper stays where it was put."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pikepdf
import pypdfium2
import pytest
from docxtpl import DocxTemplate
from jinja2 import meta, nodes
from PIL import Image

from pipeline.model import IN_COURSE, Kind
from tests.templates import press
from tests.templates.samples import (
    GOAL_END,
    GOAL_START,
    HOSTILE,
    RIGHT_TO_LEFT,
    SAMPLES,
    Context,
    client_pays,
    sponsor_pays,
    to_client,
)

LANGUAGES = ("nl", "en")
DOCUMENTS = ("quote", "consent")
PRINTED = (*DOCUMENTS, "countersigned")
MAILS = ("quote", "consent", "quote_and_consent")
LATER_MAILS = ("reminder", "countersigned", "note")
MM = 72 / 25.4  # points in a millimetre

every_language = pytest.mark.parametrize("language", LANGUAGES)
every_document = pytest.mark.parametrize("kind", DOCUMENTS)
everything_printed = pytest.mark.parametrize("kind", PRINTED)
every_later_mail = pytest.mark.parametrize("kind", LATER_MAILS)
all_mail = pytest.mark.parametrize("kind", [*MAILS, *LATER_MAILS])
every_mail = pytest.mark.parametrize("kind", MAILS)
every_sample = pytest.mark.parametrize("sample", SAMPLES)

CONTRACT: dict[str, set[str]] = {
    "language": set(),
    "reference": set(),
    "document": {"code", "version", "date", "replaces"},
    "quote": {"number", "valid_until"},
    "practice": {
        "name", "coach", "street", "postcode", "city", "country", "email", "phone", "website", "kvk", "btw", "iban",
        "logo",
    },
    "client": {"name", "salutation", "email", "phone", "role", "organisation"},
    "sponsor": {"organisation", "contact", "email", "address", "kvk", "purchase_order", "greeting"},
    "greeting": set(),
    "goal": set(),
    "programme": {"name", "description"},
    "lines": {"description", "quantity", "unit", "unit_price", "vat", "amount"},
    "vat": {"rate", "base", "amount"},
    "total": {"excluding", "vat", "including"},
    "statement": {"title", "version", "url"},
    "questions": {"name", "text", "note"},
    "payment_days": set(),
    "terms": set(),
    "attachments": {"file", "title"},
    "signer": set(),
    "sign_by": set(),
    "confirmation": {"title", "signer", "received", "how", "date", "picture"},
    "answers": {"text", "answer"},
}  # fmt: skip
OF_THE_SHEET = {"title", "words"}  # set by the document that extends house.html
OF_THE_MAIL = {"paragraphs", "subject"}
# `policy.statement` gives them, with their own test
OF_THE_STATEMENT = {"title", "intro", "sections", "since", "fingerprint"}
SECTIONED = ("statement.html", "statement_web.html", "sections.html", "web.html")
OF_THE_RECEIPT = {"title", "reference", "date"}  # `retention.receipt_page` gives them, with their own test
RECEIPTS = ("receipt.html", "receipt_web.html")
OF_THE_CLAUSES = {"title", "heads", "rows", "closing", "grades"}  # `cli.clauses` gives them, with their own test
OF_THE_REPORT = {"report"}  # `outgoing.values.report` gives it, with its own test
REPORTED = [f"{folder}/{name}.html" for folder in (*LANGUAGES, "frames") for name in ("report", "approval")]
OF_THE_INVOICE = {"invoice", "buyer", "credited", "payment"}  # `outgoing.values.invoice`, with their own test
INVOICES = [f"{folder}/invoice.html" for folder in (*LANGUAGES, "frames")]
FRAMES = ("invoice", "report", "approval", "questions")  # one sheet each, of which a language gives the words
# `outgoing.values.course` gives them: `pipeline check` tries each of these mails with every one of them
OF_THE_COURSE = {"to", "shared", *(str(kind) for kind in Kind)}
IN_COURSE_MAILS = {
    f"{language}/mail/{name}.txt" for language in LANGUAGES
    for name in (*map(str, IN_COURSE), "profile_sponsor", "report_sponsor", "reminder_approval")
}  # fmt: skip
DAILY = ("nl/mail/daily.txt", "en/mail/daily.txt")
OF_THE_DAY = {"since", "happened", "waits", "erasures", "ledger"}  # `outgoing.daily` gives them, with their own test
LOOPS = {"line": "lines", "row": "vat", "question": "questions", "item": "attachments", "given": "answers"}


def context_of(kind: str, language: str, sample: str) -> Context:
    context = SAMPLES[sample](language)
    return context if kind == "quote" else to_client(context)


@cache
def printed(kind: str, language: str, sample: str) -> bytes:
    return press.pdf(f"{language}/{kind}.html", context_of(kind, language, sample))


def words_of(pdf: bytes) -> str:
    """The text of all pages without any white space, because a long value may break anywhere."""
    pages = pypdfium2.PdfDocument(pdf)
    return "".join("".join(page.get_textpage().get_text_range().split()) for page in pages)


def pictures_of(pdf: bytes, dpi: int = 100) -> Iterator[Image.Image]:
    for page in pypdfium2.PdfDocument(pdf):
        yield page.render(scale=dpi / 72, may_draw_forms=True).to_pil().convert("L")


def cut(picture: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    """A part of an A4 page, in millimetres from its upper left corner."""
    scale = picture.width / 210
    return picture.crop((round(left * scale), round(top * scale), round(right * scale), round(bottom * scale)))


def darkest(picture: Image.Image) -> int:
    return min(picture.tobytes())


def check_boxes(pdf: bytes) -> list[tuple[str, int, tuple[float, float, float, float]]]:
    """Name, page and place in millimetres of each check box."""
    found = []
    with pikepdf.open(BytesIO(pdf)) as document:
        for number, page in enumerate(document.pages):
            for note in page.get("/Annots", []):
                if note.get("/Subtype") == "/Widget":
                    assert note.FT == "/Btn"
                    place = tuple(float(value) / MM for value in note.Rect)
                    left, right = sorted(place[0::2])
                    bottom, top = sorted(place[1::2])
                    found.append((str(note.T), number, (left, bottom, right, top)))
    return found


def signature_of(document: Any) -> tuple[int, tuple[float, ...]]:
    """The page and the place of the box to sign, in millimetres from the upper left corner."""
    pages = enumerate(document.pages)
    ((number, place),) = [(n, page.anchors["signature"]) for n, page in pages if "signature" in page.anchors]
    return number, tuple(value * 25.4 / 96 for value in place)


def templates(pattern: str) -> list[str]:
    found = press.TEMPLATES.rglob(pattern)
    return sorted(str(path.relative_to(press.TEMPLATES)) for path in found if path.parent.name != "fonts")


@pytest.mark.parametrize("template", [*templates("*.html"), *templates("*.txt")])
def test_every_value_a_template_asks_for_is_in_the_contract(template: str) -> None:
    environment = press.environment(html=template.endswith(".html"))
    tree = environment.parse((press.TEMPLATES / template).read_text("utf-8"))
    others = {**dict.fromkeys(SECTIONED, OF_THE_STATEMENT), **dict.fromkeys(RECEIPTS, OF_THE_RECEIPT)}
    others |= {"clauses.html": OF_THE_CLAUSES, **dict.fromkeys(DAILY, OF_THE_DAY)}
    others |= {**dict.fromkeys(REPORTED, OF_THE_REPORT), **dict.fromkeys(INVOICES, OF_THE_INVOICE)}
    others |= dict.fromkeys(IN_COURSE_MAILS, OF_THE_COURSE)
    own = set({"house.html": OF_THE_SHEET, "mail.html": OF_THE_MAIL, **others}.get(template, ()))
    own |= OF_THE_SHEET if template.startswith("frames/") else set()
    own |= {str(name) for part in tree.find_all(nodes.FromImport) for name in part.names}
    own |= {part.target.name for part in tree.find_all(nodes.Assign) if isinstance(part.target, nodes.Name)}
    assert meta.find_undeclared_variables(tree) <= CONTRACT.keys() | own
    for part in tree.find_all(nodes.Getattr):
        if not isinstance(part.node, nodes.Name) or part.node.name in own:
            continue
        if shape := CONTRACT.get(LOOPS.get(part.node.name, part.node.name)):
            assert part.attr in shape, f"{part.node.name}.{part.attr}"


@pytest.mark.parametrize("template", templates("*.docx"))
def test_every_value_the_word_quote_asks_for_is_in_the_contract(template: str) -> None:
    asked = DocxTemplate(press.TEMPLATES / template).get_undeclared_template_variables(press.environment(html=True))
    assert asked <= CONTRACT.keys()


def test_english_has_every_file_that_dutch_has() -> None:
    dutch, english = (
        {path.relative_to(press.TEMPLATES / language) for path in (press.TEMPLATES / language).rglob("*")}
        for language in LANGUAGES
    )
    assert dutch == english


@pytest.mark.parametrize("name", FRAMES)
def test_dutch_and_english_give_a_frame_the_same_words_and_sentences_and_all_of_them(name: str) -> None:
    environment = press.environment(html=True)
    frame, *languages = (
        environment.parse((press.TEMPLATES / folder / f"{name}.html").read_text("utf-8"))
        for folder in ("frames", *LANGUAGES)
    )
    asked = {
        part.attr for part in frame.find_all(nodes.Getattr)
        if isinstance(part.node, nodes.Name) and part.node.name == "words"
    }  # fmt: skip
    open_places = {part.name for part in frame.find_all(nodes.Block)} - {"content"}
    given = [{part.key.as_const() for part in tree.find_all(nodes.Pair)} for tree in languages]
    filled = [{part.name for part in tree.find_all(nodes.Block)} for tree in languages]
    assert given[0] == given[1] and asked <= given[0]
    assert filled == [open_places, open_places]


def test_samples_keep_the_contract() -> None:
    for sample, language in itertools.product(SAMPLES.values(), LANGUAGES):
        context = sample(language)
        assert context.keys() == CONTRACT.keys()
        for name, shape in CONTRACT.items():
            for value in context[name] if isinstance(context[name], list) else [context[name]]:
                assert value is None or (set(value) == shape if shape else isinstance(value, str)), name


@every_language
@everything_printed
@every_sample
def test_nothing_but_the_templates_folder_is_asked_for(kind: str, language: str, sample: str) -> None:
    assets = press.Assets()
    press.layout(f"{language}/{kind}.html", context_of(kind, language, sample), assets)
    assert assets.asked
    held = {"data"} if kind == "countersigned" and sample != "bare" else set()
    assert {url.split(":")[0] for url in assets.asked} == {"asset", *held}


@every_language
@everything_printed
@every_sample
def test_the_same_input_gives_the_same_bytes(kind: str, language: str, sample: str) -> None:
    assert press.pdf(f"{language}/{kind}.html", context_of(kind, language, sample)) == printed(kind, language, sample)


@every_language
@everything_printed
@every_sample
def test_no_letters_but_ours_are_in_the_document(kind: str, language: str, sample: str) -> None:
    with pikepdf.open(BytesIO(printed(kind, language, sample))) as document:
        names = {
            str(thing.FontName).split("+")[-1]
            for thing in document.objects
            if isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/FontDescriptor"
        }
    assert names
    assert all(re.match(r"(House(-\w+)*|Noto-Emoji)$", name) for name in names), names


@every_language
def test_hostile_values_stand_in_the_quote_as_they_were_given(language: str) -> None:
    text = words_of(printed("quote", language, "long"))
    for value in HOSTILE:
        assert "".join(value.split()) in text
    assert "&amp;" not in text
    assert text.count(GOAL_START) == text.count(GOAL_END) == 1
    assert text.count("Eenzindiehetdoelnogeensrustigonderwoordenbrengt.") == 9960 // 59
    letters = Counter(text)  # in a line of its own direction the order is that of the reader of the PDF
    for name in RIGHT_TO_LEFT:
        assert not Counter(name.replace(" ", "")) - letters


@every_language
def test_hostile_questions_stand_in_the_consent_as_they_were_given(language: str) -> None:
    text = words_of(printed("consent", language, "long"))
    for value in HOSTILE:
        assert "".join(value.split()) in text
    assert "&amp;" not in text


@every_language
@everything_printed
@every_sample
def test_nothing_is_printed_where_the_page_code_comes(kind: str, language: str, sample: str) -> None:
    for picture in pictures_of(printed(kind, language, sample)):
        assert darkest(cut(picture, 210 - 32.5, 297 - 32.5, 210 - 9.5, 297 - 9.5)) == 255


@every_language
@every_document
@every_sample
def test_every_page_tells_document_version_and_number(kind: str, language: str, sample: str) -> None:
    pages = pypdfium2.PdfDocument(printed(kind, language, sample))
    document = SAMPLES[sample](language)["document"]
    page, of = {"nl": ("pagina", "van"), "en": ("page", "of")}[language]
    for number, sheet in enumerate(pages, 1):
        line = f"{document['code']} v{document['version']} · {page} {number} {of} {len(pages)}"
        assert line in sheet.get_textpage().get_text_range()


@every_language
@every_document
@every_sample
def test_the_box_to_sign_is_empty_and_85_by_30_mm(kind: str, language: str, sample: str) -> None:
    document = press.layout(f"{language}/{kind}.html", context_of(kind, language, sample))
    number, (left, top, right, bottom) = signature_of(document)
    assert (right - left, bottom - top) == pytest.approx((85, 30), abs=0.05)
    picture = list(pictures_of(printed(kind, language, sample)))[number]
    assert darkest(cut(picture, left + 0.7, top + 0.7, right - 0.7, bottom - 0.7)) == 255
    assert darkest(cut(picture, left - 0.5, top + 5, left + 0.5, bottom - 5)) < 100
    assert darkest(cut(picture, left - 5, top, left - 0.7, bottom)) == 255, "something is written within 5 mm of it"
    assert darkest(cut(picture, left, bottom + 0.7, right, bottom + 5)) == 255


@every_language
@every_sample
def test_the_page_to_sign_tells_what_is_agreed_to(language: str, sample: str) -> None:
    context = SAMPLES[sample](language)
    number, _ = signature_of(press.layout(f"{language}/quote.html", context))
    page = pypdfium2.PdfDocument(printed("quote", language, sample))[number]
    text = "".join(page.get_textpage().get_text_range().split())
    assert context["document"]["code"] in text
    assert "".join(context["total"]["including"].split()) in text


@every_language
@every_sample
def test_each_consent_is_a_yes_and_a_no_large_and_apart_and_unticked(language: str, sample: str) -> None:
    pdf = printed("consent", language, sample)
    boxes = check_boxes(pdf)
    questions = context_of("consent", language, sample)["questions"]
    assert [name for name, _, _ in boxes] == [f"{q['name']}-{answer}" for q in questions for answer in ("yes", "no")]
    for _, _, (left, bottom, right, top) in boxes:
        assert min(right - left, top - bottom) >= 4.5
    for (_, page, one), (_, other_page, other) in itertools.combinations(boxes, 2):
        if page == other_page:
            across = max(one[0] - other[2], other[0] - one[2])
            along = max(one[1] - other[3], other[1] - one[3])
            assert max(across, along) >= 9
    with pikepdf.open(BytesIO(pdf)) as document:
        for box in document.Root.AcroForm.Fields:
            assert box.AS == "/Off"
            assert box.get("/V", "/Off") == "/Off"


@every_language
def test_empty_boxes_show_on_paper(language: str) -> None:
    pdf = printed("consent", language, "client pays")
    pictures = list(pictures_of(pdf, 200))
    for _, page, (left, bottom, right, top) in check_boxes(pdf):
        box = cut(pictures[page], left - 1, 297 - top - 1, right + 1, 297 - bottom + 1)
        assert darkest(box) < 100
        assert darkest(cut(pictures[page], left + 0.5, 297 - top + 0.5, right - 0.5, 297 - bottom - 0.5)) == 255


@every_language
@every_document
def test_the_privacy_statement_is_named_with_its_exact_version(kind: str, language: str) -> None:
    context = client_pays(language)
    text = words_of(printed(kind, language, "client pays"))
    word = {"nl": "versie", "en": "version"}[language]
    assert "".join(context["statement"]["title"].split()) in text
    assert f"{word}{context['statement']['version']}" in text
    assert context["statement"]["url"] in text


@every_language
def test_a_quote_without_a_goal_does_not_speak_of_one(language: str) -> None:
    assert {"nl": "Doel", "en": "Goal"}[language] not in words_of(printed("quote", language, "bare"))


@every_language
def test_only_web_addresses_become_links(language: str) -> None:
    for address, links in (("javascript:alert(1)", 0), ("file:///etc/passwd", 0), ("https://a.example/1", 1)):
        context = client_pays(language)
        context["statement"] |= {"url": address}
        with pikepdf.open(BytesIO(press.pdf(f"{language}/quote.html", context))) as document:
            notes = [note for page in document.pages for note in page.get("/Annots", [])]
            assert len([note for note in notes if note.get("/Subtype") == "/Link"]) == links


@every_language
@every_mail
@every_sample
def test_a_mail_tells_what_is_attached_and_nothing_it_should_not(kind: str, language: str, sample: str) -> None:
    context = SAMPLES[sample](language)
    text = press.text(f"{language}/mail/{kind}.txt", context)
    for attached in context["attachments"]:
        assert f"{attached['file']} \N{EN DASH} {attached['title']}" in text
    assert text.startswith(context["greeting"] + "\n\n")
    assert text.rstrip().endswith(context["practice"]["website"] or context["practice"]["email"])
    assert context["statement"]["title"] in text
    assert f" {context['statement']['version']}" in text
    assert context["sign_by"] in text
    assert "€" not in text
    assert not context["goal"] or context["goal"].splitlines()[0] not in text
    assert "\n\n\n" not in text
    assert "&lt;script" not in text
    if context["document"]["replaces"]:
        assert context["document"]["replaces"] in text


@every_language
@every_later_mail
@every_sample
def test_a_later_mail_tells_which_documents_and_nothing_it_should_not(kind: str, language: str, sample: str) -> None:
    context = SAMPLES[sample](language)
    text = press.text(f"{language}/mail/{kind}.txt", context)
    for attached in context["attachments"]:
        assert f"{attached['file']} \N{EN DASH} {attached['title']}" in text
    assert text.startswith(context["greeting"] + "\n\n")
    assert "€" not in text
    assert not context["goal"] or context["goal"].splitlines()[0] not in text
    assert not [answer["text"] for answer in context["answers"] if answer["text"] in text and sample != "long"]
    assert "\n\n\n" not in text
    assert "&lt;script" not in text


@every_language
@every_sample
def test_a_reminder_names_the_last_day_only_while_there_is_one(language: str, sample: str) -> None:
    context = SAMPLES[sample](language)
    assert f" {context['sign_by']}?" in press.text(f"{language}/mail/reminder.txt", context)
    late = press.text(f"{language}/mail/reminder.txt", context | {"sign_by": ""})
    assert context["sign_by"] not in late
    assert "? " in late and " ?" not in late and ",?" not in late


@every_language
@every_sample
def test_a_note_to_the_coach_names_nobody_and_says_where_to_look(language: str, sample: str) -> None:
    context = SAMPLES[sample](language)
    people = {name: value for name, value in context.items() if name not in {"client", "sponsor"}}
    text = press.text(f"{language}/mail/note.txt", people | {"greeting": "Beste Marijke,"})
    assert f"pipeline show {context['reference']}" in text
    assert context["client"]["name"] not in text or sample == "long"


@every_language
@every_sample
def test_a_confirmation_says_who_signed_what_when_and_how(language: str, sample: str) -> None:
    context = to_client(SAMPLES[sample](language))
    text = words_of(printed("countersigned", language, sample))
    for said in [*context["confirmation"].values(), context["document"]["code"], context["practice"]["coach"]]:
        assert "".join(said.split()) in text or said.startswith("data:")
    for given in context["answers"]:
        assert "".join(given["text"].split()) in text and "".join(given["answer"].split()) in text
    assert "&amp;" not in text


@every_language
@every_sample
def test_a_confirmation_is_not_taken_for_a_page_that_was_sent(language: str, sample: str) -> None:
    document = press.layout(f"{language}/countersigned.html", context_of("countersigned", language, sample))
    assert not [page for page in document.pages if "signature" in page.anchors]
    context = SAMPLES[sample](language)["document"]
    for sheet in pypdfium2.PdfDocument(printed("countersigned", language, sample)):
        assert f"{context['code']} v{context['version']}" not in sheet.get_textpage().get_text_range()


@every_language
def test_a_confirmation_of_three_choices_is_one_sheet_with_the_signature_on_it(language: str) -> None:
    pages = pypdfium2.PdfDocument(printed("countersigned", language, "client pays"))
    assert len(pages) == 1
    (picture,) = pages[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
    left, _, right, _ = (value / MM for value in picture.get_bounds())
    assert 60 < right - left <= 110
    bare = pypdfium2.PdfDocument(printed("countersigned", language, "bare"))
    assert not list(bare[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]))


@every_language
@all_mail
@every_sample
def test_the_html_of_a_mail_loads_nothing_and_runs_nothing(kind: str, language: str, sample: str) -> None:
    context = SAMPLES[sample](language)
    text = press.text(f"{language}/mail/{kind}.txt", context)
    paragraphs = [paragraph.splitlines() for paragraph in text.strip().split("\n\n")]
    page = press.text("mail.html", context | {"paragraphs": paragraphs, "subject": HOSTILE[2]})
    assert not re.search(r"<(script|img|link|iframe|a)\b|url\(|@import", page, re.IGNORECASE)
    assert 'name="viewport"' in page


@every_language
@every_sample
def test_the_word_quote_holds_every_value_as_it_was_given(language: str, sample: str) -> None:
    context = SAMPLES[sample](language)
    with ZipFile(BytesIO(press.word(f"{language}/quote.docx", context))) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")}
    body = parts["word/document.xml"]
    assert 'w:name="signature"' in body
    assert not [name for name, part in parts.items() if "{%" in part and sample != "long"]
    plain = re.sub(r"<[^>]+>", "", body)
    for line in context["lines"]:
        assert line["amount"] in plain
    assert plain.count("&lt;script&gt;") >= (1 if sample == "long" else 0)
    assert context["document"]["code"] in "".join(parts[name] for name in parts if "footer" in name)


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice turns Word into PDF; it is not installed here")
@pytest.mark.timeout(180)
@pytest.mark.parametrize("sample", [client_pays, sponsor_pays])
@every_language
def test_the_word_quote_prints_with_an_empty_box_and_room_for_the_code(
    language: str, sample: Callable[[str], Context], tmp_path: Path
) -> None:
    source = tmp_path / "quote.docx"
    source.write_bytes(press.word(f"{language}/quote.docx", sample(language)))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    pictures = list(pictures_of((tmp_path / "quote.pdf").read_bytes(), 200))
    for picture in pictures:
        assert darkest(cut(picture, 210 - 32.5, 297 - 32.5, 210 - 9.5, 297 - 9.5)) == 255
    signed = cut(pictures[-1], 101.5, 0, 185.4, 297)
    rows = [y for y in range(signed.height) if max(signed.crop((0, y, signed.width, y + 1)).tobytes()) < 128]
    top, bottom = min(rows), max(rows)
    assert (bottom - top) * 25.4 / 200 == pytest.approx(30, abs=0.6)
    assert darkest(signed.crop((2, top + 6, signed.width - 2, bottom - 6))) == 255
