"""Invoices as a buyer gets them: a page to read, and XML that keeps the official rules, which are really run here."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import facturx
import pikepdf
import pypdfium2
import pytest
import zxingcpp
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.bill import Address, BillLine, Buyer, Exemption, Invoice, address, credit_note, part, without_vat
from pipeline.config.invoicing import Invoicing
from pipeline.config.practice import Identity
from pipeline.edges.press import PrintedInvoice
from pipeline.outgoing.billing.einvoice import business_terms
from pipeline.outgoing.values.invoice import exemption, invoice_values, part_described, seller
from pipeline.practice import Practice
from pipeline.press.invoice import FACTUR_X, INSIDE, UBL, xml
from pipeline.press.stamp import fingerprint
from tests.en16931 import Verdict, verdicts
from tests.test_bill import INVOICE, LINE, SELLER, bill_lines, percents
from tests.world import World

EMPTY_ELEMENT = "PEPPOL-EN16931-R008"
"""The one warning there is: CII demands the delivery's element, also where no day of delivery is known."""
CODE = "K7Q4-MX2P-5"
SHARES = [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]
TRAINING, KOR = Invoicing(exempt_text="training"), Invoicing(small_business=True)
LINES = (
    BillLine("Intakegesprek", Decimal(1), "gesprek", Decimal("0.00"), Decimal(21)),
    BillLine("Coachgesprek\nin de praktijk, of wandelend", Decimal(6), "uur", Decimal("165.00"), Decimal(21)),
    BillLine("Korting <vaste klant> & welkom", Decimal(1), None, Decimal("-50.00"), Decimal(21)),
    BillLine('Werkboek "Koers"', Decimal("1.5"), "stuks", Decimal("24.95"), Decimal(9)),
)  # fmt: skip
TOWN = Buyer("Gemeente Lindendal", "P. de Wit", address("Stadsplein 1\n3600 AB Lindendal"), "87654321", "PO-2026-118")
FULL = replace(INVOICE, buyer=TOWN, lines=LINES, agreement="2026-0001", supplied=(date(2026, 9, 1), date(2026, 11, 20)))
FREE = without_vat(LINES)
NO_BTW = replace(SELLER, btw=None)
ABROAD = Buyer("Atelier Linde", address=address("Rue de la Loi 1\n3e étage\nB-1000 Brussel\nBelgië"))

SHAPES: dict[str, Invoice] = {
    "an organisation with an order number": FULL,
    "a person": replace(INVOICE, supplied=(date(2026, 11, 20), date(2026, 11, 20))),
    "one rate, no day known": replace(FULL, supplied=None, agreement=None),
    "three rates and exempt": replace(
        FULL,
        lines=(*LINES, replace(LINE, vat=None), replace(LINE, vat=Decimal(0))),
        exemption=exemption(TRAINING, "nl"),
    ),
    "training": replace(FULL, lines=FREE, exemption=exemption(TRAINING, "nl")),
    "training, without a VAT number": replace(FULL, lines=FREE, exemption=exemption(TRAINING, "en"), seller=NO_BTW),
    "an exemption in the practice's own words": replace(FULL, lines=FREE, exemption=Exemption("Artikel 11, lid 1, g")),
    "small business": replace(FULL, lines=FREE, exemption=exemption(KOR, "nl"), small_business=True),
    "small business, without a VAT number": replace(
        FULL, lines=FREE, exemption=exemption(KOR, "nl"), small_business=True, seller=NO_BTW
    ),
    "a credit note": credit_note(FULL, "F2026-0002", date(2026, 11, 25)),
    "a credit note of what was exempt": credit_note(
        replace(FULL, lines=FREE, exemption=exemption(TRAINING, "nl")), "F2026-0002", date(2026, 11, 25)
    ),
    "nothing to pay": replace(FULL, lines=LINES[:1]),
    "less than nothing": replace(FULL, lines=(LINES[0], LINES[2])),
    "a discount at zero percent, and a tenth of a cent": replace(
        FULL,
        lines=(
            LINE,
            BillLine("Korting", Decimal(1), None, Decimal("-50.00"), Decimal(0)),
            BillLine("Afronding", Decimal("0.100"), None, Decimal("-0.01"), Decimal(21)),
        ),
    ),
    "abroad, with an address of four lines": replace(FULL, buyer=ABROAD),
    "an address that cannot be read": replace(FULL, buyer=replace(TOWN, address=Address(("a", "b", "c", "d")))),
    "zero percent": replace(FULL, lines=(replace(LINE, vat=Decimal(0)),)),
    "characters that XML does not have": replace(FULL, lines=(replace(LINE, description="A \ufffe<&> \U0001f333"),)),
    **{
        f"part {number} of three": replace(FULL, lines=part(LINES, SHARES, number, f"Deel {number}"), supplied=None)
        for number in (1, 2, 3)
    },
}  # fmt: skip


def both(terms: dict[str, Any]) -> list[tuple[str, bytes]]:
    """One invoice in both forms."""
    return [(form, xml(terms, form)) for form in (FACTUR_X, UBL)]


def a_cent_more(terms: dict[str, Any]) -> None:
    terms["BT-112"] = terms["BT-115"] = str(Decimal(terms["BT-112"]) + Decimal("0.01"))


def a_cent_more_vat(terms: dict[str, Any]) -> None:
    terms["BT-110"] = str(Decimal(terms["BT-110"]) + Decimal("0.01"))


def no_reason(terms: dict[str, Any]) -> None:
    for row in terms["BG-23"]:
        row.pop("BT-120", None), row.pop("BT-121", None)


def a_price_below_zero(terms: dict[str, Any]) -> None:
    terms["BG-25"][0]["BT-146"] = "-1.00"


def no_tax_number(terms: dict[str, Any]) -> None:
    terms["BG-4"].pop("vat_identifier")


def an_unknown_country(terms: dict[str, Any]) -> None:
    terms["BG-7"]["country_code"] = "XX"


WRONG: dict[str, tuple[str, Callable[[dict[str, Any]], None], set[str]]] = {
    "a total that is a cent too high": ("three rates and exempt", a_cent_more, {"BR-CO-15"}),
    "a VAT total that is a cent too high": ("three rates and exempt", a_cent_more_vat, {"BR-CO-14"}),
    "no reason for the exemption": ("training", no_reason, {"BR-E-10"}),
    "a price below zero": ("a person", a_price_below_zero, {"BR-27"}),
    "VAT without a VAT number": ("a person", no_tax_number, {"BR-S-02"}),
    "no VAT number nor another where all is exempt": ("training", no_tax_number, {"BR-E-02"}),
    "a country that is none": ("a person", an_unknown_country, {"BR-CL-14", "FX-SCH-A-000568"}),
}
"""What is made wrong, in which shape, and the rule that must say so (a code list has another number in each form)."""


@pytest.fixture(scope="module")
def judged() -> dict[tuple[str, str], Verdict]:
    """What the official rules say of every shape, right and wrong, in both forms; one process for all."""
    documents: dict[tuple[str, str], bytes] = {}
    for name, invoice in SHAPES.items():
        documents |= {(name, form): made for form, made in both(business_terms(invoice))}
    for name, (shape, spoil, _) in WRONG.items():
        terms = business_terms(SHAPES[shape])
        spoil(terms)
        documents |= {(name, form): made for form, made in both(terms)}
    found = verdicts([(form, made) for (_, form), made in documents.items()])
    return dict(zip(documents, found, strict=True))


@pytest.mark.parametrize("form", [FACTUR_X, UBL])
@pytest.mark.parametrize("name", SHAPES)
def test_every_invoice_keeps_the_official_rules(judged: dict[tuple[str, str], Verdict], name: str, form: str) -> None:
    verdict = judged[name, form]
    assert (verdict.shape, verdict.failed) == ((), ())
    assert verdict.fired > 40
    known = {EMPTY_ELEMENT} if form == FACTUR_X and SHAPES[name].supplied is None else set()
    assert set(verdict.warned) == known


@pytest.mark.parametrize("form", [FACTUR_X, UBL])
@pytest.mark.parametrize("name", WRONG)
def test_the_rules_find_what_is_wrong(judged: dict[tuple[str, str], Verdict], name: str, form: str) -> None:
    verdict = judged[name, form]
    assert WRONG[name][2] & set(verdict.failed)
    assert not verdict.good


@pytest.mark.long
@pytest.mark.timeout(1800)
@settings(max_examples=10, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
@given(st.data())
def test_hundreds_of_odd_invoices_and_their_parts_keep_the_official_rules(data: st.DataObject) -> None:
    text = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=60).filter(str.strip)
    documents: list[tuple[str, bytes]] = []
    for _ in range(10):
        lines, shares = data.draw(bill_lines(text)), data.draw(percents())
        parts = [part(lines, shares, number, "Deel") for number in range(1, len(shares) + 1)]
        for billed in (tuple(lines), *parts):
            invoice = replace(FULL, lines=billed, exemption=exemption(TRAINING, "nl"))
            documents += [*both(business_terms(invoice)), *both(business_terms(credit_note(invoice, "F2", date.max)))]
    wrong = [
        (verdict, made) for verdict, (_, made) in zip(verdicts(documents), documents, strict=True) if not verdict.good
    ]
    assert wrong[:1] == []


def test_the_goal_and_who_is_coached_are_in_no_xml() -> None:
    for _, made in both(business_terms(FULL)):
        assert INVOICE.buyer.name not in made.decode()
        assert TOWN.name in made.decode()


# The page, and the file it comes in


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    with World(tmp_path_factory.mktemp("practice")).opened() as opened:
        yield opened


def identity(practice: Practice, **changes: object) -> Identity:
    return practice.file.practice.model_copy(update=changes)


def printed(practice: Practice, invoice: Invoice, who: Identity, goal: str | None = None) -> PrintedInvoice:
    values = invoice_values(invoice, CODE, 1, who, goal)
    return practice.press.invoice(f"{invoice.language}/invoice.html", values, business_terms(invoice), CODE, 1)


@pytest.fixture(scope="module")
def bill(practice: Practice) -> tuple[Invoice, PrintedInvoice]:
    who = identity(practice, name="Praktijk Zoë & De Linde")
    invoice = replace(FULL, seller=seller(who))
    return invoice, printed(practice, invoice, who)


def text_of(data: bytes) -> str:
    """The words on all pages, one space apart."""
    pages = pypdfium2.PdfDocument(data)
    return " ".join(" ".join(page.get_textpage().get_text_range() for page in pages).split())


def codes_of(data: bytes) -> list[str]:
    """What a phone reads on the first page."""
    picture = pypdfium2.PdfDocument(data)[0].render(scale=150 / 72).to_pil()
    return [code.text for code in zxingcpp.read_barcodes(picture)]


def inside(data: bytes) -> dict[str, bytes]:
    with pikepdf.Pdf.open(io.BytesIO(data)) as pdf:
        return {name: file.get_file().read_bytes() for name, file in pdf.attachments.items()}


def test_the_xml_in_the_pdf_is_the_very_one_and_the_ubl_lies_beside_it(bill: tuple[Invoice, PrintedInvoice]) -> None:
    invoice, made = bill
    factur_x, ubl = (document for _, document in both(business_terms(invoice)))
    assert inside(made.data) == {INSIDE: factur_x}
    assert facturx.get_xml_from_pdf(made.data, check_xsd=True) == (INSIDE, factur_x), "others find it there too"
    assert made.ubl == ubl


def test_the_file_says_that_it_is_for_keeping_and_what_is_in_it(bill: tuple[Invoice, PrintedInvoice]) -> None:
    with pikepdf.Pdf.open(io.BytesIO(bill[1].data)) as pdf:
        root = pdf.Root
        (file,) = root.AF
        assert [str(told) for told in (file.AFRelationship, file.UF, file.EF.F.Subtype)] == [
            "/Alternative",
            INSIDE,
            "/text/xml",
        ]
        assert "/AcroForm" not in root and "/OpenAction" not in root
        assert root.OutputIntents[0].S == "/GTS_PDFA1" and "/ID" in pdf.trailer
        told = pdf.open_metadata()
        assert (told["pdfaid:part"], told["pdfaid:conformance"]) == ("3", "B")
        namespace = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}"
        assert [told[namespace + name] for name in ("ConformanceLevel", "DocumentFileName", "DocumentType")] == [
            "EN 16931", INSIDE, "INVOICE"
        ]  # fmt: skip
        assert told["dc:title"] == str(pdf.docinfo["/Title"]) == "Factuur F2026-0001 \u2013 Praktijk Zoë & De Linde"
        assert told["dc:creator"] == [str(pdf.docinfo["/Author"])]
        assert told["pdf:Producer"] == str(pdf.docinfo["/Producer"])
        assert (told["xmp:CreateDate"], str(pdf.docinfo["/CreationDate"])) == (
            "2026-11-22T00:00:00+00:00", "D:20261122000000+00'00'"
        )  # fmt: skip
        etree.fromstring(root.Metadata.read_bytes())


def test_every_font_is_in_the_file(bill: tuple[Invoice, PrintedInvoice]) -> None:
    with pikepdf.Pdf.open(io.BytesIO(bill[1].data)) as pdf:
        described = [thing for thing in pdf.objects if isinstance(thing, pikepdf.Dictionary) and "/FontName" in thing]
        assert described and all("/FontFile2" in font or "/FontFile3" in font for font in described)


def test_the_same_invoice_is_the_same_bytes_and_knows_its_name(
    practice: Practice, bill: tuple[Invoice, PrintedInvoice]
) -> None:
    invoice, made = bill
    again = printed(practice, invoice, identity(practice, name="Praktijk Zoë & De Linde"))
    assert again == made
    assert fingerprint(made.data) == f"{CODE} v1"


def test_what_the_law_asks_for_is_on_the_page(practice: Practice, bill: tuple[Invoice, PrintedInvoice]) -> None:
    page, who = text_of(bill[1].data), practice.file.practice
    for words in (
        "F2026-0001", "22 november 2026", "6 december 2026", "Praktijk Zoë & De Linde", who.street, who.postcode,
        who.kvk, str(who.btw), who.iban, "Gemeente Lindendal", "Stadsplein 1", "3600 AB Lindendal", "87654321",
        "PO-2026-118", "2026-0001", "K7Q4-MX2P", "1 sep", "20 nov 2026", "6 uur", "€ 165,00", "€ 990,00",
        "Btw 21% over € 940,00", "€ 197,40", "Btw 9% over € 37,43", "€ 3,37", "€ 977,43", "€ 1.178,20",
    ):  # fmt: skip
        assert words in page, words


def test_a_phone_reads_the_whole_payment_from_the_code(bill: tuple[Invoice, PrintedInvoice]) -> None:
    iban = bill[0].seller.iban.replace(" ", "")
    lines = ["BCD", "002", "1", "SCT", "", "Praktijk Zoë & De Linde", iban, "EUR1178.2", "", "", "F2026-0001"]
    assert codes_of(bill[1].data) == ["\n".join(lines)]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_credit_note_says_what_it_takes_back_and_has_no_code(practice: Practice, language: str) -> None:
    note = replace(SHAPES["a credit note"], language=language)
    made = printed(practice, note, identity(practice))
    page = text_of(made.data)
    title = {"nl": "Creditfactuur", "en": "Credit note"}[language]
    assert title in page and "F2026-0002" in page and "F2026-0001" in page
    assert codes_of(made.data) == [] and note.seller.iban not in page


@pytest.mark.parametrize("name", ["nothing to pay", "less than nothing"])
def test_where_nothing_is_to_be_paid_there_is_nothing_to_scan(practice: Practice, name: str) -> None:
    made = printed(practice, SHAPES[name], identity(practice))
    assert "U hoeft niets te betalen." in text_of(made.data) and codes_of(made.data) == []


@pytest.mark.parametrize(("language", "reason"), [("nl", "kleineondernemersregeling"), ("en", "small business scheme")])
def test_a_small_business_bills_no_vat_and_says_why(practice: Practice, language: str, reason: str) -> None:
    who = identity(practice, btw=None)
    invoice = replace(FULL, seller=seller(who), lines=FREE, small_business=True, language=language)
    page = text_of(printed(practice, replace(invoice, exemption=exemption(KOR, language)), who).data)
    assert reason in page and "21%" not in page and "NL00" not in page
    assert {"nl": "€ 977,43", "en": "€977.43"}[language] in page


def test_a_part_names_its_quote_and_the_goal_is_there_only_when_asked_for(practice: Practice) -> None:
    described = part_described("Koers en rust", SHARES, 1, "2026-0001", "nl")
    assert described == "Koers en rust: deel 1 van 3 (33,33%) van offerte 2026-0001"
    invoice = replace(INVOICE, lines=part(LINES, SHARES, 1, described))
    with_goal, without = (printed(practice, invoice, identity(practice), goal) for goal in ("Rust in de week.", None))
    assert described in text_of(without.data) and "Rust in de week." in text_of(with_goal.data)
    assert "Rust" not in text_of(without.data)
    assert inside(with_goal.data) == inside(without.data)


def test_forty_lines_are_more_pages_with_a_head_each_and_how_to_pay_at_the_end(practice: Practice) -> None:
    many = tuple(replace(LINE, description=f"Gesprek {number}, met een terugblik") for number in range(1, 41))
    made = printed(practice, replace(FULL, lines=many), identity(practice))
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(made.data)]
    assert len(pages) == made.pages == 3
    assert ["Omschrijving" in page and "Tarief" in page for page in pages[:2]] == [True, True]
    assert ["Rekening" in page for page in pages] == [False, False, True]
    assert "".join(pages).count("Te betalen") == 1
