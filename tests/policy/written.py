"""A policy that a practice could write itself, about which there is nothing to say; the tests break one thing in it."""

from __future__ import annotations

from pathlib import Path

from pipeline.config.practice import PracticeFile, read_practice_file
from pipeline.newpractice import shipped
from pipeline.policy.policy import Policy, read_policy

SOUND = """\
# A policy of a practice of its own.
format: 1
id: mine
name: "Mine"
title: {nl: "Verklaring", en: "Statement"}
origin: {version: "3", updated: "2026-11-01"}
law: [nl-fiscal, gdpr]

clauses:
  X-1: {says: {nl: "Alleen wat nodig is.", en: "Only what is needed."}}
  X-2: {says: {nl: "Vijf jaar na afsluiting weg.", en: "Gone five years after closing."}}
  X-3: {says: {nl: "Facturen zeven jaar na het boekjaar weg.", en: "Invoices gone seven years after the book year."}}
  X-4: {says: {nl: "U kunt alles vragen.", en: "You can ask anything."}}
  X-5: {says: {nl: "Coachen is samen kijken.", en: "Coaching is looking together."}, unruled: meaning, because: {nl: "een omschrijving", en: "a description"}}
  X-6: {says: {nl: "Verstuurde mail gaat weg.", en: "Sent mail goes."}}

readings: []

fields:
  - {id: mine.client, clauses: [X-1], category: contact, fields: [name, formerly, salutation, phone, email]}
  - {id: mine.work, clauses: [X-1], category: employer, fields: [role, organisation]}
  - {id: mine.goal, clauses: [X-1], category: goal, fields: [goal]}
  - {id: mine.sponsor, clauses: [X-1], whose: sponsor, category: sponsor, fields: [organisation, contact, salutation, email, address, kvk, purchase_order]}

consents:
  - purpose: coaching
    clauses: [X-1]
    needs_sponsor: no
    text: {nl: "Ik geef toestemming.", en: "I consent to it."}

retention:
  - {id: mine.general, clauses: [X-2], covers: [contact, employer, sponsor, goal, quote, agreement, consent, mail_out, mail_in], after: closed, missing: {fallback: lapsed, alarm_after: P1Y}, promise: P5Y, window: P1D}
  - {id: mine.books, clauses: [X-3], covers: [invoice], after: book_year_ended, promise: P7Y, window: P1D}

mail:
  - {id: mine.mail, clauses: [X-6], covers: [quote, consent], after: answered, within: P1D}

requests:
  - {id: mine.request, clauses: [X-4], who: [client, sponsor], may: [access, copy, rectify, erase, restrict, object, port, withdraw], answer: {statutory: yes}}

complaints:
  - {id: mine.complaints, clauses: [X-4], escalate: ["Autoriteit Persoonsgegevens"]}
"""  # noqa: E501 - one rule a line, as in the shipped files


def broken(*changes: tuple[str, str]) -> str:
    """Give the sound policy with each first text, which must be in it once, replaced by the second."""
    text = SOUND
    for old, new in changes:
        assert text.count(old) == 1, f"{old} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


def read(text: str, folder: Path, language: str = "en") -> Policy:
    """Read a policy of a practice's own from its text."""
    (folder / "mine.yaml").write_text(text, "utf-8")
    return read_policy("mine.yaml", folder, language)


def practice_file(language: str = "en") -> PracticeFile:
    """Give the practice that comes with the program: its mailbox can be reached, no goal goes to the sponsor."""
    return read_practice_file(shipped()).model_copy(update={"language": language})
