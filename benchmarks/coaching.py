"""What a coaching takes beside the bare library calls for the same: `python -m benchmarks.coaching`.

Each is measured in turns, product and floor, in one process with everything loaded. The floor of an invoice is the same
page printed by WeasyPrint as PDF/A-3, with the XML put in by factur-x; that of a profile the bare text of its pages;
that of a reply the standard library's parser.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from email import message_from_bytes, policy
from pathlib import Path

import pypdfium2
from facturx import generate_from_binary
from weasyprint import HTML

from benchmarks import machine
from benchmarks.table import Row
from pipeline import examples
from pipeline.bill import Invoice
from pipeline.config.invoicing import Invoicing
from pipeline.config.practice import read_practice_file
from pipeline.edges import office
from pipeline.edges.press import Press
from pipeline.edges.reader import Reader
from pipeline.incoming import message
from pipeline.incoming.answers.assent import assent
from pipeline.outgoing.billing.einvoice import business_terms
from pipeline.outgoing.values.invoice import bill_lines, buyer, exemption, invoice_values, seller
from pipeline.policy.addressee import Chosen, Dropped, Person, doubts
from pipeline.press.assets import Assets, Fetcher
from pipeline.press.invoice import FACTUR_X, UBL, xml
from pipeline.press.templates import environment
from tests.incoming.replies import ALL_OURS, replies
from tests.reading import profiles

ROOT = Path(__file__).parent.parent
CODE = "K7Q4-MX2P-5"
FULL, QUICK = 40, 5


def measured(times: int, product: Callable[[], object], floor: Callable[[], object]) -> tuple[list[float], list[float]]:
    """Give the seconds of each turn; the first of both is not counted."""
    found: tuple[list[float], list[float]] = ([], [])
    for turn in range(times + 1):
        for act, seconds in ((product, found[0]), (floor, found[1])):
            begun = time.perf_counter()
            act()
            if turn:
                seconds.append(time.perf_counter() - begun)
    return found


def invoices(times: int, scratch: Path) -> Row:
    """Measure one invoice: PDF/A-3 with its Factur-X, and the UBL."""
    file, revision = read_practice_file(ROOT), examples.revisions("nl")[1]
    rules = Invoicing()
    lines = bill_lines(list(file.programmes["loopbaan"].lines), rules)
    invoice = Invoice(
        "F2026-0001", date(2026, 11, 23), date(2026, 12, 7), seller(file.practice), buyer(revision.client), lines,
        revision.reference, "nl", exemption=exemption(rules, "nl"),
    )  # fmt: skip
    values, terms = invoice_values(invoice, CODE, 1, file.practice), business_terms(invoice)
    press, assets = Press(ROOT / "templates", scratch, office.to_pdf), Assets(ROOT / "templates")
    pages, fetcher = environment(assets, escape=True), Fetcher(assets)

    def floor() -> None:
        html = pages.get_template("nl/invoice.html").render(values)
        printed = HTML(string=html, url_fetcher=fetcher).write_pdf(pdf_variant="pdf/a-3b")
        generate_from_binary(printed, xml(terms, FACTUR_X), flavor="factur-x", level="en16931", check_xsd=False)
        xml(terms, UBL)

    product, bare = measured(times, lambda: press.invoice("nl/invoice.html", values, terms, CODE, 1), floor)
    press.close()
    return Row("one invoice, to PDF/A-3 with Factur-X, and UBL", bare, product)


def whose(times: int, scratch: Path) -> Row:
    """Measure whose a profile of 25 pages is, among 200 clients with names of their own."""
    data, reader = profiles.pressed(profiles.of("Sanne Jansen")), Reader(scratch)
    others = tuple(Person(f"D{number}", f"Naam Achternaam{number}", f"n{number}@home.example") for number in range(200))
    hers = Person("K7Q4-MX2P", "Sanne Jansen", "sanne@home.example")

    def product() -> None:
        text = reader.text(data)
        doubts(Dropped(hers, "sanne@home.example", text, Chosen.FILE, others=others, known_address=True))

    def floor() -> None:
        for page in pypdfium2.PdfDocument(data):
            page.get_textpage().get_text_range()

    seconds, bare = measured(times, product, floor)
    reader.close()
    return Row("whose a profile of 25 pages is, among 200 clients", bare, seconds)


def replies_read(times: int) -> Row:
    """Measure how long a reply takes to be read strictly: all of the corpus, from bytes to answer."""
    raws = [one.raw for one in replies()]
    product, floor = measured(
        times, lambda: [assent(message.read(raw), ALL_OURS) for raw in raws],
        lambda: [message_from_bytes(raw, policy=policy.default).get_body(("plain", "html")) for raw in raws],
    )  # fmt: skip
    count = len(raws)
    return Row("one reply, read strictly", [each / count for each in floor], [each / count for each in product])


def all_of(folder: Path, times: int) -> list[Row]:
    """Measure everything; gives the table's rows."""
    return [invoices(times, folder / "press"), whose(times, folder / "reading"), replies_read(max(2, times // 8))]


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    chosen = machine.command("coaching", __doc__, f"{QUICK} turns instead of {FULL}").parse_args(arguments)
    machine.show(lambda folder: all_of(folder, QUICK if chosen.quick else FULL), "")


if __name__ == "__main__":
    main()
