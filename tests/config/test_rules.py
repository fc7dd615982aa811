"""inbox_rules.yaml: what may be written loads in both languages, and what is wrong is said where it stands."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pipeline import newpractice
from pipeline.config.rules import FILE, SYNONYMS, Action, Condition, InboxRules, Rule, read_rules, rules_from
from pipeline.config.source import read
from pipeline.errors import FileProblems, Problem
from tests.promises.hostile_files import BAD, TOKENS, UNREAD, UNSAYABLE

SECONDS = 2.0
RARE = re.compile(rb"%YAML|\\[uU]")
WHOLE = """\
rules:
  - name: Everything
    when:
      all: [{known_sender: yes}, {not: {bounce: yes}}]
      any: [{auto_reply: no}, {receipt: no}]
      not: {whole_body: g}
      from: a
      to: {exact: b}
      subject: [c, {glob: "*d*"}]
      body: {regex: "e+"}
      whole_body: f
      header: {name: List-Id, text: g}
      attachment: {name: "*.pdf", not_name: logo, type: "image/*", size: {over: 8 kB, under: '1,5 MB'}}
      size: {over: 300}
      date: {after: 2026-01-01, before: 2026-12-31}
      authenticated: yes
      contradicted: no
      known_sender: yes
      reply_to_us: yes
      auto_reply: no
      bounce: no
      receipt: no
      list: no
      own: no
      has_files: yes
      unreadable: no
      always: yes
    then: file_return
    mark: flagged
    move: Archive/Signed
    enabled: yes
"""
IN_DUTCH = {
    "rules": "regels", "name": "naam", "when": "wanneer", "all": "alle", "any": "een van", "not": "niet",
    "from": "van", "to": "aan", "subject": "onderwerp", "body": "inhoud", "whole_body": "hele inhoud",
    "header": "kopregel", "attachment": "bijlage", "not_name": "andere naam dan", "type": "soort", "size": "grootte",
    "over": "groter dan", "under": "kleiner dan", "date": "datum", "after": "na", "before": "voor",
    "authenticated": "bewezen", "contradicted": "weersproken", "known_sender": "bekende afzender",
    "reply_to_us": "antwoord op ons", "auto_reply": "automatisch antwoord", "bounce": "onbestelbaar",
    "receipt": "ontvangstbevestiging", "list": "nieuwsbrief", "own": "van onszelf", "has_files": "met bestanden",
    "unreadable": "onleesbaar", "always": "altijd", "exact": "precies", "glob": "patroon", "text": "tekst",
    "regex": "reguliere uitdrukking", "then": "dan", "mark": "markeer", "move": "verplaats", "enabled": "actief",
}  # fmt: skip


def rule(when: str, then: str = "then: leave") -> str:
    return f"rules:\n  - name: One\n    when: {when}\n    {then}\n"


def loaded(text: str) -> InboxRules:
    return rules_from(text.encode(), "en")


def problems(text: str, language: str = "en") -> list[str]:
    try:
        rules_from(text.encode(), language)
    except FileProblems as refused:
        return str(refused).split("\n")
    return []


def test_everything_that_can_be_written_is_taken() -> None:
    only = loaded(WHOLE).rules[0]
    assert set(only.when.written) == set(Condition.model_fields)
    assert (only.then, only.mark, only.move, only.enabled) == (Action.FILE_RETURN, "\\Flagged", "Archive/Signed", True)
    assert only.when.attachment and only.when.attachment[0].size
    assert only.when.attachment[0].size.model_dump() == {"over": 8 * 1024, "under": 1536 * 1024}


@pytest.mark.parametrize(("word", "dutch"), IN_DUTCH.items())
def test_every_key_may_be_typed_in_dutch(word: str, dutch: str) -> None:
    text, count = re.subn(rf"(?<![\w.]){word}:", f"{dutch}:", WHOLE)
    assert count and loaded(text) == loaded(WHOLE)


@pytest.mark.parametrize(("word", "key"), SYNONYMS.items())
def test_every_synonym_can_be_typed_as_it_is_written(word: str, key: str) -> None:
    assert read(f'"{word}": x'.encode(), "f.yaml", synonyms=SYNONYMS).tree == {key: "x"}


@pytest.mark.parametrize(
    ("typed", "action"),
    [
        *[(str(action), action) for action in Action], ("retour", Action.FILE_RETURN), ("laten", Action.LEAVE),
        ("correspondentie", Action.FILE_CORRESPONDENCE), ("antwoord", Action.ANSWER), ("apart", Action.SET_ASIDE),
        ("Privacyverzoek", Action.DATA_SUBJECT_REQUEST), ("File return", Action.FILE_RETURN),
    ],
)  # fmt: skip
def test_every_action_can_be_typed_in_english_and_in_dutch(typed: str, action: Action) -> None:
    assert loaded(rule("{always: yes}", f"then: {typed}")).rules[0].then is action


@pytest.mark.parametrize(
    ("typed", "flag"),
    [("flagged", "\\Flagged"), ("'\\Seen'", "\\Seen"), ("belangrijk", "\\Flagged"), ("$Label1", "$Label1")],
)
def test_a_mark_is_a_flag_of_the_mailbox_or_a_word_of_ones_own(typed: str, flag: str) -> None:
    assert loaded(rule("{always: yes}", f"mark: {typed}")).rules[0].mark == flag


def test_the_file_that_comes_with_the_program_loads() -> None:
    assert len(read_rules(newpractice.shipped(), "nl").rules) > 5


def test_no_rules_is_a_choice(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("rules: []\n", "utf-8")
    assert read_rules(tmp_path, "nl").rules == []


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        (rule("{subject: {regex: '('}}"), "3:22", "'(' is not a regular expression (missing ), unterminated"),
        (rule("\n      subject:\n        - a\n        - regex: '['"), "6:11", "'[' is not a regular expression"),
        (rule("{subject: {regex: '(a)\\1'}}"), "3:22", "looks back or ahead"),
        (rule("{subject: {regex: 'a(?=b)'}}"), "3:22", "looks back or ahead"),
        (rule("{subject: {regex: 'a{5000}'}}"), "3:22", "too long or repeats too often"),
        (rule("{subject: {regex: '((a{1,99}){1,99}){1,99}'}}"), "3:22", "too long or repeats too often"),
        (rule("{subject: {glob: '" + "?" * 400 + "'}}"), "3:22", "this pattern is too long"),
        (rule("{subject: 'Re: *'}"), "3:12", "write {text: 'Re: *'}; if for anything, write {glob: 'Re: *'}"),
        (rule("{subject: {text: a, glob: b}}"), "3:12", "choose exactly one of: text, exact, glob, regex"),
        (rule("{subject: {txt: a}}"), "3:22", "'txt' is not a known word here; did you mean 'text'?"),
        (rule("{subjet: a}"), "3:12", "did you mean 'subject'?"),
        (rule("{subject: }"), "3:12", "nothing stands here"),
        (rule("{from: a, subject: ~}"), "3:21", "nothing stands here"),
        (rule("{}"), "3:5", "there is no condition here; if it holds for every mail, write {always: yes}"),
        (rule("{any: []}"), "3:12", "at least 1 belongs here"),
        (rule("always"), "3:5", "lines of the form 'word: value' belong here"),
        (rule("{bounce: perhaps}"), "3:12", "write yes or no"),
        (rule("{size: {over: big}}"), "3:19", "'big' is not a size; write it as 500 kB or 5 MB"),
        (rule("{size: {}}"), "3:12", "write over or under here, or both"),
        (rule("{date: {after: 31-12-2026}}"), "3:19", "'31-12-2026' is not a date; write it as 2026-12-31"),
        (rule("{date: {}}"), "3:12", "write after or before here"),
        (rule("{attachment: {}}"), "3:12", "there is no condition here"),
        (rule("{header: {text: a}}"), "3:12", "'name' is missing"),
        (rule("{always: yes}", "then: delete"), "4:5", "choose from: file_return, file_correspondence, answer"),
        (rule("{always: yes}", "mark: \\Deleted"), "4:5", "'\\Deleted' cannot be a mark"),
        (rule("{always: yes}", "mark: two words"), "4:5", "cannot be a mark"),
        (rule("{always: yes}", "move: 'a*'"), "4:5", "'a*' cannot be a folder"),
        (rule("{always: yes}", "move: 'a//b'"), "4:5", "cannot be a folder"),
        (rule("{always: yes}", "enabled: yes"), "2:5", "this rule does nothing; add 'then:' with one of: file_return"),
        (rule("{always: yes}", "then: !!python/name:os.system x"), "4:11", "a tag with ! cannot be used here"),
        (rule("{not: " * 12 + "{always: yes}" + "}" * 12), "3:5", "too many conditions are nested here; at most 10"),
        (rule("{all: [" * 30 + "{always: yes}" + "]}" * 30), "3:74", "too many levels are nested here"),
        (rule("{always: yes}") + "  - {name: One, when: {always: yes}, then: leave}\n", "5:6", "called 'One' already"),
        ("rules:\n  - {name: " + "x" * 81 + ", when: {always: yes}, then: leave}\n", "2:6", "at most 80 characters"),
        ("rules:\n" + "  - {}\n" * 201, "1:1", "there are too many here; at most 200"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_where_it_stands_with_what_to_write(text: str, place: str, said: str) -> None:
    found = problems(text)
    assert any(one.startswith(f"{FILE}:{place}: ") and said in one for one in found), found


def test_problems_come_at_once_and_in_the_language_of_the_practice() -> None:
    text = rule("{onderwerp: {regex: '('}, gaol: x}", "dan: weg")
    assert [one.split(": ")[0] for one in problems(text, "nl")] == [f"{FILE}:3:24", f"{FILE}:3:37", f"{FILE}:4:5"]
    assert "is geen reguliere uitdrukking" in problems(text, "nl")[0]
    assert "bekend zijn: alle, een_van, niet, van, aan, onderwerp" in problems(text, "nl")[1]


def test_a_condition_may_be_nested_ten_deep() -> None:
    assert loaded(rule("{not: " * 10 + "{always: yes}" + "}" * 10)).rules[0].when.depth == 11


def test_rules_never_change_once_they_are_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        loaded(WHOLE).rules[0].name = "x"


GUIDE = (Path(__file__).parents[2] / "docs" / "inbox-rules.md").read_text("utf-8")
WRITTEN = re.findall(r"`(\{[^`]+\}|(?:then|mark|move|enabled): [^`]+)`", GUIDE)


def test_the_guide_shows_every_condition_and_action() -> None:
    spoken = {"none": "not", "sender": "from", "mailing_list": "list"}
    assert [name for name in Condition.model_fields if f"{{{spoken.get(name, name)}: " not in GUIDE] == []
    assert [action for action in Action if f"| `{action}` |" not in GUIDE] == []
    assert len(WRITTEN) > 80


@pytest.mark.parametrize("written", sorted(set(WRITTEN)))
def test_what_the_guide_shows_can_be_written(written: str) -> None:
    text = rule(written) if written.startswith("{") else rule("{always: yes}", f"move: B\n    {written}")
    text = text.replace("    move: B\n    move", "    move")
    assert loaded(text).rules[0].name == "One"


def test_the_files_in_the_guide_load_and_the_dutch_one_is_the_same() -> None:
    english, dutch = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    assert loaded(english) == loaded(dutch)


def refused_or_read(data: bytes) -> list[Problem]:
    """Read a file, which must take little time and raise nothing but problems; gives them."""
    started, found = time.process_time(), None
    try:
        rules_from(data, "nl")
    except FileProblems as refused:
        found = refused.problems
    assert time.process_time() - started < SECONDS
    assert found != [] and all(one.line >= 1 and one.column >= 1 and one.text for one in found or [])
    return found or []


@pytest.mark.parametrize("name", [*BAD, *UNREAD, *UNSAYABLE])
def test_a_hostile_file_is_refused_in_little_time(name: str) -> None:
    data = {**BAD, **UNREAD, **UNSAYABLE}[name]
    assert refused_or_read(data) or not data.replace(b"# x\n", b"").strip()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), st.sampled_from(TOKENS)), min_size=1, max_size=6))
def test_a_good_file_with_anything_in_it_is_read_or_refused(edits: list[tuple[float, int, str]]) -> None:
    text = WHOLE
    for where, removed, token in edits:
        at = round(where * len(text))
        text = f"{text[:at]}{token}{text[at + removed :]}"
    data = text.encode("utf-8", "surrogatepass")
    assume(not RARE.search(data))
    refused_or_read(data)


Tree = None | str | list["Tree"] | dict[str, "Tree"]
WORDS = [*Condition.model_fields, *Rule.model_fields, "rules", "text", "glob", "regex", "over", "type", "xx"]
trees: st.SearchStrategy[Tree] = st.recursive(
    st.none() | st.sampled_from(["yes", "no", "a", "*", "(", "5 MB", "leave", "2026-01-01", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=25,
)


def as_yaml(tree: Tree) -> str:
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key}: {as_yaml(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(as_yaml, tree)) + "]"
    return "~" if tree is None else f"'{tree}'"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees)
def test_any_tree_of_our_own_words_is_read_or_refused(tree: Tree) -> None:
    refused_or_read(f"rules:\n- {{name: a, then: leave, when: {as_yaml(tree)}}}\n- {as_yaml(tree)}\n".encode())
