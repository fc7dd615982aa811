"""What a mail product relies on, asked of the sandbox and of real servers (Dovecot, with SMTP in front) alike.

One contract, two fixtures. What only the sandbox promises (it restarts, it demands a login) is in test_sandbox.py.
"""

import base64
import re
import smtplib
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient

from tests.mailstack.fixtures import needs_servers
from tests.mailstack.stack import MailStack
from tests.sandbox.rawimap import comparable, status
from tests.sandbox.samples import EIGHT_BIT, PDF, RETURN_PDF_ENCODED, SIGNED_RETURN, SIMPLE, mail
from tests.sandbox.servers import Mailbox, sandbox_mailbox, stack_mailbox

pytestmark = pytest.mark.timeout(30)


@pytest.fixture(scope="module")
def stack() -> Iterator[MailStack]:
    """Start the real servers once for all tests of this file."""
    with MailStack(["first@practice.example"], smtp="aiosmtpd") as running:
        yield running


@pytest.fixture(params=["sandbox", pytest.param("dovecot", marks=needs_servers)])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mailbox]:
    """Give an empty account on one of the servers."""
    if request.param == "sandbox":
        with sandbox_mailbox(tmp_path) as mailbox:
            yield mailbox
    else:
        yield stack_mailbox(request.getfixturevalue("stack"))


@pytest.fixture
def client(box: Mailbox) -> Iterator[IMAPClient]:
    """Give a connection with INBOX selected."""
    with box.imap() as connection:
        connection.select_folder("INBOX")
        yield connection


def put(client: IMAPClient, raw: bytes, folder: str = "INBOX", **options: Any) -> int:
    """Append a mail and give its UID, as APPENDUID tells it."""
    answer = client.append(folder, raw, **options)
    found = re.search(rb"\[APPENDUID \d+ (\d+)\]", answer)
    assert found, answer
    return int(found[1])


def get(client: IMAPClient, uid: int, item: str) -> Any:
    """Fetch one thing of one mail."""
    return client.fetch([uid], [item])[uid][item.replace(".PEEK", "").encode()]


def copyuid(client: IMAPClient) -> list[bytes]:
    """Give UIDVALIDITY, source and target UIDs of the last COPY or MOVE."""
    _, [code] = client._imap.response("COPYUID")  # noqa: SLF001  # imapclient gives no other way to it
    assert code
    return bytes(code).split()


class TestAccount:
    """Who may come in, and what there is."""

    def test_a_wrong_password_is_refused_and_a_right_one_still_works_afterwards(self, box: Mailbox) -> None:
        with box.imap() as client:
            assert client.capabilities()
        with IMAPClient(box.host, port=box.imap_port, ssl=False) as stranger:
            with pytest.raises(IMAPClient.Error):
                stranger.login(box.address, "wrong")
            stranger.login(box.address, box.password)

    def test_plain_authentication_works_too(self, box: Mailbox) -> None:
        with IMAPClient(box.host, port=box.imap_port, ssl=False) as client:
            client.plain_login(box.address, box.password)
            assert client.select_folder("INBOX")[b"EXISTS"] == 0

    def test_the_capabilities_a_mail_product_needs_are_announced(self, client: IMAPClient) -> None:
        needed = {b"UIDPLUS", b"MOVE", b"IDLE", b"SPECIAL-USE", b"NAMESPACE", b"LITERAL+", b"UNSELECT", b"ID"}
        assert needed <= set(client.capabilities())

    def test_the_special_folders_are_found_by_their_use(self, client: IMAPClient) -> None:
        uses = [b"\\Sent", b"\\Trash", b"\\Drafts", b"\\Junk", b"\\Archive"]
        assert [client.find_special_folder(use) for use in uses] == [
            "Sent",
            "Trash",
            "Drafts",
            "Junk",
            "Archive",
        ]

    def test_folders_have_one_delimiter_and_no_prefix(self, client: IMAPClient) -> None:
        assert client.namespace().personal == (("", "/"),)
        assert {delimiter for _, delimiter, _ in client.list_folders()} == {b"/"}


class TestFolders:
    """Making, naming and removing folders."""

    @pytest.mark.parametrize("name", ["Zoë & co", "日本", "Dossiers/2026 ✓", 'a "quoted" \\ name', "INBOX/Sub"])
    def test_a_folder_keeps_its_name_whatever_the_script(self, client: IMAPClient, name: str) -> None:
        client.create_folder(name)
        assert name in [found for _, _, found in client.list_folders()]
        uid = put(client, SIMPLE, name)
        client.select_folder(name)
        assert client.search() == [uid]

    def test_a_folder_can_be_renamed_with_what_is_below_it(self, client: IMAPClient) -> None:
        client.create_folder("old/deep")
        put(client, SIMPLE, "old/deep")
        client.rename_folder("old", "new")
        assert client.folder_status("new/deep", ["MESSAGES"]) == {b"MESSAGES": 1}
        assert not client.folder_exists("old/deep")

    def test_a_folder_made_again_has_another_uidvalidity(self, client: IMAPClient) -> None:
        client.create_folder("again")
        first = client.folder_status("again", ["UIDVALIDITY"])
        client.delete_folder("again")
        client.create_folder("again")
        assert client.folder_status("again", ["UIDVALIDITY"]) != first

    def test_inbox_can_not_be_deleted_and_is_found_in_any_case(self, client: IMAPClient) -> None:
        with pytest.raises(IMAPClient.Error):
            client.delete_folder("INBOX")
        assert client.select_folder("inbox")[b"UIDVALIDITY"]

    def test_a_missing_folder_is_an_error_of_its_own(self, client: IMAPClient) -> None:
        with pytest.raises(IMAPClient.Error, match="TRYCREATE"):
            client.append("nowhere", SIMPLE)
        with pytest.raises(IMAPClient.Error):
            client.select_folder("nowhere")

    def test_status_counts_without_opening_the_folder(self, client: IMAPClient) -> None:
        put(client, SIMPLE, "Archive", flags=[b"\\Seen"])
        put(client, SIMPLE, "Archive")
        found = client.folder_status("Archive", ["MESSAGES", "UNSEEN", "UIDNEXT"])
        assert found == {b"MESSAGES": 2, b"UNSEEN": 1, b"UIDNEXT": 3}


class TestOctets:
    """What was put in comes out, byte for byte."""

    @pytest.mark.parametrize("raw", [SIMPLE, EIGHT_BIT, SIGNED_RETURN, b"\r\n\r\n\r\n", b"A: b\r\n\r\nno end of line"])
    def test_an_appended_mail_comes_back_byte_for_byte(self, client: IMAPClient, raw: bytes) -> None:
        uid = put(client, raw)
        assert get(client, uid, "BODY.PEEK[]") == raw
        assert get(client, uid, "RFC822.SIZE") == len(raw)

    def test_a_mail_of_two_megabytes_comes_back_byte_for_byte(self, client: IMAPClient) -> None:
        raw = mail("large", bytes(range(1, 256)).replace(b"\r", b"").replace(b"\n", b"\r\n") * 8000)
        assert get(client, put(client, raw), "BODY.PEEK[]") == raw

    def test_a_sent_mail_arrives_byte_for_byte_behind_its_trace(self, box: Mailbox, client: IMAPClient) -> None:
        box.deliver(SIGNED_RETURN)
        client.noop()
        raw = get(client, client.search()[0], "BODY.PEEK[]")
        trace = raw.removesuffix(SIGNED_RETURN)
        assert trace != raw
        assert trace.startswith(b"Return-Path: <client@home.example>\r\n")
        assert b"\r\nReceived: from " in trace

    def test_eight_bit_text_and_leading_dots_survive_smtp(self, box: Mailbox, client: IMAPClient) -> None:
        raw = mail("dots", ".\r\n..\r\n.een punt\r\n\r\n€\r\n".encode())
        box.deliver(raw)
        client.noop()
        assert get(client, client.search()[0], "BODY.PEEK[]").endswith(raw)

    def test_partial_fetches_join_to_the_whole(self, client: IMAPClient) -> None:
        uid = put(client, SIGNED_RETURN)
        pieces = [
            client.fetch([uid], [f"BODY.PEEK[]<{at}.100>"])[uid] for at in range(0, len(SIGNED_RETURN) + 200, 100)
        ]
        joined = b"".join(piece[b"BODY[]<%d>" % (at * 100)] for at, piece in enumerate(pieces))
        assert joined == SIGNED_RETURN

    def test_header_and_text_join_to_the_whole(self, client: IMAPClient) -> None:
        uid = put(client, SIGNED_RETURN)
        both = client.fetch([uid], ["BODY.PEEK[HEADER]", "BODY.PEEK[TEXT]"])[uid]
        assert both[b"BODY[HEADER]"] + both[b"BODY[TEXT]"] == SIGNED_RETURN

    def test_chosen_header_fields_keep_their_folding_and_end_with_a_blank_line(self, client: IMAPClient) -> None:
        found = client.fetch([put(client, SIMPLE)], ["BODY.PEEK[HEADER.FIELDS (SUBJECT X-FOLDED X-NONE)]"])
        [value] = [value for key, value in next(iter(found.values())).items() if key.startswith(b"BODY")]
        assert value == b"Subject: Offerte\r\nX-Folded: first\r\n second\r\n\tthird\r\n\r\n"


class TestStructure:
    """Finding the signed quote without fetching the mail."""

    def test_the_pdf_is_found_by_bodystructure_and_fetched_alone(self, client: IMAPClient) -> None:
        uid = put(client, SIGNED_RETURN)
        parts, *rest = get(client, uid, "BODYSTRUCTURE")
        pdf = parts[1]
        assert pdf[:2] == (b"application", b"pdf")
        assert pdf[3:6] == (b"<pdf@home.example>", b"The signed quote", b"base64")
        assert pdf[6] == len(RETURN_PDF_ENCODED)
        assert pdf[8][0].lower() == b"attachment"
        assert pdf[8][1] == (b"filename", b'quote (signed) "7".pdf', b"size", b"281")
        assert get(client, uid, "BODY.PEEK[2]") == RETURN_PDF_ENCODED
        assert rest[0] == b"mixed"

    def test_the_decoded_pdf_is_the_one_that_was_sent(self, client: IMAPClient) -> None:
        assert base64.b64decode(get(client, put(client, SIGNED_RETURN), "BODY.PEEK[2]")) == PDF

    def test_a_mail_within_the_mail_is_described_with_its_envelope_and_its_own_parts(self, client: IMAPClient) -> None:
        uid = put(client, SIGNED_RETURN)
        inner = get(client, uid, "BODYSTRUCTURE")[0][2]
        assert inner[:2] == (b"message", b"rfc822")
        assert inner[7][1] == b"Inner"
        # imapclient gathers the parts of a multipart in a list only outside a message/rfc822.
        jpeg = inner[8][1]
        assert jpeg[:2] == (b"image", b"jpeg")
        assert jpeg[8] == (b"attachment", (b"filename*", b"utf-8''co%C3%B6rdinatie.jpg"))
        assert get(client, uid, "BODY.PEEK[3.2]") == b"/9j/4AAQ"
        assert get(client, uid, "BODY.PEEK[3.HEADER]").startswith(b"From: coach@practice.example\r\n")

    def test_the_envelope_names_sender_recipients_groups_and_reference(self, client: IMAPClient) -> None:
        envelope = get(client, put(client, SIGNED_RETURN), "ENVELOPE")
        assert str(envelope.to[0]) == "coach@practice.example"
        assert [(one.name, one.mailbox, one.host) for one in envelope.cc] == [
            (None, b"Team", None),
            (None, b"a", b"x.example"),
            (b"B. C.", b"b", b"x.example"),
            (None, None, None),
        ]
        assert (envelope.message_id, envelope.in_reply_to) == (
            b"<two@home.example>",
            b"<quote-7@practice.example>",
        )
        assert envelope.sender == envelope.from_ == envelope.reply_to


class TestFlags:
    """Flags and keywords, and who else may see them change."""

    def test_peek_leaves_a_mail_unread_and_body_marks_it_as_read(self, client: IMAPClient) -> None:
        uid = put(client, SIMPLE)
        client.fetch([uid], ["BODY.PEEK[]", "ENVELOPE", "BODYSTRUCTURE", "RFC822.HEADER", "RFC822.SIZE"])
        assert b"\\Seen" not in get(client, uid, "FLAGS")
        client.fetch([uid], ["BODY[TEXT]"])
        assert b"\\Seen" in get(client, uid, "FLAGS")

    def test_examining_a_folder_never_marks_anything_as_read(self, client: IMAPClient) -> None:
        uid = put(client, SIMPLE)
        client.select_folder("INBOX", readonly=True)
        client.fetch([uid], ["BODY[]"])
        client.select_folder("INBOX")
        assert b"\\Seen" not in get(client, uid, "FLAGS")

    def test_keywords_are_kept_and_can_be_searched_and_taken_off(self, client: IMAPClient) -> None:
        assert b"\\*" in client.select_folder("INBOX")[b"PERMANENTFLAGS"]
        uid, other = put(client, SIMPLE, flags=[b"$Filed", b"\\Flagged"]), put(client, SIMPLE)
        client.add_flags([other], [b"$Purge"])
        assert client.search(["KEYWORD", "$Filed"]) == [uid]
        assert client.search(["UNKEYWORD", "$Filed"]) == [other]
        client.remove_flags([uid], [b"$Filed"])
        assert set(get(client, uid, "FLAGS")) - {b"\\Recent"} == {b"\\Flagged"}

    def test_setting_flags_replaces_them_and_silently_says_nothing(self, client: IMAPClient) -> None:
        uid = put(client, SIMPLE, flags=[b"\\Seen", b"\\Flagged"])
        assert set(client.set_flags([uid], [b"\\Answered"])[uid]) - {b"\\Recent"} == {b"\\Answered"}
        assert client.add_flags([uid], [b"\\Seen"], silent=True) is None
        assert set(get(client, uid, "FLAGS")) - {b"\\Recent"} == {b"\\Answered", b"\\Seen"}

    def test_an_appended_mail_has_the_flags_and_the_date_it_was_given(self, client: IMAPClient) -> None:
        given = datetime(2024, 2, 29, 23, 59, 58, tzinfo=UTC)
        uid = put(client, SIMPLE, flags=[b"\\Seen"], msg_time=given)
        client.normalise_times = False
        assert get(client, uid, "INTERNALDATE") == given
        assert b"\\Seen" in get(client, uid, "FLAGS")


class TestSearch:
    """Finding mails."""

    @pytest.fixture
    def three(self, client: IMAPClient) -> IMAPClient:
        """Give a folder with three mails, UIDs 1 to 3."""
        put(client, SIMPLE, msg_time=datetime(2024, 1, 10, tzinfo=UTC))
        put(client, SIGNED_RETURN, flags=[b"\\Seen"], msg_time=datetime(2025, 1, 10, tzinfo=UTC))
        put(client, EIGHT_BIT, msg_time=datetime(2026, 1, 10, tzinfo=UTC))
        return client

    @pytest.mark.parametrize(
        ("criteria", "found"),
        [
            (["HEADER", "Message-ID", "<two@home.example>"], [2]),
            (["HEADER", "Message-ID", "<none@home.example>"], []),
            (["HEADER", "X-Folded", "first second"], [1]),
            (["UID", "2:*"], [2, 3]),
            (["UID", "99:*"], [3]),
            (["SINCE", "10-Jan-2025"], [2, 3]),
            (["BEFORE", "10-Jan-2025"], [1]),
            (["ON", "10-Jan-2026"], [3]),
            (["SENTSINCE", "23-Nov-2026"], [2]),
            (["NOT", "SEEN"], [1, 3]),
            (["OR", "SUBJECT", "offerte", "SUBJECT", "bits"], [1, 3]),
            (["NOT", ["OR", ["SEEN", "SUBJECT", "x"], ["FROM", "anna"]]], [2, 3]),
            (["LARGER", "1000"], [2]),
            (["SMALLER", "1000", "UNSEEN"], [1, 3]),
            (["BODY", "inner text"], [2]),
            (["TEXT", "ANNA"], [1]),
            (["BODY", "anna"], []),
            (["TO", "office.example"], [1]),
            (["CC", "b@x.example"], [2]),
        ],
    )
    def test_criteria_find_the_right_mails(self, three: IMAPClient, criteria: list[Any], found: list[int]) -> None:
        assert three.search(criteria) == found

    @pytest.mark.parametrize(
        ("criteria", "found"),
        [
            (["SUBJECT", "COÖRDINATIE"], [2]),
            (["FROM", "zoë"], [2]),
            (["HEADER", "X-Split", "één"], [3]),
            (["BODY", "rené"], [2]),
            (["BODY", "coördinatie €"], [3]),
        ],
    )
    def test_text_is_found_through_encodings_and_regardless_of_case(
        self, three: IMAPClient, criteria: list[Any], found: list[int]
    ) -> None:
        assert three.search(criteria, charset="UTF-8") == found

    def test_an_unknown_charset_is_refused_by_name(self, box: Mailbox) -> None:
        with box.raw() as raw:
            raw.run(b"SELECT INBOX")
            assert b" NO [BADCHARSET" in raw.run(b"SEARCH CHARSET X-NONE SUBJECT x")[-1]


class TestMovingAndRemoving:
    """Copies, moves and removals touch just what they name."""

    def test_append_and_copy_tell_the_new_uids(self, client: IMAPClient) -> None:
        uids = [put(client, mail(str(number))) for number in range(3)]
        client.copy(uids[1:], "Archive")
        validity = client.folder_status("Archive", ["UIDVALIDITY"])[b"UIDVALIDITY"]
        assert copyuid(client) == [b"%d" % validity, b"2:3", b"1:2"]

    def test_a_move_tells_the_new_uids_keeps_flags_and_date_and_leaves_nothing_behind(self, client: IMAPClient) -> None:
        put(client, SIMPLE)
        uid = put(client, SIGNED_RETURN, flags=[b"$Filed"], msg_time=datetime(2024, 5, 6, tzinfo=UTC))
        client.move([uid], "Trash")
        _, source, target = copyuid(client)
        assert (source, client.search()) == (b"%d" % uid, [1])
        client.select_folder("Trash")
        assert get(client, int(target), "BODY.PEEK[]") == SIGNED_RETURN
        assert b"$Filed" in get(client, int(target), "FLAGS")
        assert get(client, int(target), "INTERNALDATE").date().isoformat() == "2024-05-06"

    def test_uid_expunge_spares_other_mails_marked_as_deleted(self, client: IMAPClient) -> None:
        ours, foreign, kept = put(client, SIMPLE), put(client, SIMPLE), put(client, SIMPLE)
        client.delete_messages([ours, foreign], silent=True)
        client.uid_expunge([ours, kept])
        assert client.search() == [foreign, kept]

    def test_uids_are_never_given_out_twice(self, client: IMAPClient) -> None:
        last = [put(client, SIMPLE) for _ in range(3)][-1]
        client.delete_messages([last])
        client.expunge()
        assert put(client, SIMPLE) == last + 1

    def test_copying_to_a_missing_folder_copies_nothing_and_says_why(self, client: IMAPClient) -> None:
        uid = put(client, SIMPLE)
        with pytest.raises(IMAPClient.Error, match="TRYCREATE"):
            client.move([uid], "nowhere")
        assert client.search() == [uid]

    def test_closing_removes_what_is_marked_and_unselecting_does_not(self, client: IMAPClient) -> None:
        uid = put(client, SIMPLE)
        client.delete_messages([uid])
        client.unselect_folder()
        assert client.folder_status("INBOX", ["MESSAGES"]) == {b"MESSAGES": 1}
        client.select_folder("INBOX")
        client.close_folder()
        assert client.folder_status("INBOX", ["MESSAGES"]) == {b"MESSAGES": 0}

    def test_hundreds_of_mails_are_purged_by_ranges(self, client: IMAPClient) -> None:
        client.create_folder("bulk")
        for number in range(200):
            client.append("bulk", mail(str(number)))
        client.select_folder("bulk")
        client.add_flags("1:150", [b"\\Deleted"], silent=True)
        client.uid_expunge("1:150")
        assert client.search() == list(range(151, 201))


class TestOthers:
    """What one session does, the others get to know."""

    def test_idle_sees_a_delivery(self, box: Mailbox, client: IMAPClient) -> None:
        client.idle()
        moment: list[float] = []

        def deliver() -> None:
            box.deliver(SIMPLE)
            moment.append(time.monotonic())

        sender = threading.Thread(target=deliver)
        sender.start()
        seen = client.idle_check(timeout=5)
        arrived = time.monotonic()
        sender.join()
        client.idle_done()
        assert (1, b"EXISTS") in seen
        # The machine may be busy; the bound is for a server that polls, or forgets to tell.
        assert arrived - moment[0] < box.idle_seconds + 0.5

    def test_idle_and_noop_see_an_expunge_by_another_session(self, box: Mailbox, client: IMAPClient) -> None:
        for _ in range(3):
            put(client, SIMPLE)
        client.noop()
        client.idle()
        with box.imap() as other:
            other.select_folder("INBOX")
            other.delete_messages([2])
            other.uid_expunge([2])
        seen = []
        deadline = time.monotonic() + 5
        while (2, b"EXPUNGE") not in seen and time.monotonic() < deadline:
            seen += client.idle_check(timeout=1)
        client.idle_done()
        assert (2, b"EXPUNGE") in seen
        assert client.search() == [1, 3]

    def test_message_numbers_stand_still_while_fetching(self, box: Mailbox) -> None:
        with box.raw() as first, box.raw() as second:
            for subject in (b"one", b"two", b"three"):
                first.run(b"APPEND INBOX ~", b"Subject: " + subject + b"\r\n\r\n")
            first.run(b"SELECT INBOX")
            second.run(b"SELECT INBOX")
            second.run(b"STORE 1 +FLAGS (\\Deleted)")
            second.run(b"EXPUNGE")
            fetched = first.run(b"FETCH 3 BODY.PEEK[HEADER.FIELDS (SUBJECT)]")
            assert b"Subject: three" in fetched[0]
            assert not any(b"EXPUNGE" in line.split(b"\r\n")[0] for line in fetched[:-1])
            assert b"* 1 EXPUNGE\r\n" in first.run(b"NOOP")
            assert b"Subject: three" in first.run(b"FETCH 2 BODY.PEEK[HEADER.FIELDS (SUBJECT)]")[0]

    def test_flags_set_by_one_session_reach_the_other(self, box: Mailbox) -> None:
        with box.raw() as first, box.raw() as second:
            first.run(b"APPEND INBOX ~", SIMPLE)
            first.run(b"SELECT INBOX")
            second.run(b"SELECT INBOX")
            second.run(b"STORE 1 +FLAGS.SILENT (\\Flagged $Filed)")
            news = b"".join(first.run(b"NOOP"))
            assert b"\\Flagged" in news
            assert b"$Filed" in news


class TestRefusals:
    """Bad input gets an answer and does nothing."""

    def test_a_folder_name_with_a_line_of_its_own_is_refused_and_the_line_is_not_run(self, box: Mailbox) -> None:
        with box.raw() as raw:
            raw.run(b"CREATE keep")
            answers = raw.run(b"CREATE ~", b"x\r\nA9 DELETE keep")
            assert status(answers) in {"NO", "BAD"}
            listed = [line for line in raw.run(b'LIST "" "*"') if line.startswith(b"* LIST")]
            assert any(b"keep" in line for line in listed)
            assert not any(b"A9" in line for line in listed)

    def test_a_line_break_in_a_quoted_string_ends_the_command_there(self, box: Mailbox) -> None:
        with box.raw() as raw:
            raw.send(b'T1 CREATE "x\r\n')
            assert status(raw.responses(b"T1")) == "BAD"
            assert status(raw.run(b"NOOP")) == "OK"
            assert not any(b"x" in line for line in raw.run(b'LIST "" "x*"')[:-1])

    def test_a_hostile_subject_stays_inside_its_string(self, box: Mailbox) -> None:
        evil = b'Subject: a") UID 9 FLAGS (\\Deleted) X ("\r\n\r\n* 1 EXPUNGE\r\n'
        with box.raw() as raw:
            raw.run(b"APPEND INBOX ~", evil)
            raw.run(b"SELECT INBOX")
            answers = raw.run(b"FETCH 1 (ENVELOPE BODY.PEEK[TEXT])")
            assert len(answers) == 2
            assert comparable(answers[0]) == (
                b"1",
                {
                    b"ENVELOPE": [b"NIL", b'a") UID 9 FLAGS (\\Deleted) X ("', *[b"NIL"] * 8],
                    b"BODY[TEXT]": b"* 1 EXPUNGE\r\n",
                },
            )

    def test_a_command_line_without_end_is_refused_and_the_connection_or_server_goes_on(self, box: Mailbox) -> None:
        with box.raw() as raw:
            raw.send(b"T1 SEARCH SUBJECT " + b"x" * 100_000 + b"\r\n")
            assert status(raw.responses(b"T1")) in {"BAD", "NO"}
        with box.imap() as client:
            assert client.select_folder("INBOX")[b"EXISTS"] == 0

    def test_mail_to_nobody_is_refused_at_once_and_other_recipients_get_theirs(
        self, box: Mailbox, client: IMAPClient
    ) -> None:
        with smtplib.SMTP(box.host, box.smtp_port, local_hostname="laptop.example", timeout=10) as smtp:
            refused = smtp.sendmail("client@home.example", ["nobody@practice.example", box.address], SIMPLE)
        assert refused["nobody@practice.example"][0] == 550
        client.noop()
        assert len(client.search()) == 1

    def test_plus_addresses_are_delivered_to_their_user(self, box: Mailbox, client: IMAPClient) -> None:
        local, _, domain = box.address.partition("@")
        box.deliver(SIMPLE, to=f"{local}+quote-7@{domain}")
        client.noop()
        assert len(client.search()) == 1
