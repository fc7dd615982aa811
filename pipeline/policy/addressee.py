"""Whether a profile may go to this mailbox: pure, from the PDF's text, the dossier, the recipient and other clients.

`never` is what no word of the coach can open; `doubts` is why she must look first. Nothing is
weighed against anything else: each doubt stands by itself. It takes in plain data and leaves names in `pipeline.words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.model import Reason
from pipeline.policy import names
from pipeline.policy.named import How, Named, PdfText, named_in, printed

__all__ = ["Chosen", "Dropped", "How", "Named", "Payer", "PdfText", "Person", "doubts", "named_in", "never"]

FREE_MAIL = names.listed(
    "aol.com caiway.nl casema.nl chello.nl fastmail.com freedom.nl gmail.com gmx.com gmx.de gmx.net"
    " googlemail.com hccnet.nl hetnet.nl home.nl hotmail.be hotmail.com hotmail.nl icloud.com kickmail.nl"
    " kpnmail.nl kpnplanet.nl live.be live.com live.nl mac.com mail.com me.com msn.com onsbrabantnet.nl outlook.be"
    " outlook.com outlook.nl planet.nl proton.me protonmail.com quicknet.nl skynet.be solcon.nl startmail.com"
    " telenet.be telfort.nl tele2.nl tutanota.com upcmail.nl versatel.nl wxs.nl xs4all.nl yahoo.co.uk yahoo.com"
    " yahoo.nl zeelandnet.nl ziggo.nl zonnet.nl"
)
ROLES = names.listed(
    "admin administratie afspraken algemeen balie bestuur boekhouding coaching contact crediteuren directie"
    " facturen finance financien helpdesk hello help hr hrm info inkoop kantoor klantenservice mail office"
    " opleiding opleidingen personeel personeelszaken pen po pz planning post postbus receptie reception sales"
    " secretariaat service support team training welkom"
)
ROLE_PIECES = names.listed("administratie hr hrm info personeelszaken receptie reception secretariaat")
LEGAL = names.listed(
    "afdeling and bv co company coop cooperatie corp de der en gemeente group groep het holding inc limited ltd"
    " maatschap nederland netherlands nv of stichting the van vereniging vof voor"
)
SHORTEST_WORD, SHORTEST_LETTERS = 5, 3
SECOND_LEVEL = names.listed("ac co com gov net org")


class Chosen(StrEnum):
    """By what a dropped file said whose it is."""

    FILE = "file"
    FOLDER = "folder"
    FIELD = "field"


@dataclass(frozen=True)
class Person:
    """A client as one dossier knows her."""

    dossier: str
    name: str
    email: str
    formerly: str | None = None
    organisation: str | None = None


@dataclass(frozen=True)
class Payer:
    """The sponsor of a dossier."""

    organisation: str
    email: str


@dataclass(frozen=True)
class Dropped:
    """A profile that was dropped for a client, and what is known when it is about to go to `recipient`.

    `file` is the name under which it was dropped; `others` are the clients of all other dossiers; `known_address` when
    mail for this dossier was accepted at this address before and did not bounce; `elsewhere` names the other dossiers
    in which a file of the same bytes lies.
    """

    client: Person
    recipient: str
    text: PdfText
    chosen: Chosen
    file: str = ""
    sponsor: Payer | None = None
    others: Sequence[Person] = ()
    known_address: bool = False
    elsewhere: Sequence[str] = ()


def never(client: Person, recipient: str) -> list[Reason]:
    """Give why a profile cannot go to this address at all, whoever says so: it is not the client's own."""
    if _folded(recipient) and _folded(recipient) == _folded(client.email):
        return []
    return [("profile_not_the_client", {"recipient": recipient, "reference": client.dossier})]


def doubts(dropped: Dropped) -> list[Reason]:
    """Give why the coach must look before this profile goes; nothing when nothing speaks against it."""
    about_name = list(_about_name(dropped))
    if about_name:
        about_name += _told(dropped)
    return [*about_name, *_about_others(dropped), *_about_address(dropped), *_about_file(dropped)]


def _about_name(dropped: Dropped) -> Iterator[Reason]:
    client, text = dropped.client, dropped.text
    found = named_in(text, client.name, client.formerly)
    values = {"name": client.name}
    if text.locked:
        yield "profile_locked", {}
    elif found.how is How.UNREADABLE:
        yield "profile_no_text", values
    elif found.how is How.ABSENT:
        yield "profile_name_absent", values
    elif found.how is How.PARTLY and not found.together:
        yield "profile_name_partly", values
    elif found.how is How.PARTLY:
        yield "profile_name_in_passing", values | {"pages": ", ".join(map(str, found.pages[:5])) or "-"}
    elif not found.whole:
        yield "profile_name_short", values
    if text.readable and len(text.pages) < text.count:
        yield "profile_long", {"read": str(len(text.pages)), "count": str(text.count)}


def _told(dropped: Dropped) -> Iterator[Reason]:
    """Give by what the dossier was chosen, so that the coach knows where a mistake would be."""
    words = {
        Chosen.FILE: "profile_chosen_by_file",
        Chosen.FOLDER: "profile_chosen_by_folder",
        Chosen.FIELD: "profile_chosen_by_field",
    }
    yield words[dropped.chosen], {"reference": dropped.client.dossier}


def _about_others(dropped: Dropped) -> Iterator[Reason]:
    """Look for every other client in the text, in the file's name and among the names that are like this one."""
    readable = dropped.text.readable and not dropped.text.locked
    own = [names.parts(each) for each in (dropped.client.name, dropped.client.formerly) if each]
    for other in _other_people(dropped):
        values = {"other": other.name, "reference": other.dossier}
        known = [names.parts(each) for each in (other.name, other.formerly) if each]
        pages = {at for name in known for at, _ in printed(dropped.text.pages).seen(name)} if readable else set()
        if pages and printed(dropped.text.pages).leads(pages):
            yield "profile_names_another", values
        elif pages:
            yield "profile_mentions_another", values | {"page": str(min(pages) + 1)}
        if any(names.like(one, each) for one in own for each in known):
            yield "profile_like_names", values | {"name": dropped.client.name}
        if any(_in_file_name(dropped.file, each) for each in known) and not any(
            _in_file_name(dropped.file, one) for one in own
        ):
            yield "profile_file_of_another", values | {"file": dropped.file}


def _other_people(dropped: Dropped) -> list[Person]:
    """Give the other clients, each once: the same name at the same address is the same person, in another dossier."""
    own = (_folded(dropped.client.name), _folded(dropped.client.email))
    found = {
        (_folded(each.name), _folded(each.email)): each
        for each in dropped.others
        if each.dossier != dropped.client.dossier
    }
    return [each for who, each in found.items() if who != own]


def _in_file_name(file: str, name: names.Name) -> bool:
    """Tell whether a file's name has a first name and a surname in it: Profiel_sanne-jansen.pdf."""
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", names.plain(file[:200]))
    words = [each.casefold() for each in names.WORD.findall(plain)]
    together = "".join(words)
    return (
        bool(name.words)
        and name.first.replace("-", "") in together
        and all(word in words or name.surname in words for word in name.words)
    )


def _about_address(dropped: Dropped) -> Iterator[Reason]:
    recipient, domain = dropped.recipient, _domain(dropped.recipient)
    if employer := _employer(dropped, domain):
        yield "profile_employers_address", {"recipient": recipient, "organisation": employer}
    if _role(recipient):
        yield "profile_role_address", {"recipient": recipient}
    for other in _other_people(dropped):
        if _folded(other.email) == _folded(recipient):
            yield "profile_shared_address", {"recipient": recipient, "reference": other.dossier}
    if not dropped.known_address:
        yield "profile_first_mail", {"recipient": recipient}


def _about_file(dropped: Dropped) -> Iterator[Reason]:
    for reference in dict.fromkeys(dropped.elsewhere):
        if reference != dropped.client.dossier:
            yield "profile_elsewhere", {"reference": reference}
    if dropped.text.active:
        yield "profile_active", {"what": ", ".join(dropped.text.active)}


def _employer(dropped: Dropped, domain: str) -> str:
    """Give the organisation at whose domain this address is; a provider for everybody is nobody's employer."""
    if not domain or domain in FREE_MAIL:
        return ""
    if dropped.sponsor and _same_domain(domain, _domain(dropped.sponsor.email)):
        return dropped.sponsor.organisation
    organisations = [dropped.sponsor.organisation if dropped.sponsor else "", dropped.client.organisation or ""]
    return next((each for each in organisations if each and _domain_of(domain, each)), "")


def _same_domain(one: str, other: str) -> bool:
    return bool(other) and other not in FREE_MAIL and (_own_part(one) == _own_part(other))


def _own_part(domain: str) -> str:
    """Give the part of a domain that somebody registered: waterrijk.example of mail.waterrijk.example."""
    labels = domain.split(".")
    many = 3 if len(labels) > 2 and labels[-2] in SECOND_LEVEL else 2
    return ".".join(labels[-many:])


def _domain_of(domain: str, organisation: str) -> bool:
    """Tell whether a domain can be an organisation's: its name, a telling word of it, or its first letters."""
    whole = [each.casefold() for each in names.WORD.findall(names.plain(organisation))]
    words = [word for word in whole if word not in LEGAL]
    told = {"".join(whole), "".join(words), *(word for word in words if len(word) >= SHORTEST_WORD)}
    letters = {"".join(word[0] for word in each) for each in (whole, words) if len(each) >= SHORTEST_LETTERS}
    labels = [names.plain(label).casefold() for label in domain.split(".")[:-1]]
    pieces = {piece for label in labels for piece in (label.replace("-", ""), *label.split("-"))}
    near = any(word in piece for piece in pieces for word in told if len(word) >= SHORTEST_WORD)
    return near or bool(pieces & (told | letters))


def _role(address: str) -> bool:
    """Tell whether an address is read by whoever has that task: info@, hr@, p&o@."""
    local = _folded(address).rpartition("@")[0].partition("+")[0]
    pieces = set(re.split(r"[._\-\d]+", local))
    return re.sub(r"[^a-z]", "", local) in ROLES or bool(pieces & ROLE_PIECES)


def _domain(address: str) -> str:
    return _folded(address).rpartition("@")[2].strip(".")


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
