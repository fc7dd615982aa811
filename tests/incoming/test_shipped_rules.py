"""The rules that come with the program, on mail as it comes to a Dutch coach: each decides its own, and not others'."""

from __future__ import annotations

import time
from email.message import EmailMessage

import pytest

from pipeline import newpractice
from pipeline.config.rules import Action, read_rules
from pipeline.incoming import message, nature, sender
from pipeline.incoming.rules import Decision, Facts, decide, explain
from pipeline.model import Nature

RULES = read_rules(newpractice.shipped(), "nl")
COACH, CLIENT, SPONSOR = "marjan@delinde.example", "sanne@home.example", "p.devries@waterrijk.example"
KNOWN = {CLIENT, SPONSOR}
OURS = "Documenten van Praktijk De Linde, kenmerk K7Q4-MX2P"
PDF = ("K7Q4-MX2P-1-v1.pdf", "application/pdf", b"%PDF-1.7" + b"x" * 50_000)
PHOTO = ("IMG_2041.JPG", "image/jpeg", b"\xff\xd8\xff" + b"x" * 900_000)
LOGO = ("image001.png", "image/png", b"\x89PNG" + b"x" * 4_000)
HEIC = ("IMG_2042.HEIC", "application/octet-stream", b"x" * 700_000)
INVITATION = ("invite.ics", "text/calendar", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
SIGNATURE = ("smime.p7s", "application/pkcs7-signature", b"x" * 6_000)
QUOTED = """

Op vr 20 nov. 2026 om 10:15 schreef Marjan Vermeer <marjan@delinde.example>:

> Kies in de verklaring bij elke vraag ja of nee. Een ja kunt u later altijd weer
> intrekken met een mail aan mij. Hoe ik met uw gegevens omga, leest u in de
> privacyverklaring; u kunt mijn gegevens en uw dossier inzien.
"""
File = tuple[str, str, bytes]


def letter(text: str, *files: File, subject: str = "", by: str = CLIENT, **headers: str) -> bytes:
    """Give a mail as a mail program makes it."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = by, COACH, subject
    made["Message-ID"], made["Date"] = "<1@home.example>", "Fri, 20 Nov 2026 11:00:00 +0100"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    for name, kind, data in files:
        made.add_attachment(data, *kind.split("/"), filename=name)
    return made.as_bytes()


def seen(raw: bytes, *, reply: bool = False) -> Facts:
    mail = message.read(raw)
    return Facts(mail, nature.of(mail, COACH), sender.standing(mail, None), mail.sender in KNOWN, reply)


def rule_for(raw: bytes, *, reply: bool = False) -> str:
    return decide(RULES, seen(raw, reply=reply)).rule


DELIVERY = b"""\
From: MAILER-DAEMON@mail.example
To: marjan@delinde.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b
MIME-Version: 1.0

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; sanne@home.example
Action: failed
Status: 5.1.1

--b--
"""
READ = b"""\
From: sanne@home.example
To: marjan@delinde.example
Subject: Gelezen: Documenten van Praktijk De Linde
Content-Type: multipart/report; report-type=disposition-notification; boundary=b
MIME-Version: 1.0

--b
Content-Type: text/plain

Uw bericht is gelezen.

--b
Content-Type: message/disposition-notification

Final-Recipient: rfc822;sanne@home.example
Disposition: manual-action/MDN-sent-manually; displayed

--b--
"""
STRANGER = "sanne.prive@elders.example"
MAILS: list[tuple[str, bytes, bool, str]] = [
    ("a bounce", DELIVERY, False, "Onbestelbaar"),
    ("an absence with a header", letter("Ik ben er even niet.", subject="Afwezig: " + OURS,
     Auto_Submitted="auto-replied"),
     True, "Afwezig"),
    ("an absence without a header", letter("Tot 1 december ben ik met vakantie.",
     subject=f"Automatisch antwoord: {OURS}"),
     True, "Afwezig"),
    ("an English absence", letter("I am away.", subject=f"Automatic reply: {OURS}"), True, "Afwezig"),
    ("a client who will be away", letter("Donderdag ben ik er niet.", subject="Afwezig donderdag"), False,
     "Correspondentie"),
    ("a read receipt", READ, False, "Ontvangst- of leesbevestiging"),
    ("a read receipt as plain text", letter("Uw bericht is gelezen.", subject=f"Gelezen: {OURS}"), False,
     "Ontvangst- of leesbevestiging"),
    ("a client who has read a book", letter("Het boek heb ik gelezen!", subject="Boek gelezen"), False,
     "Correspondentie"),
    ("files at WeTransfer", letter("Download: https://we.tl/x",
     subject="sanne heeft je bestanden gestuurd via WeTransfer",
     by="noreply@wetransfer.com"), False, "Bestanden achter een link"),
    ("safe mail", letter("Klik om te lezen.", subject="Sanne heeft u een beveiligd bericht gestuurd",
     by="noreply@zivver.com"), False, "Bestanden achter een link"),
    ("a signing service without the papers", letter("Review", subject="Voltooid: Offerte",
     by="dse@eumail.docusign.net"),
     False, "Bestanden achter een link"),
    ("a newsletter", letter("Tips! Is uw praktijk klaar voor de AVG? Verzoek een scan aan.",
     subject="AVG en uw gegevens",
     by="nieuws@vakblad.example", List_Unsubscribe="<mailto:uit@vakblad.example>", List_Id="<n.vakblad.example>"),
     False,
     "Nieuwsbrief"),
    ("a request to see", letter("Graag ontvang ik een overzicht van al mijn persoonsgegevens.", subject="Vraag"), False,
     "Privacyverzoek"),
    ("a request by its subject", letter("Zie onder.", subject="Inzageverzoek", by=STRANGER), False, "Privacyverzoek"),
    ("a request to remove", letter("Wilt u mijn gegevens verwijderen?", subject="Gegevens", by=STRANGER), False,
     "Privacyverzoek"),
    ("a request to remove, the other way round", letter("Verwijder a.u.b. mijn gegevens uit uw\nadministratie."), False,
     "Privacyverzoek"),
    ("a request to be forgotten", letter("Ik doe een beroep op het recht op\nvergetelheid.", by=STRANGER), False,
     "Privacyverzoek"),
    ("a request that names the law", letter("Op grond van de AVG verzoek ik u om inzage."), False, "Privacyverzoek"),
    ("a request about me", letter("Welke gegevens heeft u eigenlijk van mij?"), False, "Privacyverzoek"),
    ("an objection", letter("Ik maak bezwaar tegen de verwerking van mijn gegevens."), False, "Privacyverzoek"),
    ("a request in English", letter("Please delete my personal data.", by=STRANGER), False, "Privacyverzoek"),
    ("a subject access request", letter("See below.", subject="GDPR request", by=STRANGER), False, "Privacyverzoek"),
    ("a wish to be off the list", letter("Wilt u mijn e-mailadres uit uw lijst verwijderen?", by=STRANGER), False,
     "Privacyverzoek"),
    ("a client who moved", letter("Mijn gegevens zijn gewijzigd: ik woon nu Plein 2."), False, "Correspondentie"),
    ("a disclaimer", letter("Tot donderdag!\n\nBent u niet de geadresseerde, dan verzoeken wij u dit bericht te "
     "verwijderen. Wij verwerken persoonsgegevens volgens de AVG."), False, "Correspondentie"),
    ("signed papers", letter("Hierbij getekend retour." + QUOTED, PDF, subject=f"Re: {OURS}"), True,
     "Getekende stukken"),
    ("papers from another address", letter("Hierbij." + QUOTED, PDF, by=STRANGER, subject=f"RE: {OURS}"), True,
     "Getekende stukken"),
    ("a photo", letter("Getekend!", PHOTO, subject="Foto"), False, "Getekende stukken"),
    ("a photo as a telephone sends it", letter("", HEIC), False, "Getekende stukken"),
    ("papers without a word", letter("", PDF), False, "Getekende stukken"),
    ("papers of the sponsor", letter("Bijgaand.", PDF, LOGO, by=SPONSOR, subject="Getekende offerte"), False,
     "Getekende stukken"),
    ("a reply with the logo of the sender", letter("Prima, dank!" + QUOTED, LOGO, by=SPONSOR, subject=f"RE: {OURS}"),
     True,
     "Correspondentie"),
    ("an invitation", letter("Tot dan.", INVITATION), False, "Correspondentie"),
    ("a mail signed by a certificate", letter("Tot dan.", SIGNATURE), False, "Correspondentie"),
    ("papers from a stranger", letter("Hierbij de stukken.", PDF, by=STRANGER), False, "Stukken van een onbekende"),
    ("a photo from a stranger", letter("Van papa's telefoon", PHOTO, by=STRANGER), False, "Stukken van een onbekende"),
    ("an invoice", letter("Uw factuur.", PDF, by="facturen@energie.example", subject="Factuur 2026-11"), False,
     "Stukken van een onbekende"),
    ("a consent taken back", letter("Ik trek mijn toestemming voor het delen met mijn\nwerkgever in."), False,
     "Toestemming ingetrokken"),
    ("a consent taken back by its subject", letter("Zie het onderwerp.", subject="Intrekking toestemming"), False,
     "Toestemming ingetrokken"),
    ("a consent taken back in a reply", letter("Bij nader inzien wil ik mijn toestemming intrekken." + QUOTED,
     subject=f"Re: {OURS}", by=STRANGER), True, "Toestemming ingetrokken"),
    ("a question", letter("Kan het ook op dinsdag?" + QUOTED, subject=f"Re: {OURS}"), True, "Correspondentie"),
    ("a decline", letter("Wij zien af van het traject.", by=SPONSOR), False, "Correspondentie"),
    ("a secretary who names the reference", letter("Wanneer begint dit?", subject=f"FW: {OURS}", by=STRANGER), False,
     "Onbekende over een dossier"),
    ("a consent taken back at an unknown address", letter("Ik trek hierbij mijn toestemming in.", by=STRANGER), False,
     "Onbekende over een dossier"),
    ("somebody new", letter("Ik zoek een coach. Heeft u plek?", subject="Kennismaking", by="nieuw@elders.example"),
     False,
     "Al het andere"),
    ("an order", letter("Uw bestelling is verzonden.", subject="Verzonden", by="winkel@boeken.example"), False,
     "Al het andere"),
    ("a logo from a stranger", letter("Aanbieding!", LOGO, by="verkoop@printer.example"), False, "Al het andere"),
]  # fmt: skip
IDS = [name for name, *_ in MAILS]


@pytest.mark.parametrize(("raw", "reply", "rule"), [case[1:] for case in MAILS], ids=IDS)
def test_a_mail_is_decided_by_the_rule_that_is_about_it(raw: bytes, reply: bool, rule: str) -> None:
    found = seen(raw, reply=reply)
    assert decide(RULES, found).rule == rule, [f"{one.name}: {one.why}" for one in explain(RULES, found, "en")]


def test_our_own_mail_is_left() -> None:
    own = Facts(
        message.read(letter("x", PDF, by=COACH)), Nature.OWN, sender.standing(message.read(b""), None), False, True
    )
    assert decide(RULES, own).rule == "Onze eigen mail"


@pytest.mark.parametrize("rule", [rule.name for rule in RULES.rules if rule.name != "Onze eigen mail"])
def test_every_rule_decides_some_mail_and_lets_another_pass(rule: str) -> None:
    decided = [decide(RULES, seen(raw, reply=reply)).rule for _, raw, reply, _ in MAILS]
    assert rule in decided
    passing = [seen(raw, reply=reply) for _, raw, reply, other in MAILS if other != rule]
    if rule != "Al het andere":
        assert any(not one.matched for found in passing for one in explain(RULES, found, "en") if one.name == rule)


@pytest.mark.parametrize("text", [QUOTED, "Prima!" + QUOTED], ids=["only the quote", "a word above it"])
def test_what_we_wrote_ourselves_is_no_request_and_takes_nothing_back(text: str) -> None:
    assert rule_for(letter(text, subject=f"Re: {OURS}"), reply=True) == "Correspondentie"


def test_the_shipped_rules_leave_the_mailbox_as_it_is() -> None:
    assert {(rule.mark, rule.move) for rule in RULES.rules} == {(None, None)}
    assert decide(RULES, seen(b"")) == Decision("Al het andere", Action.LEAVE)


def test_a_mail_full_of_strange_characters_takes_little_time() -> None:
    text = "".join(map(chr, range(0x4E00, 0x9000)))
    hostile = seen(letter(text + "mijn gegevens " * 5_000, subject=text[:900], by=STRANGER))
    started = time.process_time()
    decide(RULES, hostile)
    assert time.process_time() - started < 2.0
