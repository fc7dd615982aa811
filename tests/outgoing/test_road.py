"""The road out, end to end: what is dropped arrives, once, with the right person."""

from __future__ import annotations

from tests.faults.scripted import ScriptedSmtp
from tests.world import CLIENT, SPONSOR, World, client_file


def test_a_client_who_pays_gets_quote_and_consent_in_one_mail(sending: World, server: ScriptedSmtp) -> None:
    sending.drop(client_file())
    sending.work()
    assert [mail.recipients for mail in server.accepted] == [(CLIENT,)]
    assert sending.states() == ["accepted"]
    assert not list(sending.drop_folder.iterdir())


def test_with_a_sponsor_each_gets_only_what_is_theirs(sending: World, server: ScriptedSmtp) -> None:
    sending.drop(client_file(sponsor=SPONSOR))
    sending.work()
    kinds = sending.rows("SELECT recipient, kinds FROM messages ORDER BY rowid")
    assert kinds == [(SPONSOR, "quote"), (CLIENT, "consent")]
    assert len(server.accepted) == 2
