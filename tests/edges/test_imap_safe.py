"""No text of others becomes a command, and no answer of a server becomes a crash."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Self

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.config.practice import Server
from pipeline.edges import mailbox
from pipeline.edges.mailbox import Mailbox, imap_safe
from pipeline.errors import NotReachable, PipelineError
from pipeline.secret import Secret

ABLE = b"* CAPABILITY IMAP4rev1 MOVE IDLE\r\n"
COMMAND = re.compile(rb"^[A-P]{4}\d+ (UID )?([A-Z]+)[^\r\n]*$")
HARMLESS = {b"LIST", b"STATUS", b"EXAMINE", b"SELECT", b"FETCH", b"SEARCH", b"STORE", b"MOVE", b"CAPABILITY", b"LOGOUT"}
few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Parrot:
    """An IMAP server that answers each command with the bytes it was told to, and keeps what it heard."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.answers: dict[bytes, bytes] = {}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                with line, contextlib.suppress(OSError):
                    self._talk(line)

    def _talk(self, line: socket.socket) -> None:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(b"* PREAUTH [CAPABILITY IMAP4rev1 MOVE IDLE] parrot\r\n")
        with line.makefile("rb") as coming:
            for heard in coming:
                self.heard.append(heard.rstrip(b"\r\n"))
                tag, _, rest = heard.partition(b" ")
                name = rest.removeprefix(b"UID ").split()[0] if rest.split() else b""
                said = self.answers.get(name, ABLE if name == b"CAPABILITY" else b"")
                line.sendall(said + (b"* BYE\r\n" if name == b"LOGOUT" else b"") + tag + b" OK done\r\n")
                if name == b"LOGOUT":
                    return


@pytest.fixture(scope="module")
def parrot() -> Iterator[Parrot]:
    with Parrot() as running:
        yield running


@contextlib.contextmanager
def opened(parrot: Parrot) -> Iterator[Mailbox]:
    server = Server(host="127.0.0.1", port=parrot.port, security="plain-on-loopback")
    with mailbox.opened(server, lambda: Secret("")) as box:
        yield box


NAMES = st.text(max_size=30) | st.text(st.sampled_from('"\\\r\n\0\x7f{}& -%*()é\ud800€😀a1+'), max_size=30)
SELECTED = b"* 1 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT 2] ok\r\n"
IS_THERE = b"* 1 FETCH (UID 1)\r\n"
CALLS: list[tuple[Callable[[Mailbox, str], object], int]] = [
    (lambda box, name: box.status(name), 1),
    (lambda box, name: box.examine(name), 1),
    (lambda box, name: box.find(name, "token", "<a@b.example>"), 4),
    (lambda box, name: box.mark(name, 1, 1, "\\Flagged"), 3),
    (lambda box, name: box.move("INBOX", 1, 1, name), 3),
]


@pytest.mark.parametrize(("call", "most"), CALLS, ids=["status", "examine", "find", "mark", "move"])
@given(name=NAMES)
@example(name='a" "b\r\nX1 DELETE INBOX')
@example(name="{5}\r\n")
@few
def test_a_folders_name_is_never_a_command(
    parrot: Parrot, call: Callable[[Mailbox, str], object], most: int, name: str
) -> None:
    parrot.answers = {b"SELECT": SELECTED, b"EXAMINE": SELECTED, b"FETCH": IS_THERE, b"STATUS": b"* STATUS a ()\r\n"}
    parrot.heard.clear()
    with contextlib.suppress(PipelineError), opened(parrot) as box:
        call(box, name)
    asked = [COMMAND.fullmatch(line) for line in parrot.heard]
    assert all(asked) and len(asked) > 1, parrot.heard
    assert {one[2] for one in asked if one} <= HARMLESS
    assert len([one for one in asked if one and one[2] not in {b"CAPABILITY", b"LOGOUT"}]) <= most


@given(text=st.text())
def test_only_plain_text_passes_the_gate(text: str) -> None:
    try:
        assert imap_safe(text) == text
    except ValueError:
        assert re.search(r'[^ -~]|["\\]', text)
    else:
        assert re.fullmatch(r"[ !#-\[\]-~]*", text)


@given(flag=st.text(max_size=12).filter(lambda flag: not re.fullmatch(r"\\?[A-Za-z0-9$_.-]+", flag)))
@few
def test_what_is_not_a_flag_is_refused_before_anything_is_asked(parrot: Parrot, flag: str) -> None:
    parrot.heard.clear()
    with opened(parrot) as box, pytest.raises(mailbox.CannotMove):
        box.mark("INBOX", 1, 1, flag)
    assert not [line for line in parrot.heard if b"SELECT" in line]


PIECES = st.sampled_from(
    [
        b"* ", b"1 ", b"FETCH ", b"(", b")", b"((", b"UID ", b"7 ", b"RFC822.SIZE ", b"INTERNALDATE ", b'"', b"\\",
        b'"02-Nov-2026 09:00:00 +9999"', b'"99-Xyz-0000 99:99:99 +999999999999"', b"BODY[HEADER.FIELDS (FROM)] ",
        b"BODY[] ", b"{3}\r\nabc", b"{0}\r\n", b"NIL ", b"BODYSTRUCTURE ", b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1)',
        b"\r\n", b"LIST ", b'"/" ', b"&AA- ", b"STATUS ", b"UIDNEXT ", b"99999999999999999999999 ", b"-1 ", b"INBOX ",
        b"OK [UIDVALIDITY ", b"]", b"EXISTS", b"NO ", b"BAD ", b"BYE ", b"\xff\xfe", b"\0", b"(" * 2000, b"+ ",
        b"{4}\r\nFrom", b"SEARCH ", b"[",
    ]
)  # fmt: skip
ANSWERS = st.lists(PIECES, max_size=25).map(b"".join) | st.binary(max_size=60)
ENDED = ANSWERS.map(lambda answer: b"* " + answer + b"\r\n")


@given(answer=ENDED)
@example(answer=b"* 1 FETCH (UID 1 BODY[] {99999999999999}\r\n")
@example(answer=b"* 1 FETCH (UID 1 BODY[] {" + b"9" * 5000 + b"}\r\n")
@example(answer=b"* 1 FETCH (UID 1 BODYSTRUCTURE " + b"(" * 5000 + b")" * 5001 + b"\r\n")
@example(answer=b"* 1 FETCH (UID 1 BODYSTRUCTURE ())\r\n")
@example(answer=b"* 1 FETCH (UID 1 BODYSTRUCTURE (() ()))\r\n")
@example(answer=b'* 1 FETCH (UID 1 RFC822.SIZE 1 INTERNALDATE "01-Jan-2026 00:00:00 +9900" BODY[HEADER] {0}\r\n)\r\n')
@example(answer=b"* LIST (\\a) NIL {9}\r\n\r\nA1 OK x\r\n")
@example(answer=b'* LIST () "/" &\r\n* LIST () "/" "&AAA"\r\n')
@example(answer=b"* STATUS\r\n")
@example(answer=b"* " + b"x" * 2_000_000 + b"\r\n")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_answer_is_more_than_a_server_that_cannot_be_used(parrot: Parrot, answer: bytes) -> None:
    asks: list[Callable[[Mailbox], object]] = [
        lambda box: box.folders(),
        lambda box: box.special_folders(),
        lambda box: box.status("INBOX"),
        lambda box: box.examine("INBOX"),
        lambda box: box.uids(1, 9),
        lambda box: box.glimpses([1, 7]),
        lambda box: box.parts([1, 7]),
        lambda box: box.whole(1),
        lambda box: box.find("INBOX", "token", "<a@b.example>"),
    ]
    names = (b"LIST", b"STATUS", b"EXAMINE", b"FETCH", b"SEARCH")
    # Each is answered nonsense, but the folder can be opened first.
    for ask in asks:
        parrot.answers = dict.fromkeys(names, SELECTED)
        with opened(parrot) as box:
            box.examine("INBOX")
            parrot.answers = dict.fromkeys(names, answer)
            with contextlib.suppress(NotReachable):
                ask(box)


def test_an_answer_without_an_end_is_cut_short(parrot: Parrot) -> None:
    parrot.answers = {b"EXAMINE": SELECTED, b"FETCH": b"* 1 FETCH (UID 1 BODY[] {70000000}\r\n" + b"x" * 70_000_000}
    with opened(parrot) as box:
        box.examine("INBOX")
        with pytest.raises(NotReachable, match="too large"):
            box.whole(1)


def test_a_mail_of_ten_thousand_parts_is_taken_apart(parrot: Parrot) -> None:
    part = b'("application" "pdf" ("name" "a scan with quite a long name.pdf") NIL NIL "base64" 40000 NIL NIL NIL NIL)'
    parrot.answers = {
        b"EXAMINE": SELECTED,
        b"FETCH": b"* 1 FETCH (UID 1 BODYSTRUCTURE (" + part * 10_000 + b' "mixed"))\r\n',
    }
    with opened(parrot) as box:
        box.examine("INBOX")
        found = box.parts([1])[1]
    assert found is not None and len(found) == 10_000
    assert found[0] == ("application/pdf", "a scan with quite a long name.pdf", 40_000)
