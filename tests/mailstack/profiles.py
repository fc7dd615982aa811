"""How the mailbox of each kind of provider looks: folder names, special uses, what is announced.

Pure values; read by the Dovecot and SMTP parts.
"""

from dataclasses import dataclass
from typing import Literal

Name = Literal["generic", "gmail", "exchange", "bare"]


@dataclass(frozen=True)
class Profile:
    """One provider's habits.

    ``folders`` maps a folder to its special use (RFC 6154) or None; ``capability`` is what IMAP announces,
    None for all Dovecot can; ``files_sent_in`` is the folder where the server itself files submitted
    mail; ``plugins`` are Dovecot's.
    """

    name: Name
    folders: tuple[tuple[str, str | None], ...]
    capability: str | None = None
    files_sent_in: str | None = None
    plugins: tuple[str, ...] = ()


_GENERIC = Profile(
    "generic",
    (
        ("Sent", r"\Sent"),
        ("Trash", r"\Trash"),
        ("Drafts", r"\Drafts"),
        ("Junk", r"\Junk"),
        ("Archive", r"\Archive"),
    ),
)

# Gmail announces X-GM-EXT-1 as well, which Dovecot cannot imitate; the rest is what both have.
_GMAIL = Profile(
    "gmail",
    (
        ("[Gmail]/Sent Mail", r"\Sent"),
        ("[Gmail]/Trash", r"\Trash"),
        ("[Gmail]/Drafts", r"\Drafts"),
        ("[Gmail]/Spam", r"\Junk"),
    ),
    capability=(
        "IMAP4rev1 UNSELECT IDLE NAMESPACE ID CHILDREN UIDPLUS ENABLE MOVE CONDSTORE ESEARCH LIST-EXTENDED "
        "LIST-STATUS SPECIAL-USE"
    ),
    files_sent_in="[Gmail]/Sent Mail",
    plugins=("virtual", "lazy_expunge"),
)

# As outlook.office365.com announced itself in jstedfast/MailKit#1282: no SPECIAL-USE, and no \Sent in LIST.
_EXCHANGE = Profile(
    "exchange",
    (
        ("Sent Items", None),
        ("Deleted Items", r"\Trash"),
        ("Drafts", r"\Drafts"),
        ("Junk Email", r"\Junk"),
    ),
    capability="IMAP4rev1 UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+",
    files_sent_in="Sent Items",
)

_BARE = Profile("bare", (("Sent", None), ("Trash", None), ("Drafts", None)), capability="IMAP4rev1")

PROFILES: dict[Name, Profile] = {each.name: each for each in (_GENERIC, _GMAIL, _EXCHANGE, _BARE)}
