"""The same commands to the sandbox and to Dovecot: the answers must agree but for wording and order.

Where they are meant to differ, the command stands in `DIFFERENT` with the reason, and must indeed differ.
"""

from pathlib import Path

import pytest

from tests.mailstack.fixtures import needs_servers
from tests.mailstack.stack import MailStack
from tests.sandbox.rawimap import comparable
from tests.sandbox.samples import EIGHT_BIT, SIGNED_RETURN, SIMPLE
from tests.sandbox.servers import Mailbox, sandbox_mailbox, stack_mailbox

Command = tuple[bytes, ...]

FOLDERS: list[Command] = [
    (b"NAMESPACE",),
    (b'LIST "" "*"',),
    (b'LIST "" ""',),
    (b'LIST "" %',),
    (b'LIST (SPECIAL-USE) "" "*"',),
    (b'LIST "" "*" RETURN (SPECIAL-USE)',),
    (b"CREATE a/b/c",),
    (b'LIST "" a*',),
    (b'LIST "" a/%',),
    (b"LIST a/ %",),
    (b"CREATE a/b/c",),
    (b"CREATE Zo&AOs-",),
    (b'LIST "" Z*',),
    (b'CREATE "Zo\xc3\xab"',),
    (b'CREATE "a&b"',),
    (b'CREATE ""',),
    (b"CREATE a//b",),
    (b"CREATE /a",),
    (b"CREATE ../x",),
    (b"CREATE &AAo-",),
    (b"CREATE ~", b"x\r\nA9 DELETE a"),
    (b"CREATE inbox",),
    (b"DELETE INBOX",),
    (b"DELETE nope",),
    (b"RENAME a q",),
    (b"RENAME a/b/c q/r",),
    (b'LIST "" "*"',),
    (b"SUBSCRIBE q/b/c",),
    (b'LSUB "" "q*"',),
    (b'LIST (SUBSCRIBED) "" "q*"',),
    (b"UNSUBSCRIBE q/b/c",),
    (b"SUBSCRIBE nope",),
    (b"STATUS INBOX (MESSAGES RECENT UIDNEXT UNSEEN)",),
    (b"STATUS nope (MESSAGES)",),
    (b"STATUS INBOX (FOO)",),
    (b"STATUS INBOX ()",),
    (b"STATUS INBOX MESSAGES",),
    (b"FETCH 1 FLAGS",),
    (b"LOGIN a b",),
    (b"SELECT nope",),
]

FILLING: list[Command] = [
    (b"SELECT INBOX",),
    (b"FETCH 1 FLAGS",),
    (b"UID FETCH 1:* FLAGS",),
    (b"SEARCH ALL",),
    (b"SEARCH 1:*",),
    (b"APPEND INBOX ~", SIMPLE),
    (b'APPEND INBOX (\\Seen $Filed) "22-Nov-2026 10:07:00 +0000" ~', SIGNED_RETURN),
    (b"APPEND INBOX ~", EIGHT_BIT),
    (b"APPEND nope ~", SIMPLE),
    (b'APPEND INBOX "x"',),
    (b"APPEND INBOX (\\Foo) ~", SIMPLE),
    (b"APPEND INBOX ~", b""),
    (b"NOOP",),
    (b"SELECT INBOX",),
]

_SECTIONS = [
    *[b"", b"HEADER", b"TEXT", b"MIME", b"FOO", b"HEADER.FIELDS", b"HEADER.FIELDS ()"],
    *[b'HEADER.FIELDS (subject TO "x-folded")', b"HEADER.FIELDS.NOT (Subject)"],
    *[
        b"1",
        b"1.1",
        b"1.2",
        b"1.3",
        b"1.MIME",
        b"1.1.MIME",
        b"1.HEADER",
        b"1.TEXT",
        b"2",
        b"2.MIME",
        b"2.HEADER",
    ],
    *[b"3", b"3.HEADER", b"3.TEXT", b"3.MIME", b"3.1", b"3.1.MIME", b"3.2", b"3.2.MIME", b"4"],
    *[b"3.HEADER.FIELDS (Subject From)"],
]

READING: list[Command] = [
    *[(b"FETCH 1:3 " + item,) for item in (b"ENVELOPE", b"BODYSTRUCTURE", b"BODY", b"(UID FLAGS RFC822.SIZE)")],
    *[(b"FETCH 2 " + item,) for item in (b"INTERNALDATE", b"ALL", b"FULL", b"FAST")],
    *[(b"FETCH %d BODY.PEEK[%b]" % (number, section),) for number in (1, 2) for section in _SECTIONS],
    (b"FETCH 1 BODY.PEEK[]<5.10>",),
    (b"FETCH 1 BODY.PEEK[]<99999.10>",),
    (b"FETCH 1 BODY.PEEK[TEXT]<3.7>",),
    (b"FETCH 1 BODY[TEXT]",),
    (b"FETCH 1 FLAGS",),
    (b"FETCH 3 RFC822.HEADER",),
    (b"FETCH 3 RFC822",),
    (b"FETCH 4 FLAGS",),
    (b"UID FETCH 4 FLAGS",),
    (b"FETCH 0 FLAGS",),
    (b"FETCH * FLAGS",),
    (b"FETCH 3:1 FLAGS",),
    (b"FETCH 1 FOO",),
    (b"FETCH 1 ()",),
    (b"FETCH 1",),
    (b"FETCH",),
    (b"UID FOO",),
    (b"UID",),
    (b"FOO",),
    (b"FETCH 1 (FLAGS",),
    (b"FETCH 1 FLAGS)",),
]

FLAGGING: list[Command] = [
    (b"STORE 1 +FLAGS (\\Deleted $a)",),
    (b"STORE 1 -FLAGS \\Seen",),
    (b"STORE 1 FLAGS.SILENT (\\Flagged kw2)",),
    (b"FETCH 1 FLAGS",),
    (b"UID STORE 3:9 +FLAGS (\\seen $FILED)",),
    (b"STORE 1 +FLAGS (\\Recent)",),
    (b"STORE 1 +FLAGS (\\Foo)",),
    (b"STORE 1 FOO (x)",),
    (b"STORE 1 FLAGS ()",),
    (b"STORE 9 +FLAGS (x)",),
    (b"FETCH 1:* FLAGS",),
]

_CRITERIA = [
    *[b"ALL", b"UNSEEN", b"SEEN", b"KEYWORD $Filed", b"UNKEYWORD $filed", b"DELETED", b"NOT DELETED"],
    *[
        b"FROM anna",
        b'FROM "Jansen, Anna"',
        b'FROM "<anna@home"',
        b"TO office",
        b"CC b@x",
        b"SUBJECT offerte",
    ],
    *[b'SUBJECT ""', b"HEADER Message-ID <two@home.example>", b'HEADER Message-ID ""', b"HEADER x-none y"],
    *[b'HEADER X-Folded "first second"', b"HEADER In-Reply-To quote-7", b"BODY groet", b"BODY bijgaand"],
    *[b'BODY "inner text"', b"BODY Inner", b"TEXT inner", b"TEXT anna", b'BODY "%PDF"', b"BODY preamble"],
    *[b'CHARSET UTF-8 SUBJECT "co\xc3\xb6rdinatie"', b'CHARSET UTF-8 BODY "CO\xc3\x96RD"', b"BODY rene"],
    *[b'CHARSET UTF-8 BODY "ren\xc3\xa9"', b'CHARSET UTF-8 FROM "zo\xc3\xab"', b"CHARSET X-FOO SUBJECT x"],
    *[
        b"UID 2",
        b"UID 2:*",
        b"UID 99:*",
        b"UID 5,1",
        b"1:2",
        b"*",
        b"4",
        b"1,9",
        b"()",
        b"(ALL)",
        b"NOT",
        b"OR ALL",
    ],
    *[b"OR FROM anna SUBJECT bits", b"OR (FROM anna SEEN) (NOT (SUBJECT bits))", b"FOO", b"LARGER 400"],
    *[b"SMALLER 400", b"LARGER x", b"SINCE 22-Nov-2026", b"BEFORE 23-Nov-2026 SEEN", b"ON 22-Nov-2026"],
    *[b"SENTSINCE 23-Nov-2026", b"SENTON 22-Nov-2026", b'SINCE "1-Jan-2020"', b"SINCE nonsense"],
    *[b"RECENT", b"NEW", b"OLD", b"ANSWERED", b"UNDRAFT UNFLAGGED", b"HEADER", b"", b"SUBJECT", b"KEYWORD"],
]

FINDING: list[Command] = [
    *[(verb + b" " + criteria,) for criteria in _CRITERIA for verb in (b"SEARCH", b"UID SEARCH")],
    (b"SEARCH CHARSET UTF-8 SUBJECT ~", "coördinatie".encode()),
]

MOVING: list[Command] = [
    (b"COPY 1:2 Archive",),
    (b"UID COPY 2 nope",),
    (b"UID COPY 77 Archive",),
    (b"COPY 77 Archive",),
    (b"STATUS Archive (MESSAGES UIDNEXT UNSEEN)",),
    (b"UID STORE 1,3 +FLAGS.SILENT (\\Deleted)",),
    (b"UID EXPUNGE 3",),
    (b"UID SEARCH ALL",),
    (b"UID MOVE 2 Trash",),
    (b"UID SEARCH ALL",),
    (b"EXPUNGE",),
    (b"MOVE 1 Trash",),
    (b"UNSELECT",),
    (b"UNSELECT",),
    (b"EXAMINE Archive",),
    (b"FETCH 1 BODY[TEXT]<0.3>",),
    (b"FETCH 1 FLAGS",),
    (b"CLOSE",),
    (b"SELECT Archive",),
    (b"STORE 1 +FLAGS.SILENT \\Deleted",),
    (b"CLOSE",),
    (b"STATUS Archive (MESSAGES)",),
    (b"SELECT INBOX",),
    (b"RENAME Archive/x y",),
    (b"RENAME q q/z",),
    (b"RENAME INBOX old",),
    (b"LOGOUT",),
]

# Meant to differ, each with its reason; none of them changes anything.
DIFFERENT: list[tuple[bytes, str]] = [
    (b"FETCH 1 BODY.PEEK[]<0.0>", "RFC 3501 wants a partial of at least one octet"),
    (b"FETCH 1 BODY.PEEK[0]", "RFC 3501 counts parts from 1"),
    (b"FETCH 2 BODY.PEEK[2.1]", "a PDF has no parts"),
    (b"UID STORE 2 +FLAGS (\\Seen)", "RFC 3501 wants an answer though nothing changed"),
    (b"SEARCH SENTBEFORE 23-Nov-2026", "a mail without Date was not sent in 1970"),
    (b"SEARCH BEFORE 99-Jan-2020", "there is no such day"),
]


def run(box: Mailbox, commands: list[Command]) -> list[list[bytes]]:
    """Run commands in one session and give each one's responses."""
    with box.raw() as raw:
        return [raw.run(*command) for command in commands]


def compared(responses: list[bytes]) -> tuple[list[object], object]:
    """Give the untagged responses in no order, and the tagged one."""
    values = [comparable(response) for response in responses if response]
    return sorted((value for value in values[:-1] if not _private(value)), key=repr), values[-1]


def _private(value: object) -> bool:
    # HIGHESTMODSEQ belongs to CONDSTORE, which the sandbox neither has nor announces.
    return isinstance(value, tuple) and value[-1] == b"HIGHESTMODSEQ"


@needs_servers
@pytest.mark.timeout(60)
def test_the_sandbox_answers_as_dovecot_does_but_for_the_differences_written_down(tmp_path: Path) -> None:
    commands = [*FOLDERS, *FILLING, *READING, *FINDING, *FLAGGING, *FINDING]
    apart: list[Command] = [(command,) for command, _ in DIFFERENT]
    whole = [*commands, *apart, *MOVING]
    with MailStack([], smtp=None) as stack, sandbox_mailbox(tmp_path) as sandbox:
        stack.smtp_port = 0
        ours, theirs = run(sandbox, whole), run(stack_mailbox(stack), whole)
    wrong = [
        (command, mine, other)
        for command, mine, other in zip(whole, ours, theirs, strict=True)
        if (compared(mine) == compared(other)) == (command in apart)
    ]
    assert wrong == []
