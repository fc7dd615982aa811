"""P12: no password anywhere, and no word about a person in logs, ledger, file names or around a process."""

from __future__ import annotations

import base64
import os
import re
import sqlite3
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.practice import opened
from tests.cli.commands import Typing
from tests.faults.scripted import ScriptedSmtp
from tests.promises.bench import presses_of
from tests.world import World

ACCOUNT, USER = "coach@127.0.0.1", "coach"
PASSWORD = "5ecret-pw-0zq"
STEM = "zquil"  # no reference or token can hold these letters
BOX = f"{STEM}box@home.example"
FILE = (
    f'client: {{name: "Ann {STEM}name", email: {BOX}, salutation: {STEM}hello, phone: {STEM}phone}}\n'
    f"sponsor: {{organisation: {STEM}firm, contact: {STEM}peter, email: {STEM}pay@work.example}}\n"
    f"goal: {STEM}goal\nlines: [{{description: {STEM}line, unit_price: 1, vat: 21}}]\n"
)
SECRETS = (
    PASSWORD,
    base64.b64encode(PASSWORD.encode()).decode(),
    base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode(),
)
ASKED = ("status", "show")
INSIDE = tuple(f"{STEM}{word}" for word in ("hello", "phone", "firm", "peter", "goal", "line"))
Trouble = Callable[[World, ScriptedSmtp], object]


@pytest.fixture
def guarded() -> Iterator[ScriptedSmtp]:
    """A server on loopback that demands our password."""
    with ScriptedSmtp(tls="none", login=(USER, PASSWORD)) as running:
        yield running


@pytest.fixture
def secretive(tmp_path: Path, guarded: ScriptedSmtp) -> World:
    """A practice with a password, one dropped file full of canaries, and small templates."""
    account = f"{{host: 127.0.0.1, port: {guarded.port}, security: plain-on-loopback, user: {USER}}}"
    world = World(tmp_path, smtp=account)
    world.small_templates()
    world.keep_password(ACCOUNT, PASSWORD)
    world.drop(FILE)
    return world


def a_broken_row(state: str) -> Trouble:
    """Make a defect of the kind whose message quotes what it read: a taken file in `state` that is none any more."""

    def trouble(world: World, _: ScriptedSmtp) -> None:
        world.change("template: quote.html", "template: gone.html")
        world.program("run", "--once")
        with closing(sqlite3.connect(world.folder / "storage" / "state.db")) as database:
            database.execute("UPDATE requests SET state = ?, facts = replace(facts, '\"email\"', '\"x\"')", (state,))
            database.commit()

    return trouble


def a_template(text: str) -> Trouble:
    """Make the quote's template say `text`."""
    return lambda world, _: (world.folder / "templates" / "nl" / "quote.html").write_text(text, "utf-8")


TROUBLES: dict[str, Trouble] = {
    "none": lambda _world, _server: None,
    "a wrong password": lambda world, _: world.keep_password(ACCOUNT, f"{PASSWORD}x"),
    "refused at the recipient": lambda _, server: server.at("rcpt", f"550 5.1.1 <{BOX}>: no such user, Ann {STEM}name"),
    "delayed at the recipient": lambda _, server: server.at("rcpt", f"450 4.2.0 <{BOX}>: greylisted"),
    "refused at the end": lambda _, server: server.at("dot", f"554 5.7.1 mail to {BOX} is spam"),
    "thanked by name": lambda _, server: server.at("dot", f"250 2.0.0 queued for {BOX}"),
    "no answer": lambda _, server: server.at("dot", drop="reset", accept=True, times=1),
    "the login repeated": lambda _, server: server.at("auth", f"535 5.7.8 {SECRETS[2]} is not known"),
    "the login not understood": lambda _, server: server.at("auth", f"500 5.5.2 what is {PASSWORD} {SECRETS[2]}?"),
    "a greeting with a name": lambda _, server: server.at("connect", f"554 5.7.1 {BOX} go away"),
    "a template that cannot be": a_template("{{ client.nmae }}"),
    "a broken file": lambda world, _: world.drop(FILE.replace("vat: 21", f"vat: {STEM}"), "broken.yaml"),
}
ALIKE = (
    "refused at the end",
    "thanked by name",
    "no answer",
    "a wrong password",
    "delayed at the recipient",
    "a greeting with a name",
    "a broken file",
    "the login repeated",
)
"""Troubles much like another one; they are tried in the long run."""
QUOTING = {
    "a picture of a name": '<img src="asset:{{ client.name }}.png">',
    "a part of a name": "{% include client.name %}",
}


def said_after(world: World, *commands: tuple[str, ...]) -> dict[str, str]:
    """Run the commands, each in its own process; gives all they printed."""
    said = {}
    for command in commands:
        ended = world.program(*command)
        said[" ".join(command)] = ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr, ended.stderr
    return said


def check_quiet(world: World, said: dict[str, str]) -> None:
    """No password in anything printed or kept; nothing personal in log, ledger and file names.

    What the coach asks to see (`status`, `show`) may repeat the server's own words, and nothing else of a person.
    """
    for command, text in said.items():
        assert not [secret for secret in SECRETS if secret in text], command
        personal = INSIDE if command.startswith(ASKED) else (STEM,)
        assert not [word for word in personal if word in text.casefold()], f"{command}: {text}"
    kept = [path for path in world.folder.rglob("*") if path.is_file()]
    assert not [path for path in kept for secret in SECRETS if secret.encode() in path.read_bytes()]
    assert not [path for path in world.folder.rglob("*") if STEM in path.name.casefold()]


Say = Callable[[Trouble], dict[str, str]]


@pytest.fixture
def everything_said(
    secretive: World, guarded: ScriptedSmtp, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Say:
    """What a run after some trouble says, in a process of its own, and what the looking commands then show."""
    typed = Typing(secretive, capsys, monkeypatch)

    def say(trouble: Trouble) -> dict[str, str]:
        trouble(secretive, guarded)
        said = said_after(secretive, ("run", "--once"))
        ((reference,),) = secretive.rows("SELECT reference FROM dossiers LIMIT 1")
        for command in (("status",), ("ledger",), ("show", str(reference))):
            shown = typed(*command)
            said[" ".join(command)] = shown.out + shown.said
        return said

    return say


@pytest.mark.parametrize(
    "trouble", [pytest.param(name, marks=[pytest.mark.long] if name in ALIKE else []) for name in TROUBLES]
)
def test_whatever_goes_wrong_nothing_printed_names_a_person_or_a_password(
    secretive: World, everything_said: Say, trouble: str
) -> None:
    check_quiet(secretive, everything_said(TROUBLES[trouble]))


@pytest.mark.parametrize("state", ["written", pytest.param("accepted", marks=pytest.mark.long)])
def test_a_defect_is_reported_by_its_places_without_the_values_it_met(
    secretive: World, everything_said: Say, state: str
) -> None:
    said = everything_said(a_broken_row(state))
    assert "defect, please report: ValidationError at " in said["run --once"]
    check_quiet(secretive, said)


@pytest.mark.parametrize("trouble", ["a picture of a name", pytest.param("a part of a name", marks=pytest.mark.long)])
def test_a_template_that_makes_a_file_name_of_a_value_puts_nobody_in_the_log(
    secretive: World, everything_said: Say, trouble: str
) -> None:
    check_quiet(secretive, everything_said(a_template(QUOTING[trouble])))


def test_the_looking_commands_show_no_password_either(secretive: World, guarded: ScriptedSmtp) -> None:
    secretive.work()
    looks = [secretive.typed(*look) for look in (("doctor",), ("check",), ("status", "--json"), ("ledger", "verify"))]
    assert [look.args for look in looks if not look.stdout] == []
    check_quiet(secretive, {" ".join(look.args): look.stdout + look.stderr for look in looks})
    assert len(guarded.accepted) == 2


@pytest.mark.parametrize("password", [pytest.param("gehéim-5ecret", marks=pytest.mark.long), "密码"])
def test_a_password_of_any_letters_works_or_is_refused_in_one_line(
    secretive: World, guarded: ScriptedSmtp, password: str
) -> None:
    secretive.keep_password(ACCOUNT, password)
    for ended in (secretive.program("run", "--once"), secretive.typed("doctor")):
        assert "Traceback" not in ended.stderr and password not in ended.stdout + ended.stderr
    assert not guarded.accepted
    assert secretive.states() == ["queued", "queued"]


def test_running_processes_carry_no_password_and_the_press_no_more_than_it_needs(
    secretive: World, guarded: ScriptedSmtp
) -> None:
    secret = {
        "SMTP_PASSWORD": PASSWORD,
        "HTTPS_PROXY": f"http://u:{PASSWORD}@127.0.0.1:9",
        "CREDENTIALS_DIRECTORY": "/x",
    }
    process = subprocess.Popen(secretive.command("run"), env=secretive.environment(secret), stderr=subprocess.PIPE)
    try:
        wait_until(lambda: len(guarded.accepted) == 2)
        assert PASSWORD not in Path(f"/proc/{process.pid}/cmdline").read_text("utf-8")
        presses = presses_of(process.pid)
        assert len(presses) == 1
        around = Path(f"/proc/{presses[0]}/environ").read_text("utf-8").split("\0")
        names = {line.partition("=")[0] for line in around if line}
        assert not names & {*secret, "PIPELINE_PRACTICE", "XDG_CONFIG_HOME"}
        assert PASSWORD not in "".join(around)
        assert PASSWORD not in Path(f"/proc/{presses[0]}/cmdline").read_text("utf-8")
        held = {str(link.readlink()) for link in Path(f"/proc/{presses[0]}/fd").iterdir()}
        assert not [name for name in held if "state.db" in name or "dossiers" in name or "lock" in name]
    finally:
        process.terminate()
        said = process.communicate(timeout=30)[1].decode()
    assert process.returncode == 0 and PASSWORD not in said and STEM not in said


def wait_until(fact: Callable[[], bool], patience: float = 30) -> None:
    deadline = time.monotonic() + patience
    while not fact():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def rights_of(folder: Path) -> set[tuple[str, str]]:
    """Give the kinds of things there with the rights they have."""
    return {
        ("folder" if path.is_dir() else "file", f"{stat.S_IMODE(path.lstat().st_mode):04o}")
        for path in [folder, *folder.rglob("*")]
    }


OWN = {("folder", "0700"), ("file", "0600")}


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Let this process make things for everybody, unless it says otherwise itself."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_with_the_most_open_umask_all_that_is_kept_is_the_owners_alone(sending: World, server: ScriptedSmtp) -> None:
    sending.drop(FILE)
    sending.work()
    storage = sending.folder / "storage"
    assert [rights_of(storage / name) for name in ("dossiers", "outbox")] == [OWN, OWN]
    with sending.opened():
        state = list(storage.glob("state.db*"))
        assert len(state) == 3
        assert set.union(*map(rights_of, state)) == {("file", "0600")}
    assert rights_of(storage) >= {("folder", "0700")} and len(server.accepted) == 2


@pytest.mark.usefixtures("open_umask")
def test_with_the_most_open_umask_the_presss_own_folder_is_the_owners_alone(sending: World) -> None:
    sending.drop(FILE)
    sending.work()
    with opened(sending.folder) as practice:
        practice.press.unknown_names("house.html", {})
        assert rights_of(sending.folder / "storage" / "press") <= OWN


def test_the_program_itself_leaves_everything_stored_to_the_owner_alone_and_logs_references_and_facts(
    secretive: World,
) -> None:
    ended = subprocess.run(
        secretive.command("run", "--once"), env=secretive.environment(), umask=0, capture_output=True, check=True,
        stdin=subprocess.DEVNULL, timeout=60, text=True,
    )  # fmt: skip
    assert ": accepted" in ended.stderr
    assert rights_of(secretive.folder / "storage") == OWN
    assert re.findall(r"^\S+ \S+ [0-9A-Z]{4}-[0-9A-Z]{4} ", ended.stderr, re.MULTILINE)


def test_a_storage_that_others_could_read_is_closed(secretive: World) -> None:
    (secretive.folder / "storage").mkdir(exist_ok=True)
    (secretive.folder / "storage").chmod(0o755)
    secretive.typed("status")
    assert stat.S_IMODE((secretive.folder / "storage").stat().st_mode) == 0o700
