"""`pipeline receipt`: what the person gets to read of an erasure, in plain words, and nobody else can tell of whom."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pypdfium2
import pytest

from pipeline import statements
from pipeline.edges import ledger
from pipeline.policy.plan import Ending, Held
from pipeline.policy.policy import read_policy
from pipeline.policy.schema.base import Category, Grade
from pipeline.policy.terms import Life, Term
from pipeline.practice import Practice
from pipeline.retention import forecast, receipts
from pipeline.retention.holdings import PARTS
from pipeline.retention.numbered import NUMBERED
from pipeline.retention.receipt_page import receipt_values
from tests.cli.commands import Typing
from tests.world import World

REFERENCE = "K7Q4-MX2P"
PROMISED = datetime(2026, 11, 2, 9, tzinfo=UTC)
LATE = datetime(2031, 11, 19, 23, 30, tzinfo=UTC)  # in Utrecht it is the 20th by then
ENDED = datetime(2034, 1, 1, 9, tzinfo=UTC)


def erased(
    practice: Practice, *parts: str, at: datetime = LATE, rules: str = "kleur.general", clauses: str = "K-12",
    grade: Grade = Grade.UNRECOVERABLE_INSIDE,
) -> None:  # fmt: skip
    """Have parts of the dossier erased, as the ledger tells it."""
    for part in parts:
        with practice.database.transaction():
            ledger.record(practice.database, at, "erasure.verified", dossier=REFERENCE, part=part, rules=rules,
                          clauses=clauses, due="2031-11-20", grade=grade)  # fmt: skip


def kept() -> Ending:
    """Give what the law still keeps: the invoice."""
    life = Life(date(2026, 11, 20), engaged=True, events={})
    term = Term(Category.INVOICE, date(2034, 1, 1), date(2034, 1, 2), ("law.fiscal",))
    return Ending(Held(REFERENCE, Category.INVOICE, "statutory 2026-0001", life, named="number"), term)


def begun(practice: Practice) -> None:
    """Have a dossier erased but for what the law keeps of it."""
    statements.activate(practice, PROMISED)
    erased(practice, "client", "goal")
    erased(practice, "mail_out", grade=Grade.COMMANDED)
    receipts.write(practice, REFERENCE, [kept()])


@dataclass(frozen=True)
class Made:
    """What can be given to the person while the law keeps something, and at the end."""

    paper: bytes
    again: bytes
    english: bytes
    web: str
    ended: bytes


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Every page of one receipt, made in one go: printing is the slow part."""
    with World(tmp_path_factory.mktemp("receipts")).opened() as practice:
        begun(practice)
        paper, again, english = (receipts.page(practice, REFERENCE, one) for one in ("nl", "nl", "en"))
        web = receipts.page(practice, REFERENCE, "en", web=True).decode()
        erased(practice, "statutory 2026-0001", at=ENDED, rules="law.fiscal", clauses="")
        with practice.database.transaction():
            ledger.record(practice.database, ENDED, "dossier.ended", dossier=REFERENCE, grade=Grade.OBSERVED_ABSENT)
        receipts.write(practice, REFERENCE, [])
        return Made(paper, again, english, web, receipts.page(practice, REFERENCE, "en"))


@pytest.fixture
def given(typed: Typing) -> Typing:
    """A practice that has erased a dossier but for what the law keeps of it."""
    with typed.world.opened() as practice:
        begun(practice)
    return typed


def text_of(pdf: bytes) -> str:
    """Give the words of all pages."""
    pages = pypdfium2.PdfDocument(pdf)
    return " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in pages)


def said_in(html: str) -> str:
    """Give the words of a page for the web."""
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL).split())


def test_it_says_what_went_when_by_which_promise_and_how_sure_that_is(made: Made) -> None:
    text = text_of(made.paper)
    for said in (
        "Bewijs van wissen Kenmerk K7Q4-MX2P · 20 november 2031",
        "20 november 2031 Naam en contactgegevens en doel van de coaching Daarna is in alles wat wij bewaren gezocht",
        "K-12: “Persoonsgegevens worden bewaard tot vijf jaar na afsluiting, hoogstens zeven;",
        "Tot 5 jaar na de afsluiting van de coaching, nooit langer dan 7 jaar",
        "Verzonden mail Het is verwijderd; elders stond er toen nog een spoor van, of dat was niet na te gaan.",
        "1 januari 2034 Factuur 2026-0001 (wat de wet noemt) Een wettelijke plicht (art. 52 AWR; art. 35a Wet OB)",
        "Ten minste 7 jaar na het einde van het boekjaar",
    ):
        assert said in text


def test_once_the_dossier_has_ended_it_says_that_nothing_is_kept(made: Made) -> None:
    text = text_of(made.ended)
    assert "Nothing. On 1 January 2034 the last of what belonged to this reference was removed as well." in text
    assert "1 January 2034 Invoice 2026-0001 (what the law names)" in text


def test_the_same_receipt_gives_the_same_bytes(made: Made) -> None:
    assert made.paper == made.again


def test_paper_and_web_say_the_same_and_the_web_fetches_nothing(made: Made) -> None:
    body, text = said_in(made.web).split("20 November 2031", 1)[1], text_of(made.english)
    assert len(body.split()) > 150 and all(word in text for word in body.split())
    assert not re.search(r"<(script|link|img|iframe)|url\(|@import", made.web)


def test_it_lies_beside_the_receipt_and_what_it_says_to_type_checks_it(given: Typing) -> None:
    typed = given("receipt", REFERENCE.lower())
    paper = given.world.folder / "storage" / "receipts" / f"{REFERENCE}.pdf"
    assert (typed.code, typed.out) == (0, f"{paper}\n")
    text = text_of(paper.read_bytes())
    assert f"pipeline retention check {REFERENCE}.json" in text
    assert given("retention", "check", str(paper.with_suffix(".json"))).code == 0
    (head,) = re.findall(r"pipeline ledger verify --head ([0-9a-f]+)", text)
    assert given("ledger", "verify", "--head", head).code == 0
    other = head.translate(str.maketrans("0123456789abcdef", "123456789abcdef0"))
    assert given("ledger", "verify", "--head", other).code == 1


def test_a_clause_is_quoted_from_the_newest_statement_that_has_it(given: Typing) -> None:
    """Another statement is in force by then, which has no such clause."""
    policies = [read_policy(name, given.world.folder, "nl") for name in ("kleur", "pluform")]
    with given.world.opened() as practice:
        receipt = json.loads(practice.storage.read(receipts.file(REFERENCE)))
        values = receipt_values(receipt, policies, practice.file, "nl", lambda at: practice.today(LATE))
    (row, _) = values["sections"][0]["rows"]
    assert row["cells"][2]["text"].startswith("K-12: “Persoonsgegevens worden bewaard")
    assert row["cells"][2]["note"] == "Tot 5 jaar na de afsluiting van de coaching, nooit langer dan 7 jaar"


def test_what_she_agreed_to_herself_is_kept_without_a_day_and_says_until_when(given: Typing) -> None:
    policy = read_policy("refleact", given.world.folder, "en")
    (rule,) = [one for one in policy.retention if Category.KEEP_IN_TOUCH in one.covers]
    with given.world.opened() as practice:
        receipt = json.loads(practice.storage.read(receipts.file(REFERENCE)))
        receipt["kept"] = [{"part": "client", "until": None, "rules": [rule.id]}]
        values = receipt_values(receipt, [policy], practice.file, "en", lambda at: practice.today(LATE))
    ((row,),) = [one["rows"] for one in values["sections"] if one["id"] == "remains"]
    day, what, because = (cell["text"] for cell in row["cells"])
    assert (day, what) == ("no day yet", "Name and contact details")
    assert because.startswith("R-Tr.\u20606: “We like to keep your name") and "withdraw" in row["cells"][2]["note"]


def test_nothing_is_made_of_what_is_not_there_or_not_true(given: Typing, tmp_path: Path) -> None:
    none = given("receipt", "AAAA-2222")
    assert none.code == 64 and "van AAAA-2222 is er geen bewijs" in none.said and REFERENCE in none.said
    odd = given("receipt", REFERENCE, "--output", str(tmp_path / "receipt.docx"))
    assert odd.code == 64 and "moet eindigen op .pdf of .html" in odd.said
    file = given.world.folder / "storage" / "receipts" / f"{REFERENCE}.json"
    file.write_text(file.read_text("utf-8").replace("commanded", "key_destroyed"), "utf-8")
    wrong = given("receipt", REFERENCE)
    assert wrong.code == 64 and "klopt niet met het logboek" in wrong.said
    assert not file.with_suffix(".pdf").exists()


@pytest.mark.parametrize("language", ["nl", "en"])
def test_whatever_can_be_erased_has_a_name_that_people_know(language: str) -> None:
    parts = [*PARTS, *(f"{name} 7" for name in NUMBERED)]
    words = [forecast.part_word(part, language) for part in parts]
    assert len(set(words)) == len(parts) and not any("_" in word for word in words)
