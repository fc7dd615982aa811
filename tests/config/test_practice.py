"""practice.yaml: the shipped one loads, Dutch words work, and what is wrong is said in place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline import newpractice
from pipeline.config.practice import SYNONYMS, PracticeFile, read_practice_file
from pipeline.config.source import read
from pipeline.errors import ConfigError, FileProblems

DUTCH = {
    "name": "naam", "street": "straat", "city": "plaats", "phone": "telefoon", "language": "taal",
    "timezone": "tijdzone", "policy": "beleid", "statement": "privacyverklaring", "version": "versie",
    "programmes": "programma's", "description": "omschrijving", "lines": "regels", "quantity": "aantal",
    "unit": "eenheid", "unit_price": "prijs", "quote": "offerte", "template": "sjabloon", "valid_days": "geldig_dagen",
    "payment_days": "betaaltermijn", "send": "versturen", "goal_to_sponsor": "doel_naar_opdrachtgever",
    "terms": "voorwaarden", "sender": "afzender", "port": "poort", "security": "beveiliging", "user": "gebruiker",
    "sent_copy": "kopie_in_verzonden", "reminders": "herinneringen", "first_after_days": "eerste_na_dagen",
    "every_days": "daarna_elke_dagen", "at_most": "hoogstens", "daily_note": "dagbericht", "books": "boekjaar",
    "year_ends": "laatste_maand",
}  # fmt: skip


def shipped() -> str:
    return (newpractice.shipped() / "practice.yaml").read_text("utf-8")


def loaded(folder: Path, text: str) -> PracticeFile:
    (folder / "practice.yaml").write_text(text, "utf-8")
    return read_practice_file(folder)


def problems(folder: Path, text: str) -> list[str]:
    try:
        loaded(folder, text)
    except FileProblems as refused:
        return str(refused).split("\n")
    return []


def changed(pattern: str, replacement: str) -> str:
    """Give the shipped file with one change."""
    text, count = re.subn(pattern, lambda _: replacement, shipped(), flags=re.MULTILINE)
    assert count >= 1
    return text


def line_of(text: str, beginning: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if line.strip().startswith(beginning))


def test_the_shipped_practice_is_a_whole_example(tmp_path: Path) -> None:
    file = loaded(tmp_path, shipped())
    assert (file.practice.kvk, file.language, file.policy) == ("12345678", "nl", "kleur")
    assert set(file.catalogue) == {"loopbaan", "kort"}
    assert (file.mail.smtp.port, file.mail.smtp.security, file.mail.sent_copy) == (465, "tls", "append")


def test_a_practice_that_says_nothing_about_reminders_sends_two_a_week_apart(tmp_path: Path) -> None:
    said = loaded(tmp_path, shipped()).reminders
    assert (said.first_after_days, said.every_days, said.at_most) == (7, 7, 2)
    assert loaded(tmp_path, changed(r"^reminders:.*\n(?:  .*\n)*", "")).reminders == said
    assert loaded(tmp_path, changed(r"at_most: 2", "at_most: 0")).reminders.at_most == 0


@pytest.mark.parametrize(("key", "word"), DUTCH.items())
def test_every_key_may_be_typed_in_dutch(tmp_path: Path, key: str, word: str) -> None:
    assert loaded(tmp_path, changed(rf"(?<=[ {{\n]){key}:", f"{word}:")) == loaded(tmp_path, shipped())


def test_the_vat_of_a_line_may_be_typed_as_btw_as_in_a_client_file(tmp_path: Path) -> None:
    assert loaded(tmp_path, changed(r"vat: 21\}", "btw: 21}")) == loaded(tmp_path, shipped())


@pytest.mark.parametrize(("word", "key"), [pair for pair in SYNONYMS.items() if "." not in pair[0]])
def test_every_synonym_can_be_typed_as_it_is_written(word: str, key: str) -> None:
    assert read(f'"{word}": x'.encode(), "f.yaml", synonyms=SYNONYMS).tree == {key: "x"}


@pytest.mark.parametrize("key", ["taal", "beleid", "toestemming"])
def test_a_programme_keeps_the_name_that_the_coach_gave_it(tmp_path: Path, key: str) -> None:
    assert set(loaded(tmp_path, changed(r"^  kort:", f"  {key}:")).catalogue) == {"loopbaan", key}


@pytest.mark.parametrize(
    ("pattern", "wrong", "at", "said"),
    [
        (r"kvk: .*", "kvk: 123", "kvk", "'123' is geen KvK-nummer; dat heeft 8 cijfers"),
        (r"btw: NL.*", "btw: NL1", "btw: NL1", "'NL1' is geen btw-nummer; schrijf het zoals NL123456789B01"),
        (r"iban: .*", "iban: NL03ABNA0123456789", "iban", "is geen geldig IBAN; controleer de cijfers"),
        (r"email: .*", "email: marjan", "email", "is geen e-mailadres"),
        (r"valid_days: 30", "valid_days: 0", "valid_days", "'0' is geen heel getal van 1 tot en met 365"),
        (r"payment_days: 14", "payment_days: x", "payment_days", "'x' is geen heel getal van 0 tot en met 120"),
        (r"template: quote.html", "template: ../quote.html", "template", "een naam binnen de map templates"),
        (r"website: .*", "website: delinde.example", "website", "schrijf het voluit, met https://"),
        (r"timezone: .*", "timezone: Utrecht", "timezone", "'Utrecht' is geen tijdzone"),
        (r"send: automatic", "send: soon", "send:", "kies uit: automatic, after_release"),
        (r"goal_to_sponsor: no", "goal_to_sponsor: soms", "goal_to_sponsor", "schrijf ja of nee"),
        (r"first_after_days: 7", "first_after_days: 0", "first_after_days", "geen heel getal van 1 tot en met 365"),
        (r"every_days: 7", "every_days: 0", "every_days", "geen heel getal van 1 tot en met 365"),
        (r"at_most: 2", "at_most: -1", "at_most", "geen heel getal van 0 tot en met 12"),
        (r"port: 465", "port: 70000", "smtp", "geen heel getal van 1 tot en met 65535"),
        (r"smtp: \{.*", "smtp: {host: mail.x.example, port: 25, security: plain-on-loopback}", "smtp",
         "alleen naar deze computer zelf"),
        (r"^  imap: .*\n", "", "sent_copy", "een kopie in Verzonden vraagt een imap-account"),
        (r"^policy: .*", "polcy: kleur", "polcy", "bedoelt u 'beleid'?"),
        (r"user: marjan.*@delinde.example\}", "user: m, password: geheim}", "smtp", "'password' is hier geen"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_where_it_stands(tmp_path: Path, pattern: str, wrong: str, at: str, said: str) -> None:
    text = changed(pattern, wrong)
    first = next(problem for problem in problems(tmp_path, text) if said in problem)
    assert first.startswith(f"practice.yaml:{line_of(text, at)}:")


def test_all_problems_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = shipped().replace("12345678", "1").replace("vat: 21", "vat: 19").replace("2026-11", "").replace("465", "x")
    found = [int(problem.split(":")[1]) for problem in problems(tmp_path, text)]
    assert len(found) == 8 and found == sorted(found)


def test_problems_are_said_in_the_language_of_the_file(tmp_path: Path) -> None:
    broken = shipped().replace("12345678", "1")
    assert "is geen KvK-nummer" in problems(tmp_path, broken)[0]
    assert "is not a KvK number" in problems(tmp_path, broken.replace("language: nl", "language: en"))[0]


@pytest.mark.parametrize("typed", ["taal: en", "language:   en", 'language: "en"', "language: english"])
def test_the_language_of_the_file_is_understood_however_it_is_typed(tmp_path: Path, typed: str) -> None:
    broken = shipped().replace("12345678", "1").replace("language: nl", typed)
    assert "is not a KvK number" in problems(tmp_path, broken)[0]


def test_a_folder_that_is_no_practice_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is not a practice folder .* pipeline init"):
        read_practice_file(tmp_path)
    (tmp_path / "practice.yaml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        read_practice_file(tmp_path)


def test_a_practice_file_never_changes_once_it_is_read(tmp_path: Path) -> None:
    file = loaded(tmp_path, shipped())
    with pytest.raises(ValueError, match="frozen"):
        file.mail.sender = "evil@x.example"
