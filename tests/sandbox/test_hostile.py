"""Whatever comes in, the sandbox stays up: its readers raise nothing but their own errors, its sessions answer on."""

import random
import smtplib
import socket
from collections.abc import Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.sandbox import SandboxServer
from pipeline.sandbox.addresses import parse_addresses
from pipeline.sandbox.fetch import parse_items
from pipeline.sandbox.headers import parse_value, read_fields
from pipeline.sandbox.mime import Part, parse
from pipeline.sandbox.names import BadNameError, decode_name, encode_name, matches
from pipeline.sandbox.search import UnknownCharsetError, parse_search
from pipeline.sandbox.sequences import compact, parse_set, pick
from pipeline.sandbox.structure import body_structure, envelope
from pipeline.sandbox.text import body_text, header_text, sent_date
from pipeline.sandbox.wire import BadSyntaxError, Literal, Word, literal, quote, tokenise
from tests.sandbox.rawimap import RawImap, read_values, status
from tests.sandbox.samples import SIGNED_RETURN, SIMPLE

pytestmark = pytest.mark.timeout(60)
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Random bytes seldom look like IMAP or mail; these do, and are wrong in interesting ways.
_LIKE_IMAP = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *b'( ) " \\ [ ] < > {3} NIL BODY[ HEADER.FIELDS 1:* * \\Seen \x00 \xff NOT OR UID & CHARSET'.split(),
                *[b" ", b"\r\n", b"1.2.MIME", b"4294967296"],
            ]
        ),
        st.binary(max_size=4),
    ),
    max_size=30,
).map(b"".join)
_LIKE_MAIL = st.lists(
    st.sampled_from(
        [
            *[
                b"\r\n",
                b"\n",
                b"--",
                b"--x",
                b"--x--",
                b": ",
                b" ",
                b"\t",
                b"(",
                b'"',
                b";",
                b"=",
                b"\xff\x00",
            ],
            *[b"Content-Type: multipart/mixed; boundary=x\r\n", b"Content-Type: message/rfc822\r\n"],
            *[b"Content-Type: text/plain; charset=nope\r\n", b"Content-Transfer-Encoding: base64\r\n"],
            *[b"Content-Disposition: attachment; filename*0*=a\r\n", b"QUJD\r\n", b"Date: Tue\r\n"],
            *[b"Subject: =?utf-8?q?x?=\r\n", b"From: a <b@c>, g: d;\r\n"],
        ]
    ),
    max_size=40,
).map(b"".join)


class TestReaders:
    """Pure functions on arbitrary octets."""

    @quick
    @given(st.lists(st.one_of(st.binary(max_size=200), _LIKE_IMAP, st.binary(max_size=20).map(Literal)), max_size=5))
    def test_the_tokeniser_reads_or_refuses_any_octets(self, parts: list[bytes | Literal]) -> None:
        try:
            tokens = tokenise(parts)
        except BadSyntaxError:
            return
        assert all(isinstance(token, (Word, list)) for token in tokens)

    @quick
    @given(st.binary(max_size=100))
    def test_what_is_written_as_a_string_is_read_back(self, value: bytes) -> None:
        assert read_values(quote(value)) == [value]
        assert read_values(literal(value)) == [value]

    @quick
    @given(_LIKE_IMAP)
    def test_fetch_items_search_criteria_and_sets_are_read_or_refused(self, text: bytes) -> None:
        try:
            tokens = tokenise([text])
            for reader in (lambda: parse_items(tokens), lambda: parse_search(tokens, [1, 5])):
                _tried(reader)
        except BadSyntaxError:
            pass
        _tried(lambda: parse_set(text.decode("latin-1"), 5))

    @pytest.mark.parametrize(
        "deep", [b"(" * 5000, b"NOT " * 5000 + b"ALL", b"OR " * 5000, b"(" * 30 + b"ALL" + b")" * 30]
    )
    def test_deep_nesting_is_refused_and_overflows_nothing(self, deep: bytes) -> None:
        _tried(lambda: parse_search(tokenise([deep]), [1]))

    @quick
    @given(st.text(max_size=40))
    def test_any_name_that_is_accepted_comes_back_the_same(self, name: str) -> None:
        try:
            accepted = decode_name(encode_name(name)) if name.isprintable() else ""
        except BadNameError:
            return
        assert accepted.upper() == name.upper() or not name.isprintable()
        assert matches(accepted, "*")

    @quick
    @given(st.binary(max_size=60))
    def test_any_octets_are_a_name_or_are_refused(self, wire: bytes) -> None:
        try:
            name = decode_name(wire)
        except BadNameError:
            return
        assert decode_name(encode_name(name)) == name

    def test_a_pattern_of_many_wildcards_is_answered_at_once(self) -> None:
        assert not matches("a" * 255, "*a" * 127 + "b")

    @quick
    @given(st.sets(st.integers(1, 60)))
    def test_a_compact_set_means_the_numbers_it_was_made_of(self, numbers: set[int]) -> None:
        ordered = sorted(numbers)
        if ordered:
            assert pick(ordered, parse_set(compact(ordered).decode(), 60)) == ordered

    @quick
    @given(st.one_of(st.binary(max_size=300), _LIKE_MAIL))
    def test_any_mail_has_a_structure_that_covers_it_exactly(self, raw: bytes) -> None:
        part = parse(raw)
        assert part.header + part.content == raw
        _check_ranges(part)
        # What is sent must be readable: brackets balance, strings end.
        assert len(read_values(body_structure(part, extended=True))) == 1
        assert len(read_values(envelope(part.fields))) == 1
        assert isinstance(body_text(part) + header_text(raw), str)
        sent_date(part.fields)

    @quick
    @given(st.one_of(st.binary(max_size=100), _LIKE_MAIL))
    def test_any_field_value_can_be_read(self, raw: bytes) -> None:
        parse_value(raw)
        parse_addresses(raw)
        read_fields(raw)

    def test_a_character_split_over_two_encoded_words_is_put_together(self) -> None:
        assert header_text(b"=?utf-8?Q?co=C3?= =?utf-8?b?tnI=?= x") == header_text("coör x".encode())

    def test_a_mail_of_endless_nesting_is_described_all_the_same(self) -> None:
        nested = b"Content-Type: message/rfc822\r\n\r\n" * 3000
        assert body_structure(parse(nested), extended=True)
        many = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\n\r\n" * 20000
        assert body_structure(parse(many), extended=True)


def _tried(reader: Callable[[], object]) -> None:
    with suppress(BadSyntaxError, UnknownCharsetError):
        reader()


def _check_ranges(part: Part) -> None:
    assert part.start <= part.body <= part.end <= len(part.raw)
    for inner in [*part.parts, *([part.message] if part.message else [])]:
        assert part.body <= inner.start <= inner.end <= part.end
        _check_ranges(inner)


_VERBS = b"FETCH STORE SEARCH COPY MOVE EXPUNGE LIST LSUB STATUS CREATE DELETE RENAME SELECT APPEND UID IDLE".split()
_WORDS = (
    b'1 1:* * 0 (FLAGS) FLAGS +FLAGS (\\Seen) INBOX "" % "*" BODY[] BODY.PEEK[1]<0.5> () ( ) {3} {3+} {99999999999}'
    b" ALL NOT OR KEYWORD x UID (MESSAGES) RETURN (SPECIAL-USE) Sent &AAA- \xff \x00 HEADER FETCH 4294967295"
).split()


def test_sessions_fed_with_random_commands_stay_up_and_the_mail_stays_readable(tmp_path: Path) -> None:
    chance = random.Random(20261122)
    with SandboxServer(tmp_path, {"a@b.example": "p"}) as server:
        for _ in range(25):
            with RawImap(server.host, server.imap_port, timeout=10) as raw:
                raw.run(b"LOGIN a@b.example p")
                raw.run(b"APPEND INBOX ~", chance.choice([SIMPLE, SIGNED_RETURN]))
                raw.run(b"SELECT INBOX")
                for _ in range(60):
                    line = b" ".join([chance.choice(_VERBS), *chance.choices(_WORDS, k=chance.randrange(5))])
                    raw.send(b"X " + line + b"\r\n")
                # Whatever it is waiting for now, these lines end it.
                raw.send(b"abc\r\nDONE\r\nEND NOOP\r\nEND LOGOUT\r\n")
                assert raw.responses(b"END")[-1][:6] in {b"END OK", b""}
        with RawImap(server.host, server.imap_port) as raw:
            assert status(raw.run(b"LOGIN a@b.example p")) == "OK"
            assert status(raw.run(b"SELECT INBOX")) == "OK"
            assert status(raw.run(b"FETCH 1:* (BODY.PEEK[] BODYSTRUCTURE ENVELOPE)")) in {"OK", "BAD"}


def test_no_random_command_is_answered_with_an_internal_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    test_sessions_fed_with_random_commands_stay_up_and_the_mail_stays_readable(tmp_path)
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize("port", ["imap_port", "smtp_port"])
def test_noise_and_cut_connections_do_not_take_the_server_down(tmp_path: Path, port: str) -> None:
    chance = random.Random(7)
    with SandboxServer(tmp_path, {"a@b.example": "p"}) as server:
        for _ in range(20):
            with socket.create_connection((server.host, getattr(server, port)), timeout=5) as noise:
                noise.sendall(chance.randbytes(chance.randrange(5000)))
        for cut in (
            b"a LOGIN {5}\r\n",
            b"a LOGIN {5+}\r\nx",
            b"a AUTHENTICATE PLAIN\r\n",
            b"EHLO x\r\nAUTH PLAIN\r\n",
        ):
            with socket.create_connection((server.host, getattr(server, port)), timeout=5) as noise:
                noise.sendall(cut)
        with RawImap(server.host, server.imap_port) as raw:
            assert status(raw.run(b"LOGIN a@b.example p")) == "OK"


def test_literals_over_the_limit_are_refused_before_they_are_read(tmp_path: Path) -> None:
    with (
        SandboxServer(tmp_path, {"a@b.example": "p"}) as server,
        RawImap(server.host, server.imap_port) as raw,
    ):
        raw.send(b"T LOGIN {9000}\r\n")
        assert status(raw.responses(b"T")) == "BAD"
        assert status(raw.run(b"LOGIN a@b.example p")) == "OK"
        raw.send(b"T APPEND INBOX {99999999}\r\n")
        assert status(raw.responses(b"T")) == "BAD"
        assert status(raw.run(b"NOOP")) == "OK"
        raw.send(b"T APPEND INBOX {99999999+}\r\n")
        assert status(raw.responses(b"T")) == "BAD"
        assert raw.response() == b""


def test_the_date_of_a_trace_is_one_other_programs_read(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, {"a@b.example": "p"}) as server:
        with smtplib.SMTP(server.host, server.smtp_port, timeout=5) as client:
            client.sendmail("x@y.example", ["a@b.example"], SIMPLE)
        received = read_fields(server.messages("a@b.example")[0]).get(b"received")
    assert received
    assert parsedate_to_datetime(received.rpartition(b"; ")[2].decode()).tzinfo
