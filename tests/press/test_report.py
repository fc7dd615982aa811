"""A report on paper: the coach's words and nothing else of hers, our name inside, and no way round what is refused."""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from docx import Document
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, Pdf, String

from pipeline import examples
from pipeline.config.report import Section, report_of
from pipeline.edges import office
from pipeline.edges.press import Press, Printed
from pipeline.errors import FileProblems
from pipeline.outgoing.values.report import Issue, report_values
from pipeline.practice import Practice
from pipeline.press.given import finished, word_wrong
from pipeline.press.protect import lock
from pipeline.press.report import MOST_PAGES, html, too_long
from pipeline.press.stamp import fingerprint, stamp
from tests.reading import forms
from tests.world import World

CODE = "K7Q4-MX2P-4"
HOSTILE = (
    "<script>alert(1)</script>", "{{ 7*7 }} {% for x in lines %}", "<img src=asset:logo.svg>", "Ann & Zn <BV>",
    "<style>p{display:none}</style>",
)  # fmt: skip


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    with World(tmp_path_factory.mktemp("practice")).opened() as opened:
        yield opened


def printed(practice: Practice, data: str | bytes, name: str = "verslag.md", version: int = 2) -> Printed:
    revision = examples.revisions("nl")[1]
    report = report_of(name, data if isinstance(data, bytes) else data.encode(), language="nl")
    values = report_values(revision, Issue(version, revision.on), report, practice.file, practice.policy)
    return practice.press.report("nl/report.html", values, report, CODE, version)


def refusal(practice: Practice, data: str | bytes, name: str = "verslag.md") -> str:
    with pytest.raises(FileProblems) as refused:
        printed(practice, data, name)
    return str(refused.value)


def words(data: bytes) -> str:
    """Give the text of all pages without white space, since a line may break anywhere."""
    return "".join("".join(page.get_textpage().get_text_range().split()) for page in pypdfium2.PdfDocument(data))


def written(text: str, heading: str = "") -> tuple[str, list[int]]:
    body, wrong = html([{"heading": heading, "text": text, "line": 1, "straight": True}])
    return body, [line for line, _, _ in wrong]


def test_a_report_says_for_whom_of_when_and_which_one_it_is_on_every_page(practice: Practice) -> None:
    made = printed(practice, "---\ntitel: Verslag\n---\n" + "Een zin over rust en overzicht.\n\n" * 60)
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(made.data)]
    assert made.pages == len(pages) > 1 and made.boxes == {} and made.marked
    assert all(f"{CODE} v2 · pagina {number} van {len(pages)}" in page for number, page in enumerate(pages, 1))
    assert all(word in pages[0] for word in ("Verslag", "Sanne Jansen", "K7Q4-MX2P", "31 januari 2026"))
    assert "concept" not in words(made.data).casefold()


def test_the_same_report_is_the_same_bytes_with_our_name_inside(practice: Practice) -> None:
    first, second = (printed(practice, "verloop: Goed.\nadvies: Rust.\n", "verslag.yaml") for _ in range(2))
    assert hashlib.sha256(first.data).digest() == hashlib.sha256(second.data).digest()
    assert fingerprint(first.data) == f"{CODE} v2"
    assert "VerloopGoed.AdviesRust." in words(first.data)


@pytest.mark.parametrize("name", ["verslag.md", "verslag.yaml"])
def test_what_looks_like_code_is_printed_as_it_was_written(practice: Practice, name: str) -> None:
    text = "\n\n".join(HOSTILE)
    if name.endswith(".yaml"):
        indented = text.replace("\n", "\n      ")
        text = f"sections:\n  - kop: '{HOSTILE[1]}'\n    tekst: |\n      {indented}\n"
    made = printed(practice, text, name)
    assert all("".join(each.split()) in words(made.data) for each in HOSTILE)
    with Pdf.open(io.BytesIO(made.data)) as pdf:
        assert not [page for page in pdf.pages if "/Annots" in page]


def test_only_links_to_secure_pages_and_mail_can_be_followed(practice: Practice) -> None:
    text = (
        "[een](https://een.example/1) [twee](http://twee.example) [drie](javascript:alert(1)) [vier](file:///etc)"
        " [vijf](verslag.md) <mailto:zes@zes.example> [zeven](HTTPS://zeven.example 'titel') [acht]\n\n"
        "[acht]: data:text/html,x\n"
    )
    made = printed(practice, text)
    with Pdf.open(io.BytesIO(made.data)) as pdf:
        found = {str(note.A.URI) for page in pdf.pages for note in page.get("/Annots", [])}
    assert found == {"https://een.example/1", "mailto:zes@zes.example", "HTTPS://zeven.example"}
    assert "eentweedrieviervijfmailto:zes@zes.examplezevenacht" in words(made.data)


def test_a_picture_is_refused_on_its_line_in_markdown_and_in_yaml(practice: Practice) -> None:
    said = "een plaatje kan hier niet; haal het weg, of maak het verslag in Word of als pdf"
    assert refusal(practice, "---\ntitel: x\n---\nEen.\n\n![x](asset:logo.svg)\n") == f"verslag.md:6:1: {said}"
    text = "verloop: |\n  Een.\n\n  - ![x](https://x.example/x.png)\n"
    assert refusal(practice, text, "v.yaml") == f"v.yaml:4:1: {said}"


DEEP = {
    "lists below lists": "".join("  " * depth + "- a\n" for depth in range(200)),
    "lists in one line": "- " * 1_000 + "a",
    "quotations": ">" * 1_000 + " a",
    "emphasis": "*a " * 700 + "a* " * 700,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_what_is_too_deep_is_refused_and_never_left_out(text: str) -> None:
    _, wrong = written(f"Een.\n\n{text}")
    assert len(wrong) == 1 and wrong[0] >= 3


def test_six_lists_in_each_other_are_not_too_deep() -> None:
    body, wrong = written("".join("  " * depth + f"- punt{depth}\n" for depth in range(6)))
    assert wrong == [] and "punt5" in body


@pytest.mark.parametrize(
    "text",
    ["|a" * 9 + "|\n" + "|-" * 9 + "|\n", "- a\n" * 4_000, "[" * 5_000, "a\n" + "`" * 5_000, "<" * 5_000],
    ids=["columns", "parts", "brackets", "ticks", "angles"],
)
def test_what_would_take_long_is_refused(text: str) -> None:
    assert written(text)[1] == [1]


def test_headings_come_below_the_title_whatever_level_they_were_written_at() -> None:
    assert '<h2 dir="auto">A</h2>' in written("### A\n\n##### B\n\ntekst")[0]
    body = written("# A\n\n### B\n\n#### C\n\n###### D", heading="Verloop")[0]
    assert [body.count(f"<h{level} ") for level in (1, 2, 3, 4, 5)] == [0, 1, 1, 3, 0]


class Tags(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[tuple[str, str, str]] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {(tag, "", "")} | {(tag, name, value or "") for name, value in attrs}


OURS = {
    "h2", "h3", "h4", "p", "ul", "ol", "li", "blockquote", "hr", "pre", "code", "em", "strong", "a", "br", "table",
    "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
MARKUP = st.sampled_from([
    "# ", "- ", "1. ", "> ", "    ", "\n", "\n\n", "*", "**", "`", "```x\n", "[a](", "](", ")", "<", ">", "<a href=x>",
    "https://a.example", "javascript:x", "|", "|-|-|\n", "&lt;", "&#60;", "\\", "<!--", "{{ x }}", "'", '"', "7. ", "!",
])  # fmt: skip


@settings(max_examples=150)
@example(["[a](", "javascript:x", ")", "```x\n", '"', "<a href=x>"])
@given(st.lists(MARKUP | st.text(max_size=6), max_size=25))
def test_nothing_but_our_own_markup_ever_comes_of_markdown(pieces: list[str]) -> None:
    for tag, name, value in Tags(written("".join(pieces))[0]).found:
        assert tag in OURS
        assert (name, value) in {("", ""), ("dir", "auto"), ("class", "whole")} or {
            "href": value.casefold().startswith(("https://", "mailto:")),
            "start": value.isdigit(),
            "style": value.startswith(("text-align:", "counter-reset: list-item ")),
        }.get(name), (tag, name, value)


# What the coach gives finished


def blank(pages: int = 1, change: Callable[[Pdf], object] = lambda _: None, **how: object) -> bytes:
    with Pdf.new() as pdf:
        for _ in range(pages):
            pdf.add_blank_page(page_size=(595, 842))
        change(pdf)
        saved = io.BytesIO()
        pdf.save(saved, **how)  # type: ignore[arg-type]  # whatever pikepdf takes
    return saved.getvalue()


def drawn(data: bytes) -> list[bytes]:
    with Pdf.open(io.BytesIO(data)) as pdf:
        return [pikepdf.unparse_content_stream(pikepdf.parse_content_stream(page)) for page in pdf.pages]


def test_a_finished_pdf_is_taken_with_our_name_inside_and_nothing_put_on_its_pages(practice: Practice) -> None:
    given_pdf = forms.sent().data
    with Pdf.open(io.BytesIO(given_pdf)) as pdf:
        del pdf.docinfo["/PipelineDocument"]
        saved = io.BytesIO()
        pdf.save(saved)
    made = printed(practice, saved.getvalue(), "verslag.pdf")
    assert (made.pages, made.marked, fingerprint(made.data)) == (2, True, f"{CODE} v2")
    assert drawn(made.data) == drawn(given_pdf)
    assert printed(practice, saved.getvalue(), "verslag.pdf").data == made.data


def test_a_pdf_that_the_coach_signed_stays_as_it_is_byte_for_byte(practice: Practice) -> None:
    signed = forms.signed(blank(2), "Marjan Vermeer")
    made = printed(practice, signed, "verslag.pdf")
    assert (made.data, made.pages, made.marked) == (signed, 2, False)


def link(**more: Any) -> Array:
    return Array([Dictionary(Type=Name.Annot, Rect=Array([0, 0, 9, 9]), **more)])


SCRIPT: dict[str, Any] = {"S": Name.JavaScript, "JS": String("app.alert(1)")}
ACTING: dict[str, Callable[[Pdf], object]] = {
    "a script at opening": lambda pdf: pdf.Root.update({"/OpenAction": Dictionary(**SCRIPT)}),
    "a script of a page": lambda pdf: pdf.pages[0].obj.update(
        {"/AA": Dictionary(O=pdf.make_indirect(Dictionary(**SCRIPT)))}
    ),
    "a program behind a link": lambda pdf: pdf.pages[0].obj.update(
        {"/Annots": link(Subtype=Name.Link, A=Dictionary(S=Name.Launch, F=String("a.exe")))}
    ),
    "a file inside": lambda pdf: pdf.attachments.update({"a.txt": b"x"}),  # type: ignore[dict-item]  # it takes bytes
    "a form of its own": lambda pdf: pdf.Root.update({"/AcroForm": Dictionary(XFA=Array([]), Fields=Array([]))}),
    "a film": lambda pdf: pdf.pages[0].obj.update({"/Annots": link(Subtype=Name.RichMedia)}),
}


@pytest.mark.parametrize("change", ACTING.values(), ids=ACTING)
def test_a_pdf_in_which_something_acts_is_refused(practice: Practice, change: Callable[[Pdf], object]) -> None:
    data = blank(change=change)
    assert refusal(practice, data, "v.pdf").startswith("v.pdf:1:1: in deze pdf zit een script, opdracht of ander")


def test_a_pdf_that_is_locked_broken_or_endless_is_refused(practice: Practice) -> None:
    locked = "v.pdf:1:1: deze pdf is beveiligd of zit achter een wachtwoord; sla het verslag op zonder beveiliging"
    assert refusal(practice, lock(blank(), "geheim"), "v.pdf") == locked
    for_reading_only = blank(
        encryption=pikepdf.Encryption(owner="o", user="", allow=pikepdf.Permissions(extract=False))
    )
    assert refusal(practice, for_reading_only, "v.pdf") == locked
    for broken in (b"%PDF-1.7 and nothing more", b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>"):
        assert refusal(practice, broken, "v.pdf").startswith("v.pdf:1:1: dit is van binnen geen leesbare pdf")
    assert refusal(practice, blank(MOST_PAGES + 1), "v.pdf") == (
        f"v.pdf:1:1: dit verslag is langer dan {MOST_PAGES} bladzijden; kort het in"
    )
    assert [word for _, word, _ in too_long(MOST_PAGES + 1)] == ["report_too_long"] and too_long(MOST_PAGES) == []


def document(change: Callable[[dict[str, bytes]], object] = lambda _: None) -> bytes:
    """Give a Word file of one sentence, with its parts changed."""
    saved, again = io.BytesIO(), io.BytesIO()
    made = Document()
    made.add_paragraph("Een {{ zin }} over rust.")
    made.save(saved)
    with zipfile.ZipFile(saved) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    change(parts)
    with zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in parts.items():
            target.writestr(name, data)
    return again.getvalue()


SOUND, OF_THREE = document(), blank(3)


@given(st.integers(8, len(OF_THREE) - 8), st.integers(4, len(SOUND) - 30), st.binary(min_size=1, max_size=9))
def test_half_a_file_is_never_a_report(at: int, at_word: int, other: bytes) -> None:
    assert [word for _, word, _ in finished(OF_THREE[:at], CODE, 1)[0]["wrong"]] == ["report_not_pdf"]
    assert word_wrong(SOUND[:at_word]) == "report_not_word"
    changed = SOUND[:at_word] + other + SOUND[at_word + len(other) :]
    assert word_wrong(changed) in {"", "report_not_word", "report_macros", "report_outside", "report_tracked"}


def test_a_paper_of_another_dossier_is_never_taken_for_a_report(practice: Practice) -> None:
    for other in ("R3ST-0000-4", "K7Q4-MX2P-1"):
        data = stamp(blank(), other, 1, "")[0]
        assert f"dit is een stuk van ons, nummer {other} v1" in refusal(practice, data, "v.pdf")
    earlier = stamp(blank(), CODE, 1, "")[0]
    assert fingerprint(printed(practice, earlier, "v.pdf").data) == f"{CODE} v2"


def in_text(piece: str) -> Callable[[dict[str, bytes]], object]:
    def change(parts: dict[str, bytes]) -> None:
        text = parts["word/document.xml"]
        parts["word/document.xml"] = text.replace(b"</w:p>", f"{piece}</w:p>".encode(), 1)

    return change


def outside(parts: dict[str, bytes]) -> None:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
    link = f'<Relationship Id="x" Type="{kind}" Target="http://x.example/x.png" TargetMode="External"/>'
    name = "word/_rels/document.xml.rels"
    parts[name] = parts[name].replace(b"</Relationships>", f"{link}</Relationships>".encode())


RUN = "<w:r><w:t>x</w:t></w:r>"
FIELD = "<w:r><w:instrText>{}</w:instrText></w:r>"
WORD_FILES = {
    "sound": (document(), ""),
    "macros": (document(lambda parts: parts.update({"word/vbaProject.bin": b"x"})), "report_macros"),
    "macros by type": (
        document(lambda parts: parts.update({"[Content_Types].xml": parts["[Content_Types].xml"].replace(
            b"wordprocessingml.document.main", b"macroEnabled.main")})), "report_macros"),
    "a picture elsewhere": (document(outside), "report_outside"),
    "a file by a field in pieces": (
        document(in_text(FIELD.format("INCLU") + FIELD.format('DETEXT "/etc/passwd"'))), "report_outside"),
    "a web page by a field": (document(in_text(FIELD.format('HYPERLINK "https://x.example"'))), ""),
    "tracked words": (document(in_text(f'<w:ins w:id="1" w:author="x">{RUN}</w:ins>')), "report_tracked"),
    "tracked and gone": (document(in_text('<w:del w:id="1" w:author="x"><w:r/></w:del>')), "report_tracked"),
    "no zip": (b"PK\3\4 and nothing more", "report_not_word"),
    "no Word": (document(lambda parts: parts.pop("word/document.xml")), "report_not_word"),
    "broken": (document(lambda parts: parts.update({"word/document.xml": b"<w:document"})), "report_not_word"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "word"), WORD_FILES.values(), ids=WORD_FILES)
def test_a_word_file_fetches_nothing_runs_nothing_and_hides_no_changes(data: bytes, word: str) -> None:
    assert word_wrong(data) == word


@contextmanager
def without_office(practice: Practice, tmp_path: Path) -> Iterator[None]:
    """Let no program be found, as on a computer without LibreOffice."""
    usual = practice.press
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        practice.press = Press(practice.folder / "templates", tmp_path / "press", office.to_pdf)
        try:
            yield
        finally:
            practice.press.close()
            practice.press = usual


def test_without_libreoffice_the_coach_is_told_what_to_do(practice: Practice, tmp_path: Path) -> None:
    (tmp_path / "press").mkdir()
    with without_office(practice, tmp_path):
        said = refusal(practice, document(), "verslag.docx")
        assert "bijgehouden wijzigingen" in refusal(practice, WORD_FILES["tracked words"][0], "verslag.docx")
    assert said.startswith("verslag.docx:1:1: dit Word-bestand kon hier geen pdf worden. Sla het zelf op als pdf")
    assert "sudo apt-get install" in said


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice turns Word into PDF; it is not installed here")
def test_a_word_report_becomes_a_pdf_with_our_name_and_its_words_are_no_template(practice: Practice) -> None:
    made = printed(practice, document(), "verslag.docx")
    assert (made.pages, fingerprint(made.data)) == (1, f"{CODE} v2")
    assert "Een{{zin}}overrust." in words(made.data)


def test_a_section_without_a_line_of_its_own_is_told_by_where_it_begins() -> None:
    section = Section("Een.\n\n![x](y)", 7, straight=False, heading="Verloop")
    told = {"text": section.text, "line": section.line, "straight": section.straight, "heading": section.heading}
    assert html([told])[1] == [(7, "report_image", {})]
