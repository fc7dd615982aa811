"""How a clause stands is never said better than the rules that exist can make it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.policy.keeping import LONG, SHORT, Standing, confirmed, fingerprint, keepers, of_rule, standing, told
from pipeline.policy.policy import Policy, read_policy, shipped_policies
from pipeline.policy.schema.base import Words
from pipeline.policy.schema.later import RequestRule
from pipeline.policy.schema.people import Reading
from tests.policy.written import broken, read

FREE = ("clauses: [X-6], covers: [quote, consent]", "clauses: [X-1], covers: [quote, consent]")
"""Leaves X-6 to the rule that a test adds."""


def policy(name: str) -> Policy:
    return read_policy(name, Path("nowhere"), "en")


def stands(folder: Path, section: str, rule: str) -> Standing:
    """Give how a clause stands that this rule, and nothing else, keeps."""
    return standing(read(broken(FREE, ("\nmail:\n", section_of(section, rule))), folder), "X-6")


def section_of(section: str, rule: str) -> str:
    return f"\n{section}:\n  - {{id: mine.only, clauses: [X-6], {rule}}}\n\nmail:\n"


@pytest.mark.parametrize(
    ("section", "rule"),
    [
        ("breach", "tell: clients, within: {statutory: yes}"),
        ("backup", "covers: [contact]"),
        ("access", "readers: [owner]"),
        ("signposts", "address: a@b.example"),
        ("gates", "before: collect, require: [guardian], only_under_16: yes"),
        ("gates", "before: use, covers: [profile], require: ['consent:coaching']"),
    ],
)
def test_what_is_not_built_yet_is_not_kept_yet(tmp_path: Path, section: str, rule: str) -> None:
    assert stands(tmp_path, section, rule) is Standing.NOT_KEPT_YET


@pytest.mark.parametrize(
    ("section", "rule", "expected"),
    [
        ("gates", "before: sell, require: [never]", Standing.NO_PATH),
        ("gates", "before: publish, require: ['consent:coaching']", Standing.NO_PATH),
        ("gates", "before: grant_access, require: [secrecy]", Standing.NO_PATH),
        ("gates", "before: invite, covers: [platform], require: ['consent:coaching']", Standing.NO_PATH),
        ("gates", "before: disclose, covers: [profile], to: [third_party], require: [never]", Standing.NO_PATH),
        ("gates", "before: disclose, to: [accountant], require: [allow_list]", Standing.NO_PATH),
        ("gates", "before: disclose, to: [sponsor], require: ['consent:coaching']", Standing.KEPT),
        ("gates", "before: collect, covers: [notes], require: [never]", Standing.NO_PATH),
        ("gates", "before: collect, covers: [dossier], require: ['consent:coaching']", Standing.NO_PATH),
        ("gates", "before: send, covers: [quote], require: [consent_form]", Standing.KEPT),
        ("closing", "steps: [destroy_paper]", Standing.ATTESTED),
        ("closing", "steps: [pseudonymise_marked]", Standing.KEPT),
        ("closing", "steps: [pseudonymise_marked, destroy_paper]", Standing.KEPT),
        (
            "gates",
            "before: invite, covers: [profile_intake], to: [client], require: ['consent:coaching']",
            Standing.KEPT,
        ),
        ("gates", "before: disclose, covers: [profile], to: [sponsor], require: ['consent:coaching']", Standing.KEPT),
        ("gates", "before: disclose, covers: [report], to: [sponsor], require: [approval]", Standing.KEPT),
        ("gates", "before: collect, covers: [report], require: ['consent:coaching']", Standing.KEPT),
        ("gates", "before: use, covers: [dossier], require: ['consent:coaching']", Standing.NO_PATH),
        ("closing", "steps: [ask_consent], asks: [coaching]", Standing.KEPT),
        ("closing", "steps: [ask_consent, pseudonymise_marked], asks: [coaching]", Standing.KEPT),
        ("changes", "announced: [website]", Standing.KEPT),
        ("attest", "what: {nl: Op slot, en: Locked}, every: P1Y", Standing.ATTESTED),
        ("processors", "name: {nl: Iemand, en: Somebody}, contract: yes", Standing.ATTESTED),
    ],
)
def test_a_rule_is_kept_as_far_as_the_program_can(tmp_path: Path, section: str, rule: str, expected: Standing) -> None:
    assert stands(tmp_path, section, rule) is expected


@pytest.mark.parametrize("kind", ["profile", "report, profile", "quote", "invoice, appointment, profile_intake"])
def test_deleting_mail_is_kept_whatever_it_carries(tmp_path: Path, kind: str) -> None:
    text = broken(("covers: [quote, consent], after: answered", f"covers: [{kind}], after: answered"))
    assert standing(read(text, tmp_path), "X-6") is Standing.KEPT


@pytest.mark.clause("B-10.1")
def test_that_paper_was_destroyed_is_never_shown_as_more_than_stated(tmp_path: Path) -> None:
    text = section_of("closing", "steps: [destroy_paper]")
    alone = read(broken(FREE, ("\nmail:\n", text)), tmp_path)
    assert standing(alone, "X-6") is Standing.ATTESTED
    assert told(policy("ballance"), "B-10.1", "en") == (
        "Kept by this program. That paper was destroyed you state yourself; no program can say more than that."
    )


@pytest.mark.clause("R-Tr.4", "R-Tr.6", "R-Re.6")
def test_what_is_promised_at_closing_is_kept_by_this_program() -> None:
    for clause in ("R-Tr.4", "R-Tr.6", "R-Re.6"):
        assert standing(policy("refleact"), clause) is Standing.KEPT
        assert told(policy("refleact"), clause, "en").startswith("Kept by this program.")


@pytest.mark.clause("J-4.2", "J-4.4", "J-4.5")
def test_how_a_term_can_be_longer_is_told_with_the_clause() -> None:
    one = policy("ken-jezelf")
    assert "pipeline extend REF --rule ken-jezelf.books --because" in told(one, "J-4.2", "en")
    for clause, rule in (("J-4.5", "ken-jezelf.invoice"), ("J-4.4", "ken-jezelf.contact")):
        said = told(one, clause, "en")
        assert "pipeline hold REF --reason" in said and rule in said and "pipeline extend" not in said


def test_of_which_some_rules_are_kept_and_others_not_yet_is_kept_in_part(tmp_path: Path) -> None:
    rule = section_of("backup", "covers: [mail_out]")
    one = read(broken(("\nmail:\n", rule)), tmp_path)
    assert standing(one, "X-6") is Standing.PARTLY
    assert told(one, "X-6", "en") == "Partly kept; not in this version yet: back-ups."


@pytest.mark.parametrize("why", ["meaning", "shape", "by_hand", "cannot"])
def test_a_clause_that_no_rule_keeps_gives_its_reason(tmp_path: Path, why: str) -> None:
    one = read(broken(("unruled: meaning", f"unruled: {why}")), tmp_path)
    assert standing(one, "X-5").value == why and keepers(one, "X-5") == []
    assert told(one, "X-5", "en").endswith(": a description.")


def test_the_decision_for_the_clauses_of_kleur() -> None:
    found = {clause: standing(policy("kleur"), clause).value for clause in policy("kleur").clauses}
    assert found["K-12"] == found["K-03"] == found["K-21"] == "kept"
    assert {clause for clause, how in found.items() if how == "not_kept_yet"} == {
        "K-11b", "K-14", "K-18", "K-19", "K-20",
    }  # fmt: skip
    assert {clause for clause, how in found.items() if how == "partly"} == {"K-05", "K-15"}
    assert {found[clause] for clause in ("K-06", "K-08", "K-09", "K-10")} == {"kept"}
    assert found["K-11c"] == found["K-11a"] == "no_path"


@pytest.mark.clause("R-Re.3", "R-Re.4", "J-7h", "J-7i")
def test_taking_a_consent_back_is_kept_and_what_follows_from_it_is_not_yet() -> None:
    assert standing(policy("refleact"), "R-Re.4") is Standing.KEPT
    assert told(policy("refleact"), "R-Re.4", "en") == "Kept by this program."
    assert standing(policy("refleact"), "R-Re.3") is Standing.KEPT  # nothing is published, and it can be taken back
    assert {clause: standing(policy("ken-jezelf"), clause).value for clause in ("J-7h", "J-7i", "J-7d.2")} == {
        "J-7h": "partly",  # it is taken back, but what it was used for within is not looked at
        "J-7i": "partly",  # with a mail, as it says; of what else can be asked nothing is carried out
        "J-7d.2": "not_kept_yet",  # what rested on it alone is not erased
    }


@pytest.mark.parametrize(
    ("may", "expected"),
    [
        (["withdraw"], Standing.KEPT),
        (["withdraw", "erase"], Standing.NOT_KEPT_YET),
        (["access", "copy"], Standing.NOT_KEPT_YET),
        (["restrict"], Standing.NOT_KEPT_YET),
    ],
)
def test_of_what_people_may_ask_only_taking_back_a_consent_is_kept(may: list[str], expected: Standing) -> None:
    asked = {"id": "mine.ask", "who": ["client"], "may": may, "answer": {"statutory": "yes"}}
    assert of_rule(RequestRule.model_validate(asked)) is expected


@pytest.mark.parametrize("name", shipped_policies())
def test_every_clause_stands_somehow_and_what_only_waits_is_never_called_kept(name: str) -> None:
    one = policy(name)
    waiting = ("RequestRule", "BreachRule", "BackupRule", "AccessRule", "ComplaintRule", "SignpostRule")
    for clause in one.clauses:
        kinds = {type(rule).__name__ for rule in keepers(one, clause)}
        taken_back = any(getattr(rule, "may", []) == ["withdraw"] for rule in keepers(one, clause))
        if kinds and kinds <= set(waiting) and not taken_back:
            assert standing(one, clause) is Standing.NOT_KEPT_YET
        assert "{" not in told(one, clause, "nl") and told(one, clause, "nl") != told(one, clause, "en")


def test_each_standing_is_said_in_short_and_in_long() -> None:
    assert set(SHORT) == set(LONG) == set(Standing)


def test_a_confirmation_holds_for_the_text_that_was_confirmed_and_for_no_other() -> None:
    one = policy("kleur")
    first, second = one.readings[:2]
    rows = [(first.id, fingerprint(first), "2026-01-02"), (first.id, fingerprint(first), "2026-01-01"),
            (second.id, fingerprint(first), "2026-01-03"), ("K-99.gone", "00", "2026-01-04")]  # fmt: skip
    assert confirmed(one, rows) == {first.id: "2026-01-02"}
    other = Reading(id=first.id, clauses=first.clauses, chosen=Words(nl=first.chosen.nl, en="otherwise"))
    assert confirmed(one.model_copy(update={"readings": [other]}), rows) == {}
