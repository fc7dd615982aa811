"""`pipeline rules test` says of every rule whether it matches and why; nothing is done with the mail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.commands import Typing
from tests.world import CLIENT, SPONSOR, World, client_file

RULES = """\
rules:
  - {name: Retour, when: {reply_to_us: yes, attachment: {name: "*.pdf"}}, then: file_return}
  - {name: Bekend, when: {known_sender: yes}, then: file_correspondence, mark: belangrijk, move: Archief}
  - {name: Uit, when: {always: yes}, then: leave, enabled: no}
  - {name: Rest, when: {always: yes}, then: set_aside}
"""


def saved(folder: Path, text: str = "Dag", *, by: str = CLIENT, more: str = "") -> str:
    path = folder / "mail.eml"
    path.write_bytes(f"From: {by}\r\nTo: coach@practice.example\r\n{more}Subject: Vraag\r\n\r\n{text}\r\n".encode())
    return str(path)


def with_rules(world: World, text: str = RULES) -> None:
    (world.folder / "inbox_rules.yaml").write_text(text, "utf-8")


def test_every_rule_is_explained_and_what_would_be_done(typed: Typing, tmp_path: Path) -> None:
    with_rules(typed.world)
    typed.world.drop(client_file(sponsor=SPONSOR))
    typed.world.small_templates()
    typed.world.work()
    said = typed("rules", "test", saved(tmp_path))
    assert (said.code, said.said) == (0, "")
    assert (
        said.out
        == """\
1. Retour: past niet
      klopt niet: alles hiervan
        klopt niet: een bestand: de naam past bij het patroon '*.pdf'
        klopt niet: het is een antwoord op een mail van ons
2. Bekend: past, en beslist
      klopt: de afzender is bekend uit een dossier
3. Uit: staat uit
      klopt: elke mail
4. Rest: past ook, maar een eerdere regel beslist
      klopt: elke mail
'Bekend' beslist: bewaren bij het dossier, als correspondentie; markeren met \\Flagged; verplaatsen naar de map Archief.
"""
    )


def test_it_is_said_in_the_language_of_the_practice(typed: Typing, tmp_path: Path) -> None:
    with_rules(typed.world)
    typed.world.change("^language: nl", "language: en")
    said = typed("rules", "test", saved(tmp_path, by="stranger@x.example")).out
    assert "2. Bekend: does not match\n      does not hold: the sender is known from a dossier\n" in said
    assert said.endswith("'Rest' decides: set it aside, for you to look at.\n")


def test_a_reply_to_a_mail_of_ours_is_known_by_its_message_id(typed: Typing, tmp_path: Path) -> None:
    with_rules(typed.world, "rules: [{name: A, when: {reply_to_us: yes}, then: answer}]\n")
    typed.world.small_templates()
    typed.world.drop(client_file())
    typed.world.work()
    [[ours]] = typed.world.rows("SELECT message_id FROM messages")
    reply = saved(tmp_path, by="private@elsewhere.example", more=f"In-Reply-To: {ours}\r\n")
    assert "1. A: past, en beslist" in typed("rules", "test", reply).out
    assert "1. A: past niet" in typed("rules", "test", saved(tmp_path)).out


def test_without_a_rule_that_matches_nothing_is_done(typed: Typing, tmp_path: Path) -> None:
    with_rules(typed.world, "rules: []\n")
    said = typed("rules", "test", saved(tmp_path))
    assert (said.code, said.out) == (
        0, "Geen regel past; de mail blijft waar hij is en er gebeurt niets mee.\n"
    )  # fmt: skip


def test_the_shipped_rules_explain_themselves(typed: Typing, tmp_path: Path) -> None:
    said = typed("rules", "test", saved(tmp_path, "Wilt u mijn gegevens verwijderen?"))
    assert said.code == 0 and len(re.findall(r"^\d+\. ", said.out, re.MULTILINE)) > 8
    assert said.out.endswith("'Privacyverzoek' beslist: een privacyverzoek openen.\n")


def test_nothing_is_changed_by_trying(typed: Typing, tmp_path: Path) -> None:
    message = Path(saved(tmp_path))
    typed("status")
    before = {path: path.stat().st_mtime_ns for path in [message, *typed.world.folder.rglob("*.yaml")]}
    counts = typed.world.rows("SELECT (SELECT count(*) FROM mails), (SELECT count(*) FROM ledger)")
    typed("rules", "test", str(message))
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert typed.world.rows("SELECT (SELECT count(*) FROM mails), (SELECT count(*) FROM ledger)") == counts


@pytest.mark.parametrize("name", ["none.eml", "."])
def test_a_file_that_cannot_be_read_says_what_to_type(typed: Typing, tmp_path: Path, name: str) -> None:
    said = typed("rules", "test", str(tmp_path / name))
    assert said.code == 64 and said.said.startswith(f"{tmp_path / name} cannot be read (")
    assert said.said.endswith("save the mail as a file (.eml) in your mail program, and type: pipeline rules test "
                              "MESSAGE.eml\n")  # fmt: skip


@pytest.mark.parametrize("data", [b"", b"\0\xff" * 500, b"From: a\r\nFrom: b\r\n\r\n", b"\r\n\r\n"])
def test_any_file_is_explained_as_a_mail(typed: Typing, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "mail.eml").write_bytes(data)
    said = typed("rules", "test", str(tmp_path / "mail.eml"))
    assert said.code == 0 and said.out.splitlines()[-1].startswith("'Al het andere' beslist: ")


def test_problems_of_the_rules_are_said_by_the_command_and_by_check(typed: Typing, tmp_path: Path) -> None:
    with_rules(typed.world, "rules:\n  - {name: A, when: {subject: {regex: '('}}, then: leave}\n")
    for command in (("rules", "test", saved(tmp_path)), ("check",)):
        said = typed(*command)
        assert said.code == 65
        assert "inbox_rules.yaml:2:32: '(' is geen reguliere uitdrukking" in said.said + said.out


def test_without_the_file_it_says_what_to_write(typed: Typing, tmp_path: Path) -> None:
    (typed.world.folder / "inbox_rules.yaml").unlink()
    said = typed("rules", "test", saved(tmp_path))
    assert said.code == 78 and "inbox_rules.yaml is missing" in said.said
    assert said.said.endswith("write in it: rules: []\n")
