"""What a letter says without a form: a consent taken back, a quote declined. Pure, and only in the safe direction.

Only what the writer wrote herself is looked at, never what she quotes. Reading too much stops something that the coach
can start again; reading too little would go on against somebody's will. Neither word ever opens a gate.
"""

from __future__ import annotations

import re

WITHDRAWS = re.compile(
    r"\b(?:trek\w*|intrek\w*|ingetrokken|herroep\w*|withdraw\w*|withdrew|revok\w*|retract\w*)\b[^.!?]{0,80}"
    r"\b(?:toestemming\w*|akkoord|instemming|consent\w*|permission\w*)\b"
    r"|\b(?:toestemming\w*|instemming|consent\w*|permission\w*)\b[^.!?]{0,60}"
    r"\b(?:intrek\w*|ingetrokken|in te trekken|trek\w*\b[^.!?]{0,30}\b(?:in|terug)|herroep\w*|vervalt|stop\w*"
    r"|withdraw\w*|revok\w*|retract\w*)\b"
    r"|\bgeen (?:verdere )?toestemming\b|\btoestemming niet (?:meer|langer)\b|\bniet (?:langer|meer) akkoord\b"
    r"|\b(?:no longer|don'?t|do not) (?:give (?:my )?)?consent\b",
    re.IGNORECASE,
)
DECLINES = re.compile(
    r"\b(?:ga|gaan) niet (?:akkoord|door|in op)\b|\b(?:zie|zien) (?:er)?\s?van\b[^.!?]{0,40}\baf\b"
    r"|\b(?:zie|zien) (?:(?:ik|wij|we|er) ?){0,2}(?:van )?af\b"
    r"|\b(?:wijs|wijzen)\b[^.!?]{0,40}\b(?:offerte|voorstel)\b[^.!?]{0,20}\baf\b"
    r"|\bniet akkoord met\b[^.!?]{0,30}\b(?:offerte|voorstel)\b|\bgeen gebruik (?:te )?maken van\b[^.!?]{0,40}\b"
    r"(?:offerte|aanbod|voorstel)\b|\b(?:decline|reject)\b[^.!?]{0,30}\b(?:quote|offer|proposal)\b"
    r"|\b(?:will|do) not accept\b[^.!?]{0,30}\b(?:quote|offer|proposal)\b",
    re.IGNORECASE,
)
MOST = 20_000


def withdraws(text: str) -> bool:
    """Tell whether the writer takes a consent back, or may mean that."""
    return bool(WITHDRAWS.search(_folded(text)))


def declines(text: str) -> bool:
    """Tell whether the writer says no to the quote."""
    return bool(DECLINES.search(_folded(text)))


def _folded(text: str) -> str:
    """Give a text on one line, with one kind of apostrophe."""
    return " ".join(text[:MOST].replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
