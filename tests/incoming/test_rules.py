"""The first rule that matches decides, every rule is explained, and no mail makes the rules fail or take long."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.config.rules import Action, Condition, InboxRules, rules_from
from pipeline.incoming.mail import File, Mail, Standing
from pipeline.incoming.rules import Decision, Facts, decide, explain
from pipeline.model import Nature

SECONDS = 2.0
PDF = File("offerte-getekend.pdf", "application/pdf", b"%PDF" + b"x" * 40_000)
LOGO = File("image001.png", "image/png", b"\x89PNG" + b"x" * 3_000)
MAIL = Mail(
    message_id="<1@home.example>",
    sender="sanne@home.example",
    sender_name="peter@work.example",
    recipients=("marjan@delinde.example", "kopie@work.example"),
    subject="Re: Documenten van Praktijk De Linde",
    date=datetime(2026, 11, 20, 23, 30, tzinfo=UTC),
    headers=(("List-Id", "<news.example>"), ("X-Spam", "No")),
    text="Hierbij de stukken.\n\nOp 20 nov 2026 om 10:00 schreef Marjan:\n> Gaat u akkoord met de offerte?\n",
    files=(LOGO, PDF),
    size=50_000,
)


def facts(mail: Mail = MAIL, nature: Nature = Nature.LETTER, **more: Any) -> Facts:
    known: dict[str, Any] = {"standing": Standing.UNPROVEN, "known_sender": False, "reply_to_us": False} | more
    return Facts(mail, nature, **known)


def rules(*conditions: str, then: str = "then: file_return") -> InboxRules:
    """Give one rule for each condition, named by its number from 1."""
    made = [f"  - {{name: '{number}', when: {when}, {then}}}\n" for number, when in enumerate(conditions, 1)]
    return rules_from(("rules:\n" + "".join(made)).encode(), "en")


def holds(condition: str, seen: Facts) -> bool:
    return decide(rules(condition), seen).action is Action.FILE_RETURN


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ("{from: home.example}", True), ("{from: {glob: '*@home.example'}}", True), ("{from: work.example}", False),
        ("{to: {exact: KOPIE@work.example}}", True), ("{to: sanne}", False),
        ("{subject: documenten}", True), ("{subject: {glob: 're: *'}}", True), ("{subject: {exact: Re}}", False),
        ("{subject: [factuur, {regex: 'linde$'}]}", True), ("{subject: [factuur, bon]}", False),
        ("{body: stukken}", True), ("{body: akkoord}", False), ("{whole_body: akkoord}", True),
        ("{header: {name: list-id, text: news}}", True), ("{header: {name: X-Spam, exact: 'no'}}", True),
        ("{header: {name: X-Spam, text: yes}}", False), ("{header: {name: X-Other}}", False),
        ("{header: list-id}", True), ("{header: [X-Other, X-Spam]}", True),
        ("{attachment: {type: application/pdf}}", True), ("{attachment: {name: '*.PDF'}}", True),
        ("{attachment: {name: pdf, size: {over: 30 kB}}}", True),
        ("{attachment: {name: pdf, size: {under: 9 kB}}}", False),
        ("{attachment: {type: 'image/*', size: {over: 8 kB}}}", False), ("{attachment: {type: 'image/*'}}", True),
        ("{attachment: {not_name: ['image*', '*.pdf']}}", False), ("{attachment: {not_name: 'image*'}}", True),
        ("{attachment: [{name: '*.heic'}, {name: getekend}]}", True),
        ("{size: {over: 40 kB}}", True), ("{size: {over: 40 kB, under: 45 kB}}", False),
        ("{date: {after: 2026-11-19}}", True), ("{date: {before: 2026-11-20}}", False),
        ("{has_files: yes}", True), ("{has_files: no}", False), ("{unreadable: yes}", False),
        ("{always: yes}", True), ("{always: no}", False),
        ("{subject: documenten, from: work}", False), ("{subject: documenten, from: home}", True),
        ("{all: [{subject: documenten}, {from: work}]}", False), ("{any: [{subject: bon}, {from: home}]}", True),
        ("{any: [{subject: bon}, {from: work}]}", False), ("{not: {from: work}}", True),
        ("{not: [{from: work}, {subject: linde}]}", False), ("{all: {any: [{from: work}, {not: {from: work}}]}}", True),
    ],
)  # fmt: skip
def test_a_condition_holds_when_the_mail_is_so(condition: str, met: bool) -> None:
    assert holds(condition, facts()) is met


@pytest.mark.parametrize(
    ("condition", "seen"),
    [
        ("{authenticated: yes}", facts(standing=Standing.AUTHENTICATED)),
        ("{contradicted: yes}", facts(standing=Standing.FAILED)),
        ("{known_sender: yes}", facts(known_sender=True)),
        ("{reply_to_us: yes}", facts(reply_to_us=True)),
        ("{auto_reply: yes}", facts(nature=Nature.AUTO_REPLY)),
        ("{bounce: yes}", facts(nature=Nature.BOUNCE)),
        ("{receipt: yes}", facts(nature=Nature.RECEIPT)),
        ("{list: yes}", facts(nature=Nature.LIST)),
        ("{own: yes}", facts(nature=Nature.OWN)),
        ("{unreadable: yes}", facts(Mail(unread=(("locked", "stukken.zip"),)))),
    ],
)
def test_what_is_known_of_a_mail_can_be_asked_and_asked_not_to_be(condition: str, seen: Facts) -> None:
    assert holds(condition, seen) and not holds(condition, facts())
    opposite = condition.replace("yes", "no")
    assert holds(opposite, facts()) and not holds(opposite, seen)


def test_a_name_that_looks_like_an_address_is_not_the_sender() -> None:
    assert MAIL.sender_name == "peter@work.example" and not holds("{from: peter@work.example}", facts())


@pytest.mark.parametrize("condition", ["{from: ''' '''}", "{to: a}", "{body: a}", "{date: {after: 2000-01-01}}"])
def test_what_a_mail_does_not_have_fits_nothing(condition: str) -> None:
    assert not holds(condition.replace("''' '''", "a"), facts(Mail()))


def test_the_first_rule_that_matches_decides_and_the_later_ones_say_that_they_would() -> None:
    three = rules("{from: work}", "{from: home}", "{always: yes}")
    assert decide(three, facts()).rule == "2"
    told = [(one.name, one.matched, one.decides) for one in explain(three, facts(), "en")]
    assert told == [("1", False, False), ("2", True, True), ("3", True, False)]


def test_without_a_rule_that_matches_nothing_is_decided() -> None:
    assert decide(rules("{from: work}"), facts()) == Decision("", None, None, None)
    assert decide(rules_from(b"rules: []", "en"), facts()) == Decision()


def test_the_mailbox_is_touched_only_when_a_rule_asks_for_it() -> None:
    assert decide(rules("{always: yes}"), facts()) == Decision("1", Action.FILE_RETURN, None, None)
    asked = rules("{always: yes}", then="then: set_aside, mark: belangrijk, move: Archief")
    assert decide(asked, facts()) == Decision("1", Action.SET_ASIDE, "\\Flagged", "Archief")
    only = rules("{always: yes}", then="move: Archief")
    assert decide(only, facts()) == Decision("1", Action.LEAVE, None, "Archief")


def test_a_rule_that_is_switched_off_decides_nothing() -> None:
    off = rules("{always: yes}", then="then: leave, enabled: no")
    assert decide(off, facts()) == Decision()
    assert [(one.matched, one.decides, one.enabled) for one in explain(off, facts(), "en")] == [(False, False, False)]


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("en", (
            "does not hold: all of this",
            "  does not hold: at least one of these",
            "    does not hold: the sender has 'work'",
            "    does not hold: it answers a mail of ours",
            "  holds: none of this",
            "    does not hold: it is an automatic reply",
            "  holds: the subject fits the glob 're: *'",
            "  holds: a file: the name fits the glob '*.pdf' and the size is over 8192 bytes",
        )),
        ("nl", (
            "klopt niet: alles hiervan",
            "  klopt niet: minstens een hiervan",
            "    klopt niet: de afzender bevat 'work'",
            "    klopt niet: het is een antwoord op een mail van ons",
            "  klopt: niets hiervan",
            "    klopt niet: het is een automatisch antwoord",
            "  klopt: het onderwerp past bij het patroon 're: *'",
            "  klopt: een bestand: de naam past bij het patroon '*.pdf' en de grootte is groter dan 8192 bytes",
        )),
    ],
)  # fmt: skip
def test_every_condition_is_explained_in_the_readers_language(language: str, lines: tuple[str, ...]) -> None:
    asked = rules(
        "{any: [{from: work}, {reply_to_us: yes}], not: {auto_reply: yes}, subject: [bon, {glob: 're: *'}],"
        " attachment: {name: '*.pdf', size: {over: 8 kB}}}"
    )
    assert explain(asked, facts(), language)[0].why == lines


def test_what_is_asked_not_to_be_is_said_so() -> None:
    [told] = explain(rules("{bounce: no}"), facts(), "en")
    assert told.why == ("holds: asked is that this is not so: it is a report that a mail did not arrive",)


words = st.text(alphabet="ab*?.@( é", min_size=1, max_size=6).map(str.strip).filter(bool)
conditions: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.builds(lambda name, globs: {name: [{"glob": glob} for glob in globs]}, st.sampled_from(
            ["sender", "to", "subject", "body", "whole_body"]
        ), st.lists(words, min_size=1, max_size=3)),
        st.builds(lambda name, answer: {name: answer}, st.sampled_from(
            ["known_sender", "reply_to_us", "bounce", "own", "authenticated", "has_files", "unreadable", "always"]
        ), st.sampled_from(["yes", "no"])),
        st.builds(lambda name, text: {name: {"text": text}}, st.sampled_from(["subject", "body"]),
                  st.sampled_from(["a", "b", "ab"])),
        st.builds(lambda size: {"attachment": {"size": {"over": str(size)}}}, st.integers(0, 50)),
        st.builds(lambda size: {"size": {"under": str(size)}}, st.integers(0, 50)),
    ),
    lambda inner: st.builds(
        lambda name, parts: {name: parts}, st.sampled_from(["all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)  # fmt: skip
mails = st.builds(
    Mail,
    sender=st.text(max_size=8),
    recipients=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    subject=st.text(alphabet="ab é\n\ud800", max_size=8),
    text=st.text(max_size=40),
    date=st.none() | st.datetimes(),
    headers=st.lists(st.tuples(st.text(max_size=5), st.text(max_size=9)), max_size=3).map(tuple),
    files=st.lists(st.builds(File, st.text(max_size=6), st.text(max_size=6), st.binary(max_size=60)), max_size=2).map(
        tuple
    ),
    unread=st.sampled_from([(), (("locked", "x.zip"),)]),
    size=st.integers(0, 60),
)
seen_mails = st.builds(
    Facts,
    mails,
    st.sampled_from(Nature),
    st.sampled_from(Standing),
    known_sender=st.booleans(),
    reply_to_us=st.booleans(),
)
several = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def made(*asked: object, then: str = "leave") -> InboxRules:
    listed = [{"name": str(number), "when": when, "then": then} for number, when in enumerate(asked, 1)]
    return rules_from(json.dumps({"rules": listed}).encode(), "en")


@several
@given(st.lists(conditions, max_size=4), seen_mails, st.sampled_from(["nl", "en"]))
def test_any_rules_decide_on_any_mail_as_they_explain(asked: list[object], seen: Facts, language: str) -> None:
    decision, explained = decide(made(*asked), seen), explain(made(*asked), seen, language)
    assert [one.name for one in explained if one.decides] == ([decision.rule] if decision.rule else [])
    assert decision.rule == next((one.name for one in explained if one.matched), "")
    for one in explained:
        holding = one.why[0].startswith(("holds", "klopt:"))
        assert holding is one.matched and all(line.strip() for line in one.why)


@several
@given(conditions, seen_mails)
def test_not_not_is_what_it_was(asked: object, seen: Facts) -> None:
    once, twice = {"none": [asked]}, {"none": [{"none": [asked]}]}
    plainly = bool(decide(made(asked), seen).rule)
    assert bool(decide(made(once), seen).rule) is not plainly
    assert bool(decide(made(twice), seen).rule) is plainly


@several
@given(st.lists(conditions, min_size=1, max_size=3), seen_mails)
def test_all_any_and_none_are_what_their_parts_make_them(asked: list[object], seen: Facts) -> None:
    met = [bool(decide(made(one), seen).rule) for one in asked]
    for name, expected in (("all", all(met)), ("any", any(met)), ("none", not any(met))):
        assert bool(decide(made({name: asked}), seen).rule) is expected


@several
@given(st.lists(conditions, min_size=2, max_size=4), seen_mails)
def test_a_rule_that_is_put_last_never_decides_before_another(asked: list[object], seen: Facts) -> None:
    first, always = made(*asked), made(*asked, {"always": "yes"})
    decided = decide(first, seen).rule
    assert decide(always, seen).rule == (decided or str(len(asked) + 1))


HUGE = {
    "a long text": Mail(subject="a" * 100_000, text="a" * 2_000_000, sender="a" * 100_000),
    "many of everything": Mail(
        recipients=tuple(f"a{number}@x.example" for number in range(20_000)),
        headers=tuple(("List-Id", "a" * 900) for _ in range(20_000)),
        files=tuple(File("a" * 200, "a/" + "a" * 200, b"") for _ in range(5_000)),
    ),
    "all different characters": Mail(text="".join(map(chr, range(0x4E00, 0x9000))) * 4),
    "quotes and lines": Mail(text="Op 1 januari 2026 schreef:\n> \n" * 30_000),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_mail_takes_little_time(name: str) -> None:
    hard = r"{regex: '(a+)+$'}, {regex: '(a|aa)+!'}, {glob: '*a*a*a*a*b'}, {regex: '(.*)a.{100}b'}, nothing"
    conditions = [f"{{{name}: [{hard}]}}" for name in ("subject", "body", "whole_body", "to", "from")]
    conditions += [f"{{header: {{name: List-Id, regex: '(a+)+$x{number}'}}}}" for number in range(5)]
    conditions += [f"{{attachment: {{name: {{regex: '(a+)+$x{number}'}}}}}}" for number in range(5)]
    many = rules(*conditions)
    started = time.process_time()
    decide(many, facts(HUGE[name]))
    assert time.process_time() - started < SECONDS


def test_every_condition_that_can_be_written_can_be_judged_and_explained() -> None:
    one_of_each = {
        "all": "[{always: yes}]", "any": "[{always: yes}]", "none": "[{always: yes}]", "header": "{name: A}",
        "attachment": "{name: a}", "size": "{over: 1}", "date": "{after: 2026-01-01}",
    }  # fmt: skip
    for name in Condition.model_fields:
        text = name in {"sender", "to", "subject", "body", "whole_body"}
        asked = rules(f"{{{name}: {one_of_each.get(name, 'a' if text else 'yes')}}}")
        assert explain(asked, facts(), "nl")[0].why
