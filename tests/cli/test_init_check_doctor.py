"""`init` makes what works, `check` finds every mistake at once, `doctor` tries the account and this computer."""

from __future__ import annotations

import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.cli.commands import Ended, Typing, program
from tests.mailstack import MailStack
from tests.world import World

COACH = "doctor@practice.example"


def edit(world: World, name: str, old: str, new: str) -> None:
    """Change a template."""
    file = world.folder / "templates" / name
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_a_new_practice_folder_works_as_it_is_and_is_made_once(tmp_path: Path, typed: Typing) -> None:
    folder = tmp_path / "a" / "mine"
    made = typed("init", str(folder))
    assert made.code == 0 and f"pipeline check --practice {folder}" in made.out
    assert sorted(path.name for path in folder.iterdir()) == [
        "drop", "inbox_rules.yaml", "practice.yaml", "storage", "templates",
    ]  # fmt: skip
    assert stat.S_IMODE((folder / "storage").stat().st_mode) == 0o700
    checked = typed("check", "--practice", str(folder))
    assert (checked.code, checked.out) == (0, "everything in this practice folder is in order\n")
    before = (folder / "practice.yaml").read_bytes()
    again = typed("init", str(folder))
    assert (again.code, again.said) == (64, f"{folder} exists and is not empty; choose a new folder\n")
    assert (folder / "practice.yaml").read_bytes() == before


def test_an_empty_folder_may_become_a_practice_and_a_file_may_not(tmp_path: Path, typed: Typing) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x", "utf-8")
    assert typed("init", str(tmp_path / "empty")).code == 0
    assert typed("init", str(tmp_path / "file")).code == 64


def test_a_place_where_no_folder_can_be_made_is_said_in_one_line(tmp_path: Path, typed: Typing) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    refused = typed("init", str(tmp_path / "file" / "mine"))
    assert refused.code in {64, 73} and refused.said.count("\n") == 1


def test_every_kind_of_mistake_in_a_template_is_said_at_once_with_the_names_there_are(typed: Typing) -> None:
    world = typed.world
    edit(world, "nl/quote.html", "{% if goal %}", "{{ gaol }}{% if goal %}")
    edit(world, "nl/quote.html", "{% if goal %}", "{% if language == 'fr' %}{{ prix }}{% endif %}{% if goal %}")
    edit(world, "nl/consent.html", "{% if document.replaces %}", "{% if document.replaces %}{{ client.shoe }}")
    edit(world, "en/mail/quote.txt", "{{ ", "{{ sponsor.nickname }}{{ ")
    edit(world, "nl/mail/consent.txt", "{{ greeting }}", "{{ greeting }")
    edit(world, "en/quote.html", "{% block content %}", "{% block content %}{% if %}")
    checked = typed("check")
    assert checked.code == 65
    for said in (
        "templates/nl/quote.html: 'gaol' is not a known name; known are: client, document, goal, greeting, language",
        "templates/nl/quote.html: 'prix' is not a known name; known are: client, document, goal, greeting, language",
        "templates/nl/consent.html: 'client.shoe' is not a known name; known are: email, formerly, greeting",
        "templates/en/mail/quote.txt: 'sponsor.nickname' is not a known name; known are: address, contact, email",
        "templates/nl/mail/consent.txt: ",
        "templates/en/quote.html: ",
    ):
        assert said in checked.out
    assert len(checked.out.splitlines()) == 6


def test_an_unknown_name_in_the_word_template_is_found(typed: Typing) -> None:
    world = typed.world
    world.change(r"^  template: quote\.html.*", "  template: quote.docx")
    template = world.folder / "templates" / "nl" / "quote.docx"
    with zipfile.ZipFile(template) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    document = parts["word/document.xml"]
    parts["word/document.xml"] = document.replace(b"<w:t", b"<w:t>{{ gaol }}</w:t><w:t", 1)
    with zipfile.ZipFile(template, "w") as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    (world.folder / "templates" / "en" / "quote.docx").unlink()
    checked = typed("check")
    assert checked.code == 65
    assert "templates/nl/quote.docx: 'gaol' is not a known name; known are: client" in checked.out
    assert "templates/en/quote.docx: " in checked.out


LATER = {
    "statement.html": "st", "statement_web.html": "sw", "clauses.html": "cl", "receipt.html": "re",
    "receipt_web.html": "rw", "nl/mail/daily.txt": "da", "nl/mail/locked.txt": "lo",
}  # fmt: skip


def test_what_is_needed_only_later_is_tried_too_and_each_template_is_named(typed: Typing) -> None:
    for name, mistake in LATER.items():
        file = typed.world.folder / "templates" / name
        file.write_text(f"{{{{ {mistake} }}}}", "utf-8")
    checked = typed("check")
    assert checked.code == 65
    said = [line.partition(" is not a known name; known are: ")[0] for line in checked.out.splitlines()]
    assert sorted(said) == sorted(f"templates/{name}: '{mistake}'" for name, mistake in LATER.items())


def test_a_picture_that_is_missing_is_named_and_never_borrowed(typed: Typing) -> None:
    (typed.world.folder / "templates" / "logo.svg").unlink()
    checked = typed("check")
    assert checked.code == 65 and "logo.svg" in checked.out


@pytest.mark.long
def test_a_practice_of_before_a_template_existed_uses_the_one_that_comes_with_the_program(typed: Typing) -> None:
    newer = ["nl/mail/daily.txt", "receipt.html", "sections.html", "statement.html", "statement_parts.html", "web.html"]
    for name in newer:
        (typed.world.folder / "templates" / name).unlink()
    checked = typed("check")
    assert checked.code == 0
    assert checked.out.splitlines() == [
        *(f"--  templates/{name} is er niet; wat het programma zelf meebrengt wordt gebruikt" for name in newer),
        "everything in this practice folder is in order",
    ]


def test_a_missing_folder_says_what_to_type(typed: Typing) -> None:
    typed.world.drop_folder.rmdir()
    checked = typed("check")
    assert checked.code == 78 and checked.said == (
        f"the folder {typed.world.drop_folder} is missing; is the drive connected? "
        f"Else type: mkdir -p {typed.world.drop_folder}\n"
    )


def test_all_problems_of_practice_yaml_are_said_by_any_command(typed: Typing) -> None:
    typed.world.change("kvk: .*", "kvk: 1")
    typed.world.change("^timezone: .*", "timezone: Utrecht")
    refused = typed("status")
    assert refused.code == 65
    lines = (typed.world.folder / "practice.yaml").read_text("utf-8").split("\n")
    kvk, zone = lines.index("  kvk: 1") + 1, lines.index("timezone: Utrecht") + 1
    said = [line.split(": ")[0] for line in refused.said.splitlines()]
    assert said == [f"practice.yaml:{kvk}:3", f"practice.yaml:{zone}:1"]


def test_the_doctor_says_what_is_away_and_what_to_check(typed: Typing) -> None:
    found = typed("doctor")
    assert found.code == 1
    assert "!!  127.0.0.1:9 " in found.out
    assert "ok  only you can read" in found.out and "no imap account" in found.out


def test_the_doctor_notices_what_others_can_read(typed: Typing) -> None:
    assert "ok  only you can read" in typed("doctor").out
    letter = typed.world.folder / "storage" / "letter.pdf"
    letter.write_bytes(b"x")
    letter.chmod(0o644)
    found = typed("doctor")
    assert found.code == 1 and f"!!  others can read 1 files in {letter.parent}; type: chmod -R go= " in found.out


@pytest.fixture(scope="module")
def account(mail: MailStack) -> MailStack:
    """Give real servers that know the coach."""
    mail.add_address(COACH)
    return mail


def with_account(world: World, mail: MailStack, *, security: str = "tls") -> dict[str, str]:
    """Give the practice an account on real servers, and the surroundings in which their authority is trusted."""
    ports = (mail.submissions_port, mail.imaps_port) if security == "tls" else (mail.submission_port, mail.imap_port)
    smtp, imap = (f"{{host: localhost, port: {port}, security: {security}, user: {COACH}}}" for port in ports)
    world.change(r"^  smtp: .*", f"  smtp: {smtp}\n  imap: {imap}")
    world.change(r"^  sent_copy: .*", "  sent_copy: append")
    world.keep_password(f"{COACH}@localhost", mail.password(COACH))
    return {"SSL_CERT_FILE": mail.cafile}


def looked_at(world: World, surroundings: dict[str, str]) -> Ended:
    """Let the doctor look in this process, in these surroundings."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in surroundings.items():
            patch.setenv(name, value)
        ended = world.typed("doctor")
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.parametrize("security", ["tls", pytest.param("starttls", marks=pytest.mark.long)])
def test_the_doctor_finds_a_good_account_good(world: World, account: MailStack, security: str) -> None:
    found = program(world, "doctor", environment=with_account(world, account, security=security))
    assert found.code == 0, found.out + found.said
    assert "login works, " in found.out and "its certificate is valid until" in found.out
    assert "mail folders at localhost:" in found.out and "\\Sent is Sent" in found.out
    assert account.password(COACH) not in found.out + found.said


def test_the_doctor_finds_a_wrong_password_and_does_not_show_it(world: World, account: MailStack) -> None:
    surroundings = with_account(world, account)
    world.keep_password(f"{COACH}@localhost", "canary-password")
    found = looked_at(world, surroundings)
    assert found.code == 1 and found.out.count("!! ") == 2
    assert "canary-password" not in found.out + found.said


def test_the_doctor_refuses_a_server_whose_authority_nobody_knows(world: World, account: MailStack) -> None:
    with_account(world, account)
    found = looked_at(world, {})
    assert found.code == 1 and found.out.casefold().count("certificate") >= 2


def test_a_password_is_asked_for_and_kept_for_its_owner_only(world: World) -> None:
    ended = subprocess.run(
        world.command("password", f"{COACH}@localhost"), env=world.environment(), input="canary-word\n",
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    kept = world.settings / "pipeline" / "passwords" / f"{COACH}@localhost"
    assert (kept.read_text("utf-8"), stat.S_IMODE(kept.stat().st_mode)) == ("canary-word", 0o600)
    assert "canary-word" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(("account", "word"), [("nobody", "x\n"), ("@host", "x\n"), ("user@", "x\n"), ("a@b@c", "")])
def test_half_an_account_or_no_password_changes_nothing(world: World, account: str, word: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "pipeline", "password", account], env=world.environment(), input=word,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 64 and not (world.settings / "pipeline").exists()
