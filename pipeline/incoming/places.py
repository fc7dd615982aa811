"""In which folders an answer can come to lie: everywhere but where our own mail is written, kept or thrown away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from pipeline.errors import ConfigError

INBOX = "INBOX"
OURS = {"\\sent", "\\drafts", "\\trash"}
# As the programs name them that do not say which folder is which.
USUAL = frozenset(
    name.casefold()
    for name in (
        "Sent", "Sent Items", "Sent Mail", "Sent Messages", "Verzonden", "Verzonden items", "Verzonden berichten",
        "Verstuurd", "Verzonden mail", "Gesendet", "Gesendete Elemente", "Gesendete Objekte", "Envoyés",
        "Éléments envoyés", "Outbox", "Postvak UIT",
        "Drafts", "Concepten", "Klad", "Entwürfe", "Brouillons",
        "Trash", "Deleted Items", "Deleted Messages", "Bin", "Prullenbak", "Prullenmand", "Verwijderde items",
        "Verwijderd", "Papierkorb", "Gelöschte Elemente", "Gelöschte Objekte", "Corbeille", "Éléments supprimés",
        "Corbeille",
    )
)  # fmt: skip


class Listed(Protocol):
    r"""A folder as the server lists it: `uses` in lower case (`\sent`), `last` the last part of its name."""

    @property
    def name(self) -> str:
        """The whole name."""

    @property
    def uses(self) -> frozenset[str]:
        """Its special uses and attributes."""

    @property
    def last(self) -> str:
        """The last part of its name."""

    @property
    def can_be_opened(self) -> bool:
        """Whether it holds mail itself, and not only other folders."""


def watched(listed: Iterable[Listed], wanted: list[str] | None = None) -> list[str]:
    r"""Give the folders to look in, INBOX first; raises `ConfigError` for one of `wanted` that there is not.

    Where the server has a folder of all mail (`\All`), that one, INBOX and `\Junk` are enough.
    """
    there = [one for one in listed if one.can_be_opened]
    if wanted is not None:
        return _named([one.name for one in there], wanted)
    open_to_mail = [one for one in there if not one.uses & OURS and not _usual(one)]
    everything = [one for one in open_to_mail if "\\all" in one.uses]
    if everything:
        open_to_mail = [one for one in open_to_mail if one.uses & {"\\all", "\\junk"} or _inbox(one.name)]
    names = dict.fromkeys(one.name for one in open_to_mail)
    return [*filter(_inbox, names), *(name for name in names if not _inbox(name))]


def _named(there: list[str], wanted: list[str]) -> list[str]:
    known = {INBOX if _inbox(name) else name: name for name in there}
    missing = [name for name in wanted if (INBOX if _inbox(name) else name) not in known]
    if missing:
        raise ConfigError(
            f"practice.yaml: mail: folders: there is no folder {', '.join(missing)}; there are: {', '.join(there)}"
        )
    return list(dict.fromkeys(known[INBOX if _inbox(name) else name] for name in wanted))


def _inbox(name: str) -> bool:
    return name.upper() == INBOX


def _usual(one: Listed) -> bool:
    """Tell whether a folder is ours by its name; an announced use goes before that."""
    return one.last.casefold() in USUAL and not one.uses & {"\\all", "\\junk", "\\archive"}
