"""`status`, `show`, `preview`, `ledger`, `release`, `settle`: looking changes nothing, acting says what it did."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from copy import copy
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.bill import Address, BillLine, Buyer, Invoice, Seller
from pipeline.edges.ledger import record
from pipeline.outgoing.billing import invoices
from pipeline.worker import utc_now
from tests.cli.commands import Typing
from tests.faults.scripted import ScriptedSmtp
from tests.world import CLIENT, SPONSOR, World, client_file


def reference(world: World) -> str:
    return str(world.rows("SELECT reference FROM dossiers ORDER BY rowid")[0][0])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a practice in which one dossier has been sent, to the sponsor and to the client; only for copying."""
    with ScriptedSmtp(tls="none") as server:
        account = f"{{host: 127.0.0.1, port: {server.port}, security: plain-on-loopback}}"
        world = World(tmp_path_factory.mktemp("finished"), smtp=account)
        world.small_templates()
        world.drop(client_file(sponsor=SPONSOR))
        world.work()
        yield world


@pytest.fixture
def filed(
    finished: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Typing:
    """Give a copy of the finished practice, and its commands."""
    world = copy(finished)
    world.folder = shutil.copytree(finished.folder, tmp_path / "filed")
    return Typing(world, capsys, monkeypatch)


def sent_one(typed: Typing, *, sponsor: str | None = None) -> str:
    typed.world.drop(client_file(sponsor=sponsor))
    typed.world.work()
    return reference(typed.world)


def contents(folder: Path) -> dict[str, str]:
    """Give what a practice holds, but for the files that SQLite keeps for itself while it is open."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("state.db-")]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_where_nothing_waits_that_is_said(typed: Typing) -> None:
    assert (typed("status").code, typed("status").out) == (0, "nothing waits\n")
    assert json.loads(typed("status", "--json").out) == []


def test_what_is_under_way_is_no_reason_to_act(filed: Typing) -> None:
    ref = reference(filed.world)
    status = filed("status")
    assert status.code == 0
    assert [line[: len(ref) + 2] for line in status.out.splitlines()] == [f"  {ref}"] * 2
    assert "wacht op ondertekening, uiterlijk 20" in status.out


def test_what_must_be_mended_stands_first_and_makes_the_exit_code_one(filed: Typing) -> None:
    filed.world.drop("klant: x\n", "bad.yaml")
    filed.world.drop("x", "letter.docx")
    filed.world.work()
    status = filed("status")
    assert status.code == 1 and [line[0] for line in status.out.splitlines()] == ["!", "!", " ", " "]
    assert "drop/clients/bad.yaml  file: moet verbeterd worden; zie het briefje ernaast" in status.out
    assert "drop/clients/letter.docx  file: clientbestanden eindigen op .yaml of .yml" in status.out


def test_status_as_data_says_the_same(filed: Typing) -> None:
    ref = reference(filed.world)
    filed.world.drop("klant: x\n", "bad.yaml")
    filed.world.work()
    asked = filed("status", "--json")
    lines = json.loads(asked.out)
    assert asked.code == 1
    assert {tuple(line) for line in lines} == {("reference", "what", "state", "text", "since", "attention")}
    assert [(line["reference"], line["state"], line["attention"]) for line in lines] == [
        ("drop/clients/bad.yaml", "refused", True), (ref, "awaited", False), (ref, "awaited", False),
    ]  # fmt: skip


def test_a_template_that_cannot_be_printed_asks_for_attention_until_it_is_mended(sent: Typing) -> None:
    template = sent.world.folder / "templates" / "nl" / "quote.html"
    good = template.read_text("utf-8")
    template.write_text("{{ gaol }}", "utf-8")
    sent_one(sent)
    status = sent("status")
    assert status.code == 1 and "request v1: templates/nl/quote.html" in status.out and "gaol" in status.out
    template.write_text(good, "utf-8")
    sent.world.work()
    assert sent("status").code == 0 and sent.world.states() == ["accepted"]


def test_a_signature_that_is_late_and_a_mail_that_hangs_ask_for_attention(filed: Typing) -> None:
    ref = reference(filed.world)
    long_ago = (utc_now() - timedelta(days=100)).isoformat()
    with closing(sqlite3.connect(filed.world.folder / "storage" / "state.db")) as database, database:
        database.execute("UPDATE obligations SET due_at = ?", (long_ago[:10],))
    assert filed("status").code == 1
    with closing(sqlite3.connect(filed.world.folder / "storage" / "state.db")) as database, database:
        database.execute("UPDATE obligations SET due_at = '2999-12-31'")
        database.execute("UPDATE messages SET state = 'queued', queued_at = ?, next_at = '2999'", (long_ago,))
    status = filed("status")
    assert status.code == 1 and status.out.startswith(f"! {ref}")


def test_what_nobody_is_reminded_to_pay_any_more_asks_for_attention_until_it_is_paid(filed: Typing) -> None:
    ref = reference(filed.world)
    line = BillLine("Gesprek", Decimal(1), None, Decimal(100), Decimal(21))
    seller = Seller("De Linde", "M", Address(), "m@delinde.example", "12345678", "NL91ABNA0417164300", "NL123456789B01")
    bill = Invoice("F2020-0001", date(2020, 1, 1), date(2020, 1, 15), seller, Buyer("Work"), (line,), ref, "nl")
    with closing(sqlite3.connect(filed.world.folder / "storage" / "state.db")) as database, database:
        database.execute(
            "INSERT INTO invoices (number, dossier, issued_on, statutory, version, due_on) VALUES (?, ?, ?, ?, 1, ?)",
            ("F2020-0001", ref, "2020-01-01", invoices.STORED.dump_json(bill).decode(), "2020-01-15"),
        )
    status = filed("status")
    assert status.code == 1
    assert f"! {ref:12}  invoice F2020-0001: €\xa0121,00 is niet betaald, uiterlijk 2020-01-15;" in status.out
    (told,) = [line for line in json.loads(filed("status", "--json").out) if line["state"] == "overdue"]
    assert (told["reference"], told["since"], told["attention"]) == (ref, "2020-01-15", True)
    assert filed("paid", "F2020-0001").code == 0 and filed("status").code == 0


def test_a_mail_that_the_server_refused_asks_for_attention_with_its_words(sent: Typing, server: ScriptedSmtp) -> None:
    server.at("rcpt", "550 5.1.1 no such user")
    sent_one(sent)
    status = sent("status")
    assert status.code == 1 and "geweigerd door de mailserver: " in status.out and "no such user" in status.out


def test_show_tells_all_of_a_dossier_and_nothing_of_the_person(filed: Typing) -> None:
    ref = reference(filed.world)
    shown = filed("show", f" {ref.lower()} ")
    assert shown.code == 0
    for said in (
        f"dossier {ref}  quote {utc_now().year}-0001", "request v1  composed", f"document {ref}-1-v1.pdf  quote",
        f"document {ref}-2-v1.pdf  consent", "mail v1 to the sponsor  accepted", "mail v1 to the client  accepted",
        "quote v1 from the sponsor  awaited", "consent v1 from the client  awaited",
    ):  # fmt: skip
        assert said in shown.out
    assert not [person for person in ("Sanne", "Peter", CLIENT, SPONSOR) if person in shown.out]


def test_preview_names_the_very_files_that_go(filed: Typing) -> None:
    ref = reference(filed.world)
    previewed = filed("preview", ref)
    files = [Path(line.split("): ")[1]) for line in previewed.out.splitlines() if line.startswith("to the ")]
    assert previewed.code == 0 and len(files) == 2 and all(file.is_file() for file in files)
    assert "to the sponsor (accepted)" in previewed.out and f"documents: {filed.world.folder}" in previewed.out


def test_looking_changes_nothing(filed: Typing) -> None:
    ref = reference(filed.world)
    filed.world.drop("klant: x\n", "bad.yaml")
    before = contents(filed.world.folder)
    for command in (
        ["status"],
        ["status", "--json"],
        ["show", ref],
        ["preview", ref],
        ["ledger"],
        ["ledger", "verify"],
    ):
        filed(*command)
    assert contents(filed.world.folder) == before


def test_the_ledger_is_listed_and_verified_against_a_head_that_was_kept(filed: Typing) -> None:
    listed = filed("ledger")
    head = listed.out.splitlines()[-1].removeprefix("head ")
    count = len(listed.out.splitlines()) - 1
    assert filed("ledger", "verify").out == f"{count} entries, unbroken; head {head}\n"
    with filed.world.opened() as practice:
        record(practice.database, utc_now(), "later")
    assert filed("ledger", "verify", "--head", head).code == 0
    assert filed("ledger", "verify", "--head", "f" * 64).code == 1


def test_a_head_may_be_typed_over_from_a_note_as_far_as_it_stands_there(filed: Typing) -> None:
    head = filed("ledger").out.splitlines()[-1].removeprefix("head ")
    for typed in (head[:16], head[:32].upper(), f" {head[:20]}… "):
        assert filed("ledger", "verify", "--head", typed).code == 0
    other = ("0" if head[0] != "0" else "1") + head[1:16]
    missing = filed("ledger", "verify", "--head", other)
    assert missing.code == 1 and f"the head {other} is not in the chain" in missing.out
    for typed in (head[:15], "g" * 16, head + "0", ""):
        refused = filed("ledger", "verify", "--head", typed)
        assert refused.code == 64 and "type at least the first 16" in refused.said


def test_a_ledger_in_which_nothing_stands_has_the_first_head(typed: Typing) -> None:
    assert typed("ledger").out == f"head {'0' * 64}\n"
    assert typed("ledger", "verify").code == 0


def test_a_ledger_that_was_tampered_with_is_found_by_the_command(filed: Typing) -> None:
    ((opened,),) = filed.world.rows("SELECT number FROM ledger WHERE entry LIKE '%dossier.opened%'")
    with closing(sqlite3.connect(filed.world.folder / "storage" / "state.db")) as database, database:
        database.execute("DROP TRIGGER ledger_is_not_changed")
        database.execute("UPDATE ledger SET entry = replace(entry, 'opened', 'closed') WHERE entry LIKE '%opened%'")
    verified = filed("ledger", "verify")
    assert verified.code == 1
    assert verified.out.splitlines() == [
        "the database no longer refuses to change the ledger (its trigger ledger_is_not_changed is not as it was made)",
        f"entry {opened} was changed",
    ]


@pytest.mark.parametrize("command", ["show", "preview", "release", "settle"])
def test_an_unknown_dossier_says_which_there_are(typed: Typing, filed: Typing, command: str) -> None:
    answer = ["arrived"] if command == "settle" else []
    there = reference(filed.world)
    for practice, known in ((typed.world.folder, "none yet"), (filed.world.folder, there)):
        refused = filed(command, "0000-0000", *answer, "--practice", str(practice))
        assert (refused.code, refused.said) == (64, f"there is no dossier 0000-0000; the latest are: {known}\n")


def test_release_and_settle_say_so_when_there_is_nothing_to_do(filed: Typing) -> None:
    ref = reference(filed.world)
    for command in (["release", ref], ["settle", ref, "arrived"], ["settle", ref, "resend"]):
        refused = filed(*command)
        assert refused.code == 64 and f"see: pipeline show {ref}" in refused.said
    assert filed("settle", ref, "perhaps").code == 2


def test_a_released_mail_goes_at_the_next_run(sent: Typing, server: ScriptedSmtp) -> None:
    sent.world.change("^  send: automatic.*", "  send: after_release")
    ref = sent_one(sent, sponsor=SPONSOR)
    assert sent("status").out.count(f"wacht op uw vrijgave: pipeline release {ref}") == 2 and not server.accepted
    released = sent("release", ref)
    assert (released.code, released.out) == (0, f"2 mails of {ref} released; `pipeline run` sends it\n")
    assert sent("run", "--once").code == 0
    assert len(server.accepted) == 2 and sent("release", ref).code == 64


def test_of_several_mails_in_doubt_the_coach_says_of_each_what_became_of_it(sent: Typing, server: ScriptedSmtp) -> None:
    server.at("dot", drop="reset", accept=False)
    ref = sent_one(sent, sponsor=SPONSOR)
    server.behave()
    tokens = {str(party): str(token) for party, token in sent.world.rows("SELECT party, token FROM messages")}
    refused = sent("settle", ref, "resend")
    assert refused.code == 64 and sent.world.states() == ["in_doubt", "in_doubt"]
    for party, token in tokens.items():
        assert f"pipeline settle {ref} arrived|resend {token}   (mail v1 to the {party})" in refused.said
    assert sent("settle", ref, "resend", "AAAA-AAAA").code == 64
    assert sent("settle", ref, "arrived", tokens["sponsor"]).out == f"mail v1 to the sponsor of {ref}: arrived\n"
    assert sent("settle", ref, "resend").out == f"mail v1 to the client of {ref}: resend\n", "the only one left"
    sent("run", "--once")
    assert [one for taken in server.accepted for one in taken.recipients] == [CLIENT]


@pytest.mark.parametrize(("answer", "copies", "state"), [("arrived", 1, "accepted"), ("resend", 2, "accepted")])
def test_a_mail_in_doubt_waits_for_the_coachs_word(
    sent: Typing, server: ScriptedSmtp, answer: str, copies: int, state: str
) -> None:
    server.at("dot", drop="reset", accept=True, times=1)
    ref = sent_one(sent)
    status = sent("status")
    assert status.code == 1 and "in twijfel: misschien aangekomen, wordt niet vanzelf herhaald" in status.out
    assert sent("run", "--once").code == 0 and len(server.accepted) == 1
    assert sent("settle", ref, answer).out == f"mail v1 to the client of {ref}: {answer}\n"
    sent("run", "--once")
    assert len(server.accepted) == copies and sent.world.states() == [state] and sent("status").code == 0
