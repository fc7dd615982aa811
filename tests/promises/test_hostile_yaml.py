"""P7: whatever lies in the drop folder, it is refused with a note that can be acted on, and the next file proceeds."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pipeline.config.client import read_client_file
from pipeline.errors import FileProblems, Problem
from pipeline.words import say
from tests.faults.scripted import ScriptedSmtp
from tests.promises.hostile_files import BAD, GOOD, TOKENS, UNREAD, UNSAYABLE
from tests.world import CLIENT, World, client_file

SECONDS = 2.0
RARE = re.compile(rb"%YAML|\\[uU]")  # what UNREAD and UNSAYABLE are about
several = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TWENTY = [*list(BAD)[:: len(BAD) // 18][:18], "alias bomb", "latin-1"]
BROKEN = b"client: [\n"


def problems_of(data: bytes, language: str = "nl") -> list[Problem]:
    """Read a file, which must take little time and raise nothing but problems; gives them."""
    started, found = time.process_time(), None
    try:
        read_client_file(data, "client.yaml", language=language, catalogue=("kort",))
    except FileProblems as refusal:
        found = refusal.problems
    assert time.process_time() - started < SECONDS
    assert found != [], "refused without saying why"
    return found or []


def check_places(data: bytes, problems: list[Problem]) -> None:
    """Every problem stands at a place that the file has (one beyond the end counts), in one line of text."""
    text = data.decode("utf-8-sig", "replace")
    lines = re.split("\r\n|[\n\r\x85\u2028\u2029]", text)
    widest = max(map(len, re.split("[\n\r]", text)))  # the reader ends a line there, and counts on over the others
    for problem in problems:
        assert 1 <= problem.line <= len(lines) + 1
        assert 1 <= problem.column <= widest + 2
        assert problem.text


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_places_in_little_time(name: str) -> None:
    problems = problems_of(BAD[name])
    assert problems
    check_places(BAD[name], problems)


@pytest.mark.parametrize("name", UNREAD)
def test_a_bad_file_that_the_yaml_reader_trips_over_is_refused(name: str) -> None:
    assert problems_of(UNREAD[name])


@pytest.mark.parametrize("name", UNSAYABLE)
def test_a_problem_can_be_written_down(name: str) -> None:
    assert [problem.text.encode() for problem in problems_of(UNSAYABLE[name])]


def test_the_file_that_the_bad_ones_are_made_from_is_well() -> None:
    assert problems_of(GOOD.encode()) == []


@several
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assume(not RARE.search(data))
    check_places(data, problems_of(data))


@several
@given(st.lists(st.sampled_from([*TOKENS, "a", "b: c\n", "  "]), max_size=40))
def test_any_heap_of_yaml_is_read_or_refused(parts: list[str]) -> None:
    data = "".join(parts).encode("utf-8", "surrogatepass")
    assume(not RARE.search(data))
    check_places(data, problems_of(data))


Edit = tuple[float, int, str]


@several
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), st.sampled_from(TOKENS)), min_size=1, max_size=6))
def test_a_good_file_with_anything_in_it_is_read_or_refused(edits: list[Edit]) -> None:
    text = GOOD
    for where, removed, token in edits:
        at = round(where * len(text))
        text = f"{text[:at]}{token}{text[at + removed :]}"
    data = text.encode("utf-8", "surrogatepass")
    assume(not RARE.search(data))
    check_places(data, problems_of(data))


@pytest.mark.long
@pytest.mark.timeout(1800)
@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=2000) | st.lists(st.sampled_from([*TOKENS, GOOD]), max_size=300).map(
    lambda parts: "".join(parts).encode("utf-8", "surrogatepass")[:64_000]
))  # fmt: skip
def test_many_bytes_are_read_or_refused(data: bytes) -> None:
    assume(not RARE.search(data))
    check_places(data, problems_of(data))


def put(world: World, name: str, data: bytes) -> Path:
    path = world.drop("", name)
    path.write_bytes(data)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


@pytest.mark.parametrize("language", ["nl", "en"])
def test_twenty_bad_files_among_three_good_ones_hold_nobody_up(
    sending: World, server: ScriptedSmtp, language: str
) -> None:
    sending.change("^language: nl", f"language: {language}")
    bad = {f"{number:02d}.yaml": BAD[name] for number, name in enumerate(TWENTY)}
    for name, data in bad.items():
        put(sending, name, data)
    good = {f"{name}@home.example": f"{name}.yaml" for name in ("0anna", "11bob", "zoe")}
    for mailbox, name in good.items():
        sending.drop(client_file(mailbox, mailbox), name)
    sending.work()
    assert sorted(mail.recipients[0] for mail in server.accepted) == sorted(good)
    for name, data in bad.items():
        assert (sending.drop_folder / name).read_bytes() == data
        note = sending.note(name) or ""
        assert note.startswith(say(language, "note_title", file=name)) and say(language, "note_help") in note
        assert re.search(rf"^{re.escape(name)}:\d+:\d+: \S", note, re.MULTILINE)


def test_a_mended_file_goes_and_its_note_disappears(sending: World, server: ScriptedSmtp) -> None:
    put(sending, "jansen.yaml", BROKEN)
    sending.work()
    assert sending.note() and not server.accepted
    sending.drop(client_file())
    sending.work()
    assert [mail.recipients for mail in server.accepted] == [(CLIENT,)]
    assert not list(sending.drop_folder.iterdir())


NAMES = {
    "a line break": b"jan\nsen.yaml", "turned": "jan\u202esen.yaml".encode(), "markup": b"<script>.yaml",
    "a template": b"{{ 7*7 }}{0}.yaml", "a dash": b"-rf.yaml", "stars": b"*?[a].yaml", "only a suffix": b"x.YAML",
    "not utf-8": b"M\xfcller.yaml", "as long as can be": b"x" * 250 + b".yaml",
}  # fmt: skip


@pytest.mark.parametrize("well", [True, False], ids=["well", "broken"])
@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
def test_a_file_of_any_name_is_taken_or_gets_a_note_and_the_next_proceeds(
    sending: World, server: ScriptedSmtp, name: bytes, well: bool
) -> None:
    path = Path(os.fsdecode(os.fsencode(sending.drop_folder) + b"/" + name))
    path.write_bytes(client_file("Odd", "odd@home.example").encode() if well else BROKEN)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    sending.drop(client_file(), "zz.yaml")
    sending.work()
    assert {mail.recipients[0] for mail in server.accepted} == ({CLIENT, "odd@home.example"} if well else {CLIENT})
    left = [other for other in sending.drop_folder.iterdir() if other != path]
    assert path.exists() is not well
    assert len(left) == int(not well)


@pytest.mark.parametrize("name", ["old.yaml.LEESMIJ.txt", "jansen.yaml.LEESMIJ.txt"])
def test_a_folder_with_a_notes_name_holds_nobody_up(sending: World, server: ScriptedSmtp, name: str) -> None:
    (sending.drop_folder / name).mkdir()
    put(sending, "jansen.yaml", BROKEN)
    sending.drop(client_file(), "zz.yaml")
    sending.work()
    assert [mail.recipients for mail in server.accepted] == [(CLIENT,)]
