"""Profiles: to the client alone, after her consent; whoever could be the wrong person is looked at first."""

from __future__ import annotations

import email
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from email import policy as mail_policy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from pikepdf import Pdf

from pipeline import approvals, attention
from pipeline.approvals import Answer
from pipeline.model import Kind, Party, Purpose
from pipeline.outgoing import plan, recorded
from pipeline.outgoing.course import dispatch, profiles
from pipeline.outgoing.mail.freezing import NotAsPlanned
from pipeline.outgoing.sending import outbox
from pipeline.policy.mailterms import kinds_of
from pipeline.policy.schema.mail import MailKind
from pipeline.practice import Practice
from pipeline.press import protect
from tests.cli.commands import Typing
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.coaching import consent, files_of, mails, text_of
from tests.outgoing.prepared import START, Order, Shelf, after, by_hand, plain
from tests.reading.profiles import acting, locked, of, pictured, typed
from tests.world import CLIENT, SPONSOR, World, client_file

TAKEN, SHARED = "profile_take", "profile_share"
BOTH = (TAKEN, SHARED)
OTHER = "X7Q4-MX2P"
INVITATION = "link: https://vragenlijst.example/abc123\ncode: Uw code is 4711\n"


def profile(name: str = "Sanne Jansen", pages: int = 3) -> bytes:
    """The PDF of somebody's profile."""
    return typed(of(name, pages=pages))


def begun(
    shelf: Shelf, root: Path, server: ScriptedSmtp, *, sponsored: bool = True, policy: str = "kleur",
    consents: tuple[str, ...] = (),
) -> World:  # fmt: skip
    """Give a practice with one dossier, its first mails written down as accepted, with these consents given."""
    world = shelf.world(root, smtp=plain(server), order=Order(sponsored=sponsored))
    by_hand(world, "UPDATE messages SET state = 'accepted', accepted_at = ?", START.isoformat())
    if policy != "kleur":
        world.change("^policy: kleur", f"policy: {policy}")
        world.change("^  version: .*", '  version: "2026-12"')
    for purpose in consents:
        consent(world, purpose)
    return world


@pytest.fixture
def world(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    return begun(shelf, tmp_path, server, sponsored=False, consents=(TAKEN,))


@pytest.fixture
def sponsored(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    return begun(shelf, tmp_path, server, consents=BOTH)


def dropped(world: World, data: bytes | str, hours: float = 1, name: str = "") -> Path:
    """Drop a profile, or an invitation, and let the program do what there is to do."""
    ending = "pdf" if isinstance(data, bytes) else "yaml"
    file = world.drop(data, name or f"{world.reference} {hours}.{ending}", "profiles")
    world.work(after(hours=hours))
    return file


def note(world: World, file: Path) -> str:
    return " ".join((world.note(file.name, "profiles") or "").split())


def sent(server: ScriptedSmtp) -> list[tuple[str, list[str]]]:
    """To whom something was accepted, with which files."""
    return [(recipient, list(files_of(mail))) for recipient, mail in mails(server)]


def states(world: World, purpose: str = "profile") -> list[tuple[object, ...]]:
    return world.rows("SELECT party, round, state FROM messages WHERE purpose = ? ORDER BY rowid", purpose)


def doubted(world: World) -> list[str]:
    """Why the mails that wait for the coach do so, by the names of the reasons."""
    rows = world.rows("SELECT reasons FROM attention WHERE what = 'addressee' AND state = 'open' ORDER BY number")
    return [word for (reasons,) in rows for word, _ in json.loads(str(reasons))]


def says(world: World, answer: Answer, hours: float = 2, kind: Kind = Kind.PROFILE) -> bool:
    """Write down her word on the newest profile, as the road in and the command do; False when it can be about none."""
    now = START + timedelta(hours=hours)
    with world.opened() as practice, practice.database.transaction():
        newest = recorded.newest(practice, world.reference, kind)
        document = approvals.about(practice, world.reference, kind, newest.version) if newest else None
        if document is not None:
            approvals.record(practice, document, answer, "coach", now)
    world.work(after(hours=hours))
    return document is not None


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
        "vragenlijst in te vullen voor uw drijfveren", "door Kompas Profielen", "Uw naam\nen uw leeftijd",
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


# Whom it could be about besides


def another(world: World, name: str = "Piet Bos", address: str = "piet@elsewhere.example") -> str:
    """Open a second dossier, for somebody else, as intake leaves it; gives its reference."""
    by_hand(world, "INSERT INTO dossiers SELECT ?, 'other', '2026-0099', opened_at FROM dossiers", OTHER)
    by_hand(
        world,
        "INSERT INTO requests SELECT ?, revision, sha256, json_set(facts, '$.client.name', ?, '$.client.email', ?),"
        " state, reason, accepted_at FROM requests",
        OTHER, name, address,
    )  # fmt: skip
    return OTHER


def first_reference(world: World) -> str:
    return str(world.rows("SELECT reference FROM dossiers ORDER BY rowid")[0][0])


DOUBTS = {
    "the profile of somebody else": (profile("Fatima Visser"), "", "profile_name_absent"),
    "a part of her name only": (profile("Sanne Bakker"), "", "profile_name_partly"),
    "another client's name on the cover": (profile("Piet Bos"), "", "profile_names_another"),
    "a name like hers": (profile("Sanne Janssen"), "", "profile_name_partly"),
    "no text to compare": (pictured(profile(pages=1)), "", "profile_no_text"),
    "a file that bears another client's name": (profile(), "Piet Bos.pdf", "profile_file_of_another"),
}


@pytest.mark.parametrize(("data", "name", "word"), DOUBTS.values(), ids=DOUBTS)
def test_a_profile_that_may_be_about_somebody_else_waits_for_the_coach(
    world: World, server: ScriptedSmtp, data: bytes, name: str, word: str
) -> None:
    another(world)
    server.forget()
    reference = first_reference(world)
    dropped(world, data, name=f"{reference} {name or 'profiel.pdf'}")
    assert (server.accepted, states(world)) == ([], [("client", 1, "held")])
    assert word in doubted(world)
    with world.opened() as practice:
        (waits,) = [one for one in attention.waiting(practice) if one.what == "addressee"]
    assert (waits.dossier, waits.title) == (
        reference,
        "een mail waarvan u eerst moet zien of hij naar de juiste persoon gaat",
    )
    assert waits.reasons


ADDRESSES = {
    "at the employer's": ("sanne@work.example", "profile_employers_address"),
    "that several people read": ("info@sanne.example", "profile_role_address"),
    "of another client": ("piet@elsewhere.example", "profile_shared_address"),
    "to which nothing went before": ("sanne@new.example", "profile_first_mail"),
}


@pytest.mark.parametrize(("address", "word"), ADDRESSES.values(), ids=ADDRESSES)
def test_a_profile_to_an_address_that_may_be_wrong_waits_for_the_coach(
    sponsored: World, server: ScriptedSmtp, address: str, word: str
) -> None:
    another(sponsored)
    server.forget()
    reference = first_reference(sponsored)
    moved = "UPDATE requests SET facts = json_set(facts, '$.client.email', ?) WHERE dossier = ?"
    by_hand(sponsored, moved, address, reference)
    dropped(sponsored, profile(), name=f"{reference}.pdf")
    assert (server.accepted, word in doubted(sponsored)) == ([], True)


def test_a_client_who_gets_another_address_before_the_send_gets_it_there_once_the_coach_has_looked(
    world: World, server: ScriptedSmtp
) -> None:
    server.at("connect", "421 4.3.2 busy")
    dropped(world, profile())
    by_hand(world, "UPDATE requests SET facts = json_set(facts, '$.client.email', 'sanne@new.example')")
    server.behave()
    world.work(after(hours=2))
    assert (server.accepted, states(world)) == ([], [("client", 1, "refused")])
    dropped(world, profile(), hours=3)
    assert (server.accepted, doubted(world)) == ([], ["profile_first_mail"])
    decided(world, "accept")
    world.work(after(hours=4))
    assert [recipient for recipient, _ in mails(server)] == ["sanne@new.example"]


def test_an_address_from_which_mail_came_back_is_not_known(world: World, server: ScriptedSmtp) -> None:
    by_hand(world, "UPDATE messages SET bounced = '550 no such user'")
    dropped(world, profile())
    assert (server.accepted, doubted(world)) == ([], ["profile_first_mail"])


def test_the_same_bytes_in_another_dossier_wait_for_the_coach(world: World, server: ScriptedSmtp) -> None:
    other = another(world, "Sanne Jansen", "sanne.jansen@elsewhere.example")
    reference = first_reference(world)
    consent_of(world, other)
    server.forget()
    same = profile()
    dropped(world, same, name=f"{reference}.pdf")
    dropped(world, same, hours=2, name=f"{other}.pdf")
    assert server.accepted == [], "their names are the same, so the first one waits as well"
    assert "profile_elsewhere" in doubted(world) and "profile_like_names" in doubted(world)


def test_the_profiles_of_two_clients_with_like_names_that_were_crossed_both_wait(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp
) -> None:
    world = begun(shelf, tmp_path, server, sponsored=False, consents=(TAKEN,))
    by_hand(world, "UPDATE requests SET facts = json_set(facts, '$.client.name', 'Jan Jansen')")
    other = another(world, "Jan Janssen", "janssen@elsewhere.example")
    consent_of(world, other)
    server.forget()
    dropped(world, profile("Jan Janssen"), name=f"{first_reference(world)}.pdf")
    dropped(world, profile("Jan Jansen"), hours=2, name=f"{other}.pdf")
    assert (server.accepted, states(world)) == ([], [("client", 1, "held")] * 2)
    assert doubted(world).count("profile_names_another") == 2


def consent_of(world: World, dossier: str) -> None:
    """Write down that this client lets a profile be taken."""
    by_hand(
        world,
        "INSERT INTO consents (dossier, purpose, given, document, text_seal, way, mail, came_at, at)"
        " SELECT ?, purpose, 1, ?, text_seal, way, mail, came_at, at FROM consents WHERE purpose = ?",
        dossier, f"{dossier}-2 v1", TAKEN,
    )  # fmt: skip


def decided(world: World, act: str) -> None:
    """Say of the mail that waits that it may go, or that it never goes, as `pipeline attention` does."""
    ((number,),) = world.rows("SELECT number FROM attention WHERE what = 'addressee' AND state = 'open'")
    with world.opened() as practice:
        (attention.accept if act == "accept" else attention.reject)(practice, int(str(number)), START)


def test_what_the_coach_lets_go_goes_and_what_she_keeps_in_never_does(world: World, server: ScriptedSmtp) -> None:
    theirs, hers = profile("Fatima Visser"), profile("S. Jansen", pages=4)
    dropped(world, theirs)
    decided(world, "reject")
    world.work(after(hours=2))
    with world.opened() as practice:
        outbox.release(practice, world.reference, START)
    world.work(after(hours=3))
    assert (server.accepted, states(world)) == ([], [("client", 1, "superseded")])
    dropped(world, hers, hours=4)
    assert server.accepted == []
    decided(world, "accept")
    world.work(after(hours=5))
    assert [list(files_of(mail).values()) for _, mail in mails(server)] == [[hers]]


def test_somebody_else_s_profile_that_was_kept_in_does_not_stay_in_the_dossier(world: World) -> None:
    dropped(world, profile("Fatima Visser"))
    storage, reference = world.folder / "storage", world.reference
    ((token,),) = world.rows("SELECT token FROM messages WHERE purpose = 'profile'")
    there = [storage / "outbox" / f"{token}.eml", storage / "dossiers" / reference / f"{reference}-3-v1.pdf"]
    assert all(path.is_file() for path in there)
    decided(world, "reject")
    world.work(after(hours=2))
    assert not [path for path in there if path.exists()]
    assert world.rows("SELECT sha256, about, dropped FROM documents WHERE kind = 'profile'") == [("", "{}", None)]


def test_a_release_of_the_dossier_does_not_let_a_doubted_profile_go(world: World, server: ScriptedSmtp) -> None:
    dropped(world, profile("Fatima Visser"))
    with world.opened() as practice:
        assert outbox.release(practice, world.reference, START) == 0
    world.work(after(hours=2))
    assert (server.accepted, states(world)) == ([], [("client", 1, "held")])


def test_a_profile_is_never_planned_for_another_address_than_the_clients(sponsored: World) -> None:
    dropped(sponsored, profile())
    with sponsored.opened() as practice:
        document = recorded.newest(practice, sponsored.reference, Kind.PROFILE)
        assert document is not None
        to_sponsor = plan.Delivery(Party.SPONSOR, SPONSOR, (Kind.PROFILE,), Purpose.PROFILE, 1)
        with pytest.raises(NotAsPlanned, match="niet het adres van de klant"):
            profiles.doubts(practice, document, to_sponsor)


def test_a_profile_that_cannot_be_read_when_it_is_to_go_is_looked_at(world: World) -> None:
    dropped(world, profile())
    stored = world.folder / "storage" / "dossiers" / world.reference / f"{world.reference}-3-v1.pdf"
    stored.write_bytes(b"%PDF-1.7 and no more")
    with world.opened() as practice:
        document = recorded.newest(practice, world.reference, Kind.PROFILE)
        assert document is not None
        hers = plan.Delivery(Party.CLIENT, CLIENT, (Kind.PROFILE,), Purpose.PROFILE, 1)
        assert "profile_no_text" in [word for word, _ in profiles.doubts(practice, document, hers)]


NAMES = st.tuples(
    st.sampled_from(["Sanne", "Jan", "Fatima", "Zoë", "Jan-Peter", "S."]),
    st.sampled_from(["Jansen", "Janssen", "de Vries", "van den Berg", "van der Berg", "Jansen-de Vries", "Bos"]),
).map(" ".join)


@pytest.fixture
def working(world: World) -> Iterator[Practice]:
    with world.opened() as practice:
        yield practice


@given(NAMES, NAMES)
@example("Jan Jansen", "Jan Janssen")
@example("Jan van den Berg", "Jan van der Berg")
@example("Sanne Jansen", "Sanne Jansen-de Vries")
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_profile_whose_cover_names_somebody_else_never_leaves_without_the_coachs_word(
    world: World, server: ScriptedSmtp, working: Practice, client: str, cover: str
) -> None:
    assume(client != cover)
    by_hand(world, "UPDATE requests SET facts = json_set(facts, '$.client.name', ?)", client)
    world.drop(profile(cover, pages=2), f"{world.reference}.pdf", "profiles")
    told: list[str] = []
    now = START + timedelta(hours=1)
    profiles.take_in(working, now, told.append)
    dispatch.compose(working, now, told.append)
    outbox.send(working, lambda: now, told.append)
    assert server.accepted == [] and {state for *_, state in states(world)} <= {"held", "superseded"}
    assert doubted(world), "and the coach is told why"


# To the sponsor


def asked(mail: email.message.EmailMessage) -> bool:
    return "mag dit profiel naar" in text_of(mail)


@pytest.mark.clause("K-09")
def test_by_her_yes_the_very_same_bytes_go_to_the_sponsor_she_was_told_of(
    sponsored: World, server: ScriptedSmtp
) -> None:
    data = profile()
    dropped(sponsored, data)
    ((_, hers),) = mails(server)
    assert asked(hers) and SPONSOR in text_of(hers)
    assert sponsored.rows("SELECT state FROM obligations WHERE kind = 'profile'") == [("awaited",)]
    assert says(sponsored, Answer.YES)
    (_, (recipient, theirs)) = mails(server)
    assert (recipient, list(files_of(theirs).values())) == (SPONSOR, [data])
    assert "vertrouwelijk" in text_of(theirs) and "rustig tempo" not in text_of(theirs)


@pytest.mark.clause("K-09")
@pytest.mark.parametrize("answer", [None, Answer.NO, Answer.CHANGES], ids=str)
def test_without_her_yes_it_goes_nowhere(sponsored: World, server: ScriptedSmtp, answer: Answer | None) -> None:
    dropped(sponsored, profile())
    if answer:
        assert says(sponsored, answer)
    sponsored.work(after(days=60))
    assert [recipient for recipient, files in sent(server) if files] == [CLIENT]


@pytest.mark.clause("K-09")
@pytest.mark.parametrize("form", [(TAKEN,), (TAKEN, "withdrawn")], ids=["not given", "taken back"])
def test_without_a_consent_to_sharing_that_stands_she_is_not_asked(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp, form: tuple[str, ...]
) -> None:
    world = begun(shelf, tmp_path, server, consents=(TAKEN,))
    if "withdrawn" in form:
        consent(world, SHARED)
        consent(world, SHARED, given=False, at=START + timedelta(minutes=3))
    dropped(world, profile())
    ((recipient, mail),) = mails(server)
    assert (recipient, asked(mail)) == (CLIENT, False)
    assert world.rows("SELECT 1 FROM obligations WHERE kind = 'profile'") == []


def between(world: World, server: ScriptedSmtp) -> None:
    """Her yes is in, and the mail to the sponsor waits for a server that is away."""
    dropped(world, profile())
    server.at("connect", "421 4.3.2 busy")
    assert says(world, Answer.YES)
    assert states(world)[-1] == ("sponsor", 1, "queued")
    server.behave()


@pytest.mark.clause("K-09")
@pytest.mark.parametrize("how", ["no", "form", "another sponsor"])
def test_what_changes_after_her_yes_and_before_the_send_keeps_it_in(
    sponsored: World, server: ScriptedSmtp, how: str
) -> None:
    between(sponsored, server)
    if how == "no":
        says(sponsored, Answer.NO, hours=3)
    elif how == "form":
        consent(sponsored, SHARED, given=False, at=START + timedelta(hours=3))
    else:
        by_hand(sponsored, "UPDATE requests SET facts = json_set(facts, '$.sponsor.email', 'new@work.example')")
    sponsored.work(after(hours=9))
    assert {recipient for recipient, _ in sent(server)} == {CLIENT}


@pytest.mark.clause("K-09")
def test_a_newer_profile_makes_her_yes_to_the_older_one_void(sponsored: World, server: ScriptedSmtp) -> None:
    between(sponsored, server)
    dropped(sponsored, profile(pages=5), hours=9)
    assert [recipient for recipient, _ in sent(server)] == [CLIENT, CLIENT]
    assert ("sponsor", 1, "superseded") in states(sponsored)


def test_a_sponsor_who_was_changed_after_she_consented_is_not_asked_about(
    sponsored: World, server: ScriptedSmtp
) -> None:
    sponsored.drop(client_file(sponsor="new@work.example"))
    sponsored.work(after(hours=0.5))
    server.forget()
    dropped(sponsored, profile())
    assert [(recipient, asked(mail)) for recipient, mail in mails(server)] == [(CLIENT, False)]


GETS = {
    "kleur": ({CLIENT, SPONSOR}, (TAKEN, SHARED)),
    "ballance": ({CLIENT, SPONSOR}, ("coaching", "share")),
    "pluform": ({CLIENT}, ("platform", "transfer")),
    "refleact": ({CLIENT, SPONSOR}, ("coaching", "share")),
    "ken-jezelf": ({CLIENT}, ("coaching", "dossier")),
}
"""Who can get a profile at all, by the policy, with these consents given and the client saying yes to everything."""


@pytest.mark.parametrize(("policy", "gets", "given"), [(name, *rest) for name, rest in GETS.items()], ids=GETS)
def test_who_can_get_a_profile_at_all(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp, policy: str, gets: set[str], given: tuple[str, ...]
) -> None:
    world = begun(shelf, tmp_path, server, policy=policy, consents=given)
    dropped(world, profile())
    asks = [asked(mail) for _, mail in mails(server)]
    says(world, Answer.YES)
    assert {recipient for recipient, _ in sent(server)} == gets
    assert asks == [SPONSOR in gets], "she is asked where her yes can do something"


@pytest.mark.clause("J-3.6")
def test_where_a_policy_asks_consent_to_keep_it_a_profile_waits_for_that(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp
) -> None:
    world = begun(shelf, tmp_path, server, policy="ken-jezelf", consents=("coaching",))
    file = dropped(world, profile())
    assert (file.exists(), server.accepted) == (True, []) and "J-3.6" in note(world, file)
    consent(world, "dossier")
    world.work(after(hours=2))
    assert [recipient for recipient, _ in mails(server)] == [CLIENT]


def test_each_mail_about_a_profile_carries_it_or_nothing_and_names_nothing_of_it(
    sponsored: World, server: ScriptedSmtp
) -> None:
    dropped(sponsored, INVITATION)
    dropped(sponsored, profile(), hours=2)
    says(sponsored, Answer.YES, hours=3)
    parsed = [email.message_from_bytes(mail.raw, policy=mail_policy.default) for mail in server.accepted]
    assert [len(files_of(mail)) for mail in parsed] == [0, 1, 1]
    for mail in parsed:
        assert "Talent Insights" not in text_of(mail) and "doel" not in text_of(mail).casefold()
