"""When all is in: each who signed gets a copy of that, the coach a note, and nobody anything else (P3)."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
import zxingcpp

from pipeline.config.practice import read_practice_file
from pipeline.edges import ledger
from pipeline.errors import PrintFailed
from pipeline.model import Kind
from pipeline.outgoing.opening.countersigned import countersign
from pipeline.outgoing.sending import outbox
from pipeline.policy.policy import read_policy
from pipeline.practice import Practice
from pipeline.press.stamp import fingerprint
from pipeline.reading.findings import Certificate, Findings, Ink, Way
from tests import warm
from tests.faults.script import Stage
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.back import Paper, drawn, letters, road_out, take_back
from tests.outgoing.prepared import Order, Shelf, after, by_hand, plain, reference, shown
from tests.outgoing.test_gates import Interrupted, accept_newer
from tests.promises.papers import Letter, links_of, squeezed, text_of
from tests.world import CLIENT, SPONSOR, World, client_file

OWN = "marjan@delinde.example"
QUOTE = Paper(Kind.QUOTE, after(days=3)(), picture=drawn(331, 90), original=b"%PDF /JavaScript STRANGER-CANARY")
CONSENT = Paper(
    Kind.CONSENT, after(days=4)(), picture=drawn(443, 90), original=b"%PDF /JavaScript STRANGER-CANARY",
    answers={"coaching": True, "profile_take": False, "profile_share": True, "report_receive": True}, confirmed=True,
)  # fmt: skip
THEN = after(days=5)
STRANGE = {QUOTE.picture: 331, CONSENT.picture: 443}


def accepted(shelf: Shelf, root: Path, *, sponsored: bool) -> Path:
    """Give the storage of a practice whose mails were accepted."""
    with ScriptedSmtp(tls="none") as server:
        world = shelf.world(root, smtp=plain(server), order=Order(sponsored=sponsored))
        world.work(after())
    return world.folder / "storage"


@pytest.fixture(scope="session")
def stores(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give practices, made once a run: all came back and nothing was made of it yet; or the copies wait to go."""
    made: dict[str, Path] = {}
    for name, sponsored in (("sponsored", True), ("alone", False)):
        made[f"{name} asked"] = accepted(shelf, tmp_path_factory.mktemp(name), sponsored=sponsored)
        world = World(tmp_path_factory.mktemp(name))
        world.small_templates()
        shutil.copytree(made[f"{name} asked"], world.folder / "storage", dirs_exist_ok=True)
        take_back(world, QUOTE)
        take_back(world, CONSENT)
        with world.opened() as practice:
            assert countersign(practice, THEN(), lambda _: None) == 1
        made[f"{name} composed"] = world.folder / "storage"
    return made


class Scene:
    """Makes worlds from the stores."""

    def __init__(self, stores: dict[str, Path], root: Path, server: ScriptedSmtp) -> None:
        """Make them below `root`; they send through `server`."""
        self._stores, self._root, self._server = stores, root, server

    def world(self, name: str) -> World:
        """Give the one called `name`."""
        world = World(self._root, smtp=plain(self._server))
        world.small_templates()
        shutil.copytree(self._stores[name], world.folder / "storage", dirs_exist_ok=True)
        return world


@pytest.fixture
def scene(stores: dict[str, Path], tmp_path: Path, server: ScriptedSmtp) -> Scene:
    """Give the worlds of these tests."""
    return Scene(stores, tmp_path, server)


def send(world: World, server: ScriptedSmtp) -> dict[str, Letter]:
    """Let the road out go on from there, twice over; gives the one mail of each mailbox."""
    with world.opened() as practice:
        for days in (5, 5.1, 9, 40):
            road_out(practice, after(days=days))
    found = letters(server)
    assert len(found) == len({to for to, _ in found}), "somebody received two"
    return dict(found)


def attached(server: ScriptedSmtp, recipient: str) -> dict[str, bytes]:
    """Give the papers that a mailbox received."""
    (raw,) = (mail.raw for mail in server.accepted if mail.recipients[0] == recipient)
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return {part.get_filename() or "": part.get_content() for part in message.iter_attachments()}


def pictures(pdf: bytes) -> set[int]:
    """Give the widths of the pictures in a PDF."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        streams = [thing for thing in document.objects if isinstance(thing, pikepdf.Stream)]
        return {int(stream.Width) for stream in streams if stream.get("/Subtype") == "/Image"}


def questions(world: World) -> list[str]:
    """Give the consents that are asked, as they stand on paper."""
    file = read_practice_file(world.folder)
    return [squeezed(question.text.nl) for question in read_policy(file.policy, world.folder, "nl").consents]


def test_sponsor_and_client_each_receive_their_own_copy_and_the_coach_a_note(
    scene: Scene, server: ScriptedSmtp
) -> None:
    world = scene.world("sponsored composed")
    ref = reference(world)
    assert {to: list(letter.papers) for to, letter in send(world, server).items()} == {
        SPONSOR: [f"{ref}-1-v1-countersigned.pdf"], CLIENT: [f"{ref}-2-v1-countersigned.pdf"], OWN: [],
    }  # fmt: skip


def test_nothing_of_the_clients_consent_reaches_the_sponsor(scene: Scene, server: ScriptedSmtp) -> None:
    world = scene.world("sponsored composed")
    received = send(world, server)
    asked = questions(world)
    everything = received[SPONSOR].everything
    assert not [text for text in asked if text in everything]
    for word in ("toestemming", "Ingetrokken", "Nietbeantwoord", CLIENT, f"{reference(world)}-2"):
        assert word.lower() not in everything.lower(), word
    (copy,) = attached(server, SPONSOR).values()
    assert pictures(copy) == {331}
    assert [text for text in asked if text in received[CLIENT].everything] == asked
    (copy,) = attached(server, CLIENT).values()
    assert pictures(copy) == {443}
    assert SPONSOR not in received[CLIENT].everything


def test_a_client_who_pays_receives_both_copies_in_one_mail(scene: Scene, server: ScriptedSmtp) -> None:
    world = scene.world("alone composed")
    ref = reference(world)
    received = send(world, server)
    assert {to: list(letter.papers) for to, letter in received.items()} == {
        CLIENT: [f"{ref}-1-v1-countersigned.pdf", f"{ref}-2-v1-countersigned.pdf"], OWN: [],
    }  # fmt: skip


def test_the_confirmation_says_who_signed_when_how_and_what_was_chosen(scene: Scene, server: ScriptedSmtp) -> None:
    world = scene.world("sponsored composed")
    received = send(world, server)
    (quote,) = received[SPONSOR].papers.values()
    (consent,) = received[CLIENT].papers.values()
    for said in (
        "Peter de Vries, Work",
        "5 november 2026",
        "Met een handtekening",
        "Marjan Vermeer",
        "7 november 2026",
    ):
        assert squeezed(said) in quote, said
    confirmation = consent.split("Uwkeuzes")[1]
    answers = ["Ja", "Nee", "Ja", "Ja", "Nietbeantwoord;geldtalsnee"]
    for asked, answer in zip(questions(world), answers, strict=True):
        assert f"{asked}{answer}" in confirmation
    assert squeezed("bekeken en bevestigd door Marjan Vermeer op 6 november 2026") in consent
    assert "bekekenenbevestigd" not in quote


def test_a_copy_is_the_pages_that_were_sent_and_one_of_ours_and_cannot_be_filled_in(
    scene: Scene, server: ScriptedSmtp
) -> None:
    world = scene.world("sponsored composed")
    ref = reference(world)
    send(world, server)
    for recipient, code in ((SPONSOR, f"{ref}-1"), (CLIENT, f"{ref}-2")):
        (copy,) = attached(server, recipient).values()
        folder = world.folder / "storage" / "dossiers" / ref
        sent = pypdfium2.PdfDocument((folder / f"{code}-v1.pdf").read_bytes())
        pages = pypdfium2.PdfDocument(copy)
        assert (len(pages), fingerprint(copy)) == (len(sent) + 1, f"{code} v1 countersigned")
        for number in range(len(sent)):
            first, second = sent[number].render(scale=2).to_pil(), pages[number].render(scale=2).to_pil()
            assert first.tobytes() == second.tobytes()
            assert f"P1*{code}*1*{number + 1}*" in zxingcpp.read_barcodes(second)[0].text
        assert zxingcpp.read_barcodes(pages[len(sent)].render(scale=3).to_pil()) == []
        with pikepdf.open(io.BytesIO(copy)) as document:
            assert "/AcroForm" not in document.Root
            notes = [note for page in document.pages for note in page.get("/Annots", [])]
            assert [note for note in notes if note.Subtype == "/Widget"] == []
        assert (folder / f"{code}-v1-countersigned.pdf").read_bytes() == copy
        assert links_of(copy) == []


def test_no_byte_that_a_stranger_sent_is_passed_on(scene: Scene, server: ScriptedSmtp) -> None:
    send(scene.world("alone composed"), server)
    for mail in server.accepted:
        assert b"STRANGER-CANARY" not in mail.raw
    for copy in attached(server, CLIENT).values():
        with pikepdf.open(io.BytesIO(copy)) as document:
            streams = [thing.read_bytes() for thing in document.objects if isinstance(thing, pikepdf.Stream)]
        assert not [data for data in streams if b"STRANGER-CANARY" in data or b"JavaScript" in data]


def test_the_note_names_nobody_and_goes_to_the_practices_own_address(scene: Scene, server: ScriptedSmtp) -> None:
    world = scene.world("sponsored composed")
    note = send(world, server)[OWN]
    headers = dict(note.headers)
    assert headers["To"] == OWN and headers["Subject"] == f"Alles is binnen voor {reference(world)}"
    assert f"pipeline show {reference(world)}" in note.plain and f"{reference(world)}-1-v1-countersigned" in note.plain
    for name in ("Sanne", "Jansen", "Peter", CLIENT, SPONSOR, "Work", "€"):
        assert name not in note.plain + note.rich + str(note.headers)


def test_the_mails_stand_under_the_first_ones(scene: Scene, server: ScriptedSmtp) -> None:
    world = scene.world("sponsored composed")
    first = {str(to): str(number) for to, number in world.rows("SELECT recipient, message_id FROM messages LIMIT 2")}
    received = send(world, server)
    for recipient in (SPONSOR, CLIENT):
        assert dict(received[recipient].headers)["In-Reply-To"] == first[recipient]
    assert "In-Reply-To" not in dict(received[OWN].headers)


LACKING = {
    "one awaited": "UPDATE obligations SET state = 'awaited' WHERE kind = 'quote'",
    "declined": "UPDATE obligations SET state = 'declined' WHERE kind = 'quote'",
    "expired": "UPDATE obligations SET state = 'expired' WHERE kind = 'quote'",
    "only proposed": "UPDATE returns SET state = 'proposed' WHERE kind = 'consent'",
    "rejected": "UPDATE returns SET state = 'rejected' WHERE kind = 'consent'",
    "not asked yet": "DELETE FROM obligations WHERE kind = 'quote'",
    "superseded": "UPDATE obligations SET state = 'superseded'",
}


@pytest.mark.parametrize("lacking", LACKING)
def test_nothing_goes_while_anything_is_lacking(scene: Scene, lacking: str) -> None:
    world = scene.world("sponsored asked")
    take_back(world, QUOTE)
    take_back(world, CONSENT)
    by_hand(world, LACKING[lacking])
    with world.opened() as practice:
        assert countersign(practice, THEN(), lambda _: None) == 0
    assert world.rows("SELECT * FROM messages WHERE purpose != 'documents'") == []


@pytest.mark.parametrize("change", ["one awaited", "declined", "rejected"])
@pytest.mark.parametrize("stage", ["rcpt", "data"])
def test_what_is_taken_back_before_the_final_dot_stops_the_copy(
    scene: Scene, server: ScriptedSmtp, change: str, stage: Stage
) -> None:
    world = scene.world("alone composed")
    server._settings.script = Interrupted(stage, lambda: by_hand(world, LACKING[change]))  # noqa: SLF001  # the hook
    with world.opened() as practice:
        for _ in range(2):
            outbox.send(practice, THEN, lambda _: None)
    assert server.accepted == []
    assert {
        state for (state,) in world.rows("SELECT state FROM messages WHERE round = 0 AND purpose != 'documents'")
    } == {"superseded"}


def test_a_newer_version_before_the_final_dot_stops_the_copy(scene: Scene, server: ScriptedSmtp) -> None:
    world = scene.world("alone composed")
    server._settings.script = Interrupted("data", lambda: accept_newer(world))  # noqa: SLF001  # the hook for this
    with world.opened() as practice:
        outbox.send(practice, THEN, lambda _: None)
    assert server.accepted == []


def test_what_lapsed_because_a_paper_was_rejected_goes_once_when_another_is_booked(
    scene: Scene, server: ScriptedSmtp
) -> None:
    world = scene.world("alone composed")
    by_hand(world, LACKING["rejected"])
    with world.opened() as practice:
        outbox.send(practice, THEN, lambda _: None)
    assert server.accepted == []
    take_back(world, replace(CONSENT, at=after(days=6)(), picture=drawn(517, 90)))
    received = send(world, server)
    assert set(received) == {CLIENT, OWN}
    assert [pictures(copy) for copy in attached(server, CLIENT).values()] == [{331}, {517}]


def test_copies_of_two_dossiers_swapped_in_the_storage_are_not_sent(scene: Scene, server: ScriptedSmtp) -> None:
    world = scene.world("alone composed")
    folder = world.folder / "storage" / "dossiers" / reference(world)
    one, two = (folder / f"{reference(world)}-{number}-v1-countersigned.pdf" for number in (1, 2))
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    assert CLIENT not in send(world, server)
    assert shown(world, THEN) == ["refused"]


def test_a_copy_that_is_gone_from_the_dossier_is_not_sent_and_shown(scene: Scene, server: ScriptedSmtp) -> None:
    world = scene.world("alone composed")
    (world.folder / "storage" / "dossiers" / reference(world) / f"{reference(world)}-1-v1-countersigned.pdf").unlink()
    assert CLIENT not in send(world, server)
    assert shown(world, THEN) == ["refused"]


FORGERIES = [
    "UPDATE messages SET recipient = 'peter@work.example' WHERE purpose = 'note'",
    "UPDATE messages SET party = 'sponsor', kinds = 'quote' WHERE purpose = 'note'",
    "UPDATE messages SET kinds = 'consent' WHERE purpose = 'countersigned' AND party = 'sponsor'",
    "UPDATE messages SET kinds = 'quote,consent' WHERE purpose = 'countersigned' AND party = 'sponsor'",
    "UPDATE messages SET recipient = 'peter@work.example' WHERE purpose = 'countersigned' AND party = 'client'",
    "UPDATE messages SET purpose = 'documents', round = 7 WHERE purpose = 'countersigned'",
    "UPDATE messages SET round = 7 WHERE purpose != 'documents'",
]


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_row_changed_by_hand_stops_that_mail(scene: Scene, server: ScriptedSmtp, forgery: str) -> None:
    world = scene.world("sponsored composed")
    by_hand(world, forgery)
    with world.opened() as practice:
        outbox.send(practice, THEN, lambda _: None)
    sent = [to for to, _ in letters(server)]
    assert len(sent) < 3 and shown(world, THEN) != []
    assert SPONSOR not in sent or [*dict(letters(server))[SPONSOR].papers] == [
        f"{reference(world)}-1-v1-countersigned.pdf"
    ]


@pytest.fixture
def asked(scene: Scene) -> Iterator[tuple[World, Practice]]:
    """Give an opened practice whose client has both documents."""
    world = scene.world("alone asked")
    with world.opened() as practice:
        yield world, practice


NO_CERTIFICATE = Findings(signature=Ink.SIGNED, certificate=Certificate(intact=False, signer="Mallory"))
WAYS = [
    (Findings(certificate=Certificate(intact=True, signer="S. Jansen")), "digitale handtekening op naam van S. Jansen"),
    (Findings(signature=Ink.SIGNED, signature_way=Way.FIELDS), "Ingevuld en ondertekend in het pdf-document"),
    (Findings(signature=Ink.SIGNED), "Met een handtekening, op papier of op een scherm"),
    (NO_CERTIFICATE, "Met een handtekening, op papier of op een scherm"),
    (Findings(), "Als ondertekend aangenomen"),
]
BAD_PICTURES = [b"", b"%PDF-1.7 not a picture", b"<svg onload=x>", b"\x89PNG\r\n\x1a\n" + b"0" * (3 << 20)]


def test_a_confirmation_says_no_more_of_the_signature_than_was_seen(asked: tuple[World, Practice]) -> None:
    world, practice = asked
    ref = reference(world)
    copy = world.folder / "storage" / "dossiers" / ref / f"{ref}-1-v1-countersigned.pdf"
    take_back(world, CONSENT)
    for (found, said), picture in zip(WAYS, [*BAD_PICTURES, QUOTE.picture], strict=True):
        take_back(world, replace(QUOTE, findings=found, picture=picture))
        with practice.database.transaction():
            practice.database.run("DELETE FROM messages WHERE purpose != 'documents'")
        assert countersign(practice, THEN(), lambda _: None) == 1
        assert squeezed(said) in text_of(copy.read_bytes())
        assert pictures(copy.read_bytes()) == ({331} if picture == QUOTE.picture else set())
        assert "Mallory" not in text_of(copy.read_bytes())


def test_a_consent_taken_back_before_the_copy_is_made_stands_there_as_withdrawn(asked: tuple[World, Practice]) -> None:
    world, practice = asked
    take_back(world, QUOTE)
    take_back(world, CONSENT)
    with practice.database.transaction():
        practice.database.run(
            "INSERT INTO consents (dossier, purpose, given, document, text_seal, way, mail, came_at, at)"
            " SELECT ?, 'coaching', 0, ?, 'S', 'withdrawal', max(number), ?, ? FROM mails",
            reference(world), f"{reference(world)}-2 v1", THEN().isoformat(), THEN().isoformat(),
        )  # fmt: skip
    assert countersign(practice, THEN(), lambda _: None) == 1
    copy = world.folder / "storage" / "dossiers" / reference(world) / f"{reference(world)}-2-v1-countersigned.pdf"
    assert f"{questions(world)[0]}Ingetrokken" in text_of(copy.read_bytes())


def test_a_template_that_cannot_be_printed_is_said_and_tried_again(asked: tuple[World, Practice]) -> None:
    world, practice = asked
    take_back(world, QUOTE)
    take_back(world, CONSENT)
    template = world.folder / "templates" / "nl" / "countersigned.html"
    text = template.read_text("utf-8")
    template.write_text(text.replace("confirmation.signer", "confirmation.singer"), "utf-8")
    warm.serve(practice)
    with pytest.raises(PrintFailed, match=r"countersigned\.html"):
        countersign(practice, THEN(), lambda _: None)
    assert world.rows("SELECT 1 FROM messages WHERE purpose != 'documents'") == []
    template.write_text(text, "utf-8")
    warm.serve(practice)
    assert [countersign(practice, THEN(), lambda _: None) for _ in range(3)] == [1, 0, 0]


def test_a_document_that_is_not_the_one_that_was_written_is_not_confirmed(asked: tuple[World, Practice]) -> None:
    world, practice = asked
    take_back(world, QUOTE)
    take_back(world, CONSENT)
    sent = world.folder / "storage" / "dossiers" / reference(world) / f"{reference(world)}-1-v1.pdf"
    sent.write_bytes(sent.read_bytes() + b"\n")
    with pytest.raises(Exception, match="not the file that was written"):
        countersign(practice, THEN(), lambda _: None)


def test_the_ledger_has_each_copy_by_its_seal_and_no_person(scene: Scene, server: ScriptedSmtp) -> None:
    world = scene.world("sponsored composed")
    send(world, server)
    rows = [(int(str(n)), str(e), str(h)) for n, e, h in world.rows("SELECT * FROM ledger ORDER BY number")]
    assert ledger.verify(rows) == []
    assert len([entry for _, entry, _ in rows if '"event":"document.countersigned"' in entry]) == 2
    assert not [entry for _, entry, _ in rows if any(name in entry for name in ("Sanne", CLIENT, SPONSOR, "Peter"))]


def test_with_the_real_templates_both_papers_are_whole_documents(tmp_path: Path, server: ScriptedSmtp) -> None:
    world = World(tmp_path, smtp=plain(server))
    world.drop(client_file(more="goal: GOAL-CANARY\n"))
    world.work(after())
    take_back(world, QUOTE)
    take_back(world, CONSENT)
    with world.opened() as practice:
        road_out(practice, THEN)
    (first, _), (copies, letter), _ = letters(server)
    assert first == copies == CLIENT and len(letter.papers) == 2
    for paper in letter.papers.values():
        assert "Bevestiging" in paper and "blad1van1" in paper
    assert "GOAL-CANARY" not in letter.plain + letter.rich
