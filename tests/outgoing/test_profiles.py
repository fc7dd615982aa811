"""Profiles: the invitation and the profile itself, to the client alone and after her consent."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from pikepdf import Pdf

from pipeline.model import Kind, Purpose
from pipeline.outgoing.course import profiles
from pipeline.policy.mailterms import kinds_of
from pipeline.policy.schema.mail import MailKind
from pipeline.press import protect
from tests.cli.commands import Typing
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.coaching import consent, files_of, mails, text_of
from tests.outgoing.prepared import START, Shelf, after, by_hand
from tests.outgoing.profiling import BOTH, INVITATION, TAKEN, begun, doubted, dropped, note, profile, states
from tests.reading.profiles import acting, locked
from tests.world import CLIENT, World


@pytest.fixture
def world(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    return begun(shelf, tmp_path, server, sponsored=False, consents=(TAKEN,))


@pytest.fixture
def sponsored(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    return begun(shelf, tmp_path, server, consents=BOTH)


# The invitation


@pytest.mark.clause("K-06", "K-07", "K-13")
def test_an_invitation_goes_to_the_client_with_what_is_asked_and_where_the_processor_says_what_it_does(
    world: World, server: ScriptedSmtp
) -> None:
    file = dropped(world, INVITATION)
    ((recipient, mail),) = mails(server)
    text = text_of(mail)
    assert (recipient, file.exists(), files_of(mail)) == (CLIENT, False, {})
    for said in ("https://vragenlijst.example/abc123\nUw code is 4711", "TTI", "https://gdpr.sisurvey.eu/", "IP-adres"):
        assert said in text
    assert "liever niet" in text and "https://delinde.example/privacy" in text


def test_what_the_practice_says_of_its_processor_stands_in_the_invitation_and_the_policys_pointer_stays(
    world: World, server: ScriptedSmtp
) -> None:
    more = "  processor: Kompas Profielen\n  wat: uw drijfveren\n  statement: https://kompas.example/privacy\n"
    world.change("^daily_note: no", f"daily_note: no\nprofiel:\n{more}  gegevens: |\n    Uw naam\n    en uw leeftijd")
    dropped(world, INVITATION)
    ((_, mail),) = mails(server)
    for said in (
        "vragenlijst in te vullen voor uw drijfveren", "Kompas Profielen maakt het profiel", "Uw naam\nen uw leeftijd",
        "https://kompas.example/privacy\nhttps://gdpr.sisurvey.eu/",
    ):  # fmt: skip
        assert said in text_of(mail)


@pytest.mark.clause("K-06")
@pytest.mark.parametrize("data", [INVITATION, profile()], ids=["invitation", "profile"])
def test_without_consent_on_file_nothing_is_taken_in_and_the_note_cites_the_clause(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp, data: bytes | str
) -> None:
    world = begun(shelf, tmp_path, server, sponsored=False, consents=())
    file = dropped(world, data)
    assert (file.exists(), server.accepted, states(world)) == (True, [], [])
    assert "(K-06)" in note(world, file) and "toestemmingsverklaring ondertekend terug" in note(world, file)
    denied = [json.loads(str(entry)) for (entry,) in world.rows("SELECT entry FROM ledger")]
    assert [entry["clauses"] for entry in denied if entry["event"] == "gate.denied"] == ["K-06"]
    consent(world, TAKEN)
    world.work(after(hours=2))
    assert (file.exists(), [recipient for recipient, _ in mails(server)]) == (False, [CLIENT])


@pytest.mark.clause("K-06")
def test_consent_that_is_withdrawn_between_drop_and_send_keeps_the_invitation_in(
    world: World, server: ScriptedSmtp
) -> None:
    server.at("connect", "421 4.3.2 busy")
    dropped(world, INVITATION)
    consent(world, TAKEN, given=False, at=START + timedelta(hours=2))
    server.behave()
    world.work(after(hours=8))
    assert (server.accepted, states(world, "invitation")) == ([], [("client", 1, "refused")])
    consent(world, TAKEN, at=START + timedelta(hours=9))
    dropped(world, INVITATION, hours=10)
    assert [recipient for recipient, _ in mails(server)] == [CLIENT], "dropped once more after a new yes, it goes"


def test_the_same_invitation_twice_is_one_and_a_new_link_is_a_next_one(world: World, server: ScriptedSmtp) -> None:
    for number, text in enumerate((INVITATION, INVITATION, INVITATION.replace("abc123", "def456")), 1):
        dropped(world, text, hours=number)
    assert ["def456" in text_of(mail) for _, mail in mails(server)] == [False, True]


def test_an_invitation_says_who_makes_the_profile_or_stays(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> None:
    world = begun(shelf, tmp_path, server, sponsored=False, policy="ballance", consents=("coaching",))
    file = dropped(world, INVITATION)
    assert (file.exists(), server.accepted) == (True, [])
    assert "bij profile in: processor, statement, information" in note(world, file)


# The profile, to the client


@pytest.mark.clause("K-08", "K-09")
def test_a_profile_goes_to_its_client_and_to_nobody_else_as_it_came(sponsored: World, server: ScriptedSmtp) -> None:
    data = profile()
    file = dropped(sponsored, data)
    ((recipient, mail),) = mails(server)
    assert (recipient, file.exists(), doubted(sponsored)) == (CLIENT, False, [])
    assert files_of(mail) == {f"{sponsored.reference}-3-v1.pdf": data}
    stored = sponsored.folder / "storage" / "dossiers" / sponsored.reference / f"{sponsored.reference}-3-v1.pdf"
    assert stored.read_bytes() == data
    assert "rustig tempo" not in text_of(mail) and "profiel" not in str(mail["Subject"])


def test_a_second_profile_takes_the_place_of_the_first_and_the_same_one_twice_is_one(
    world: World, server: ScriptedSmtp
) -> None:
    first, second = profile(pages=3), profile(pages=4)
    server.at("connect", "421 4.3.2 busy")
    dropped(world, first)
    server.behave()
    dropped(world, second, hours=6)
    dropped(world, second, hours=7)
    assert states(world) == [("client", 1, "superseded"), ("client", 2, "accepted")]
    assert [list(files_of(mail).values()) for _, mail in mails(server)] == [[second]]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (locked(profile()), "vraagt om een wachtwoord"),
        (acting(profile()), "javascript"),
        (b"PK\x03\x04 not what its name says", "dit is geen PDF"),
        (b"%PDF-1.7\nand then nothing", "dit is geen PDF, of hij is beschadigd"),
    ],
    ids=["locked", "active", "no PDF", "broken"],
)
def test_what_no_client_should_be_sent_is_refused(world: World, server: ScriptedSmtp, data: bytes, word: str) -> None:
    file = dropped(world, data)
    assert (file.exists(), server.accepted, states(world)) == (True, [], [])
    assert word in note(world, file)


def test_a_file_with_more_pages_than_any_profile_has_is_refused(world: World, server: ScriptedSmtp) -> None:
    with Pdf.open(io.BytesIO(profile())) as pdf:
        for _ in range(profiles.MOST_PAGES):
            pdf.add_blank_page()
        saved = io.BytesIO()
        pdf.save(saved)
    file = dropped(world, saved.getvalue())
    assert "203 bladzijden" in note(world, file) and server.accepted == []


def test_a_profile_without_a_reference_gets_a_note_with_the_open_dossiers_and_no_name(world: World) -> None:
    file = dropped(world, profile(), name="profiel Sanne Jansen.pdf")
    assert world.reference in note(world, file) and "S. J." in note(world, file)
    assert "Jansen" not in note(world, file).replace(file.name, "")


@pytest.mark.parametrize("by", ["practice", "client"])
def test_a_profile_goes_behind_a_password_when_practice_or_client_want_that(
    world: World, server: ScriptedSmtp, capsys: pytest.CaptureFixture[str], by: str
) -> None:
    if by == "practice":
        world.change("^daily_note: no", "daily_note: no\nencrypt: [profile]")
    else:
        by_hand(world, "UPDATE requests SET facts = json_set(facts, '$.encrypt', json('true'))")
    data = profile()
    dropped(world, data)
    ((recipient, mail),) = mails(server)
    (file,) = files_of(mail).values()
    with pytest.MonkeyPatch.context() as patch:
        shown = Typing(world, capsys, patch)("show", world.reference).out
    (line,) = [one for one in shown.splitlines() if one.startswith("password")]
    password = line.split()[1]
    assert recipient == CLIENT and protect.strongly(file, password)
    assert protect.bare(file, password) == protect.bare(data) and not protect.bare(file, "")
    assert password not in server.accepted[0].raw.decode("latin-1") and "vergrendeld" in text_of(mail)


def test_the_mails_about_a_profile_are_of_the_kinds_that_a_policy_deletes() -> None:
    assert kinds_of(Purpose.PROFILE, (Kind.PROFILE,)) == {MailKind.PROFILE}
    assert kinds_of(Purpose.INVITATION, (Kind.INVITATION,)) == {MailKind.PROFILE_INTAKE}
