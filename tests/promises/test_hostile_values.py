"""P7 and P3: a value is text; it stands verbatim where it belongs and does nothing, or it is refused with a note."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.config.client import read_client_file
from pipeline.edges import office
from pipeline.errors import FileProblems
from pipeline.model import Kind
from pipeline.outgoing.values.base import Revision, document_values
from pipeline.practice import Practice
from tests.faults.scripted import ScriptedSmtp
from tests.promises.hostile_values import FIELDS, REFUSED, SHOWN, SUM, client_file, drawn_otherwise, seen
from tests.promises.papers import Letter, links_in, links_of, read, squeezed, text_of
from tests.world import World

needs_office = pytest.mark.skipif(office.program() is None, reason="LibreOffice is not installed")
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Pipeline-Token", "MIME-Version", "Content-Type",
}  # fmt: skip
BY_CLIENT = ("name", "salutation", "organisation", "goal", "description", "unit")
BY_SPONSOR = ("name", "role", "organisation", "payer", "contact", "address", "order", "description", "unit")
IN_WORD = tuple(field for field in BY_SPONSOR if field != "organisation")
"""Which fields stand on the quote: when the client pays, when a sponsor does, and then in Word."""
MANY_LINES = ("goal", "address", "description")
KEYS = {field: field for field in FIELDS} | {"payer": "organisation", "order": "purchase_order"}
PRACTICE = "https://delinde.example"
PLAIN = "abcXYZ0189<>&{}%#'\"/\\;:=()[]@$!?*-_.,|~`^+éßΩЖ"
tricky = st.lists(
    st.sampled_from([*"<>&'\" \\", "{{", "}}", "{%", "%}", "{#", "#}", "]]>", "&amp;", "=0A", "7*7"])
    | st.text(PLAIN, min_size=1, max_size=5),
    min_size=1, max_size=12,
).map("".join).filter(lambda text: text.strip())  # fmt: skip


@pytest.fixture
def real(tmp_path: Path, server: ScriptedSmtp) -> World:
    """A practice with the shipped templates."""
    return World(tmp_path, smtp=f"{{host: 127.0.0.1, port: {server.port}, security: plain-on-loopback}}")


def rows_of(fields: tuple[str, ...], turn: int) -> list[dict[str, str]]:
    """Put every value in one field: as many in each file as it has fields, begun `turn` fields further."""
    texts, wide = list(SHOWN.values()), len(fields)
    portions = [texts[at : at + wide] for at in range(0, len(texts), wide)]
    return [{fields[(at + turn) % wide]: text for at, text in enumerate(portion)} for portion in portions]


def sent_for(world: World, server: ScriptedSmtp, rows: list[dict[str, str]], *, sponsored: bool) -> dict[str, Letter]:
    """Drop a file for each row and let everything be sent; gives recipient → mail."""
    for number, values in enumerate(rows):
        world.drop(client_file(values, sponsored=sponsored, number=number), f"{number}.yaml")
    world.work()
    assert not list(world.drop_folder.iterdir())
    assert set(world.states()) == {"accepted"}
    assert {name for mail in server.accepted for name in dict(read(mail.raw).headers)} == HEADERS
    return {mail.recipients[0]: read(mail.raw) for mail in server.accepted}


def quote_in(letter: Letter) -> str:
    return next(text for name, text in letter.papers.items() if name.rsplit("-", 2)[1] == "1")


def stands_on(paper: str, value: str) -> bool:
    """Tell whether a value can be read on a paper; some scripts have their letters in the order they are drawn in."""
    paper, wanted = seen(paper), seen(value)
    return not Counter(wanted) - Counter(paper) if drawn_otherwise(value) else wanted in paper


def check_quote(letter: Letter, values: Mapping[str, str], fields: tuple[str, ...]) -> None:
    paper = quote_in(letter)
    for field in fields:
        for line in values.get(field, "").splitlines():
            assert stands_on(paper, line), f"{field}: {line!r}"
    assert SUM not in letter.everything and "root:" not in letter.everything


@pytest.mark.parametrize(
    "turn", [0, *(pytest.param(turn, marks=pytest.mark.long) for turn in range(1, len(BY_CLIENT)))]
)
def test_every_hostile_value_stands_verbatim_where_it_belongs_and_does_nothing(
    real: World, server: ScriptedSmtp, turn: int
) -> None:
    rows = rows_of(BY_CLIENT, turn)
    letters = sent_for(real, server, rows, sponsored=False)
    for number, values in enumerate(rows):
        letter = letters[f"client{number}@home.example"]
        check_quote(letter, values, BY_CLIENT)
        greeting = f"Beste {values.get('salutation', 'ownsalutation')},"
        assert greeting in letter.plain and squeezed(greeting) in squeezed(letter.rich)
    assert not [link for mail in server.accepted for link in links_in(mail.raw) if not link.startswith(PRACTICE)]


@pytest.mark.parametrize(
    ("turn", "files"),
    [(0, slice(1, None, 3)), *(pytest.param(at, slice(None), marks=pytest.mark.long) for at in range(len(BY_SPONSOR)))],
)
def test_a_sponsor_reads_every_hostile_value_verbatim(
    real: World, server: ScriptedSmtp, turn: int, files: slice
) -> None:
    rows = rows_of(BY_SPONSOR, turn)[files]
    letters = sent_for(real, server, rows, sponsored=True)
    for number, values in enumerate(rows):
        check_quote(letters[f"payer{number}@work.example"], values, BY_SPONSOR)
        assert values.get("name", "") in letters[f"payer{number}@work.example"].plain


def in_common_fonts(values: dict[str, str]) -> dict[str, str]:
    """Leave out letters for mathematics: LibreOffice prints with this computer's fonts, and few of them have those."""
    rare = re.compile("[\U0001d400-\U0001d7ff]+")
    return {field: rare.sub("Uni", value) for field, value in values.items()}


@needs_office
@pytest.mark.parametrize(
    "turn", [4, *(pytest.param(turn, marks=pytest.mark.long) for turn in range(len(IN_WORD)) if turn != 4)]
)
def test_a_word_quote_shows_every_hostile_value_verbatim(real: World, server: ScriptedSmtp, turn: int) -> None:
    real.change("template: quote.html.*", "template: quote.docx")
    rows = [in_common_fonts(values) for values in rows_of(IN_WORD, turn)[turn % 3 :: 3]]
    letters = sent_for(real, server, rows, sponsored=True)
    for number, values in enumerate(rows):
        check_quote(letters[f"payer{number}@work.example"], values, IN_WORD)


@pytest.mark.parametrize(
    "text",
    [pytest.param("<b>" * 3333, id="markup", marks=pytest.mark.long), pytest.param("é" * 10_000, id="one word")],
)
def test_ten_thousand_characters_stand_there_to_the_last(real: World, server: ScriptedSmtp, text: str) -> None:
    letters = sent_for(real, server, [{"goal": text, "name": "N"}], sponsored=False)
    missing = Counter(seen(text)) - Counter(seen(quote_in(letters["client0@home.example"])))
    assert not missing  # counted, since the lines at the foot of each page stand among them


@pytest.mark.parametrize("name", REFUSED)
def test_a_value_that_no_reader_can_see_is_refused_where_it_stands(name: str) -> None:
    for field in FIELDS:
        if name == "a new header" and field in MANY_LINES:
            continue
        data = client_file({field: REFUSED[name]}, sponsored=True).encode()
        with pytest.raises(FileProblems) as refused:
            read_client_file(data, "client.yaml", language="nl", catalogue=())
        assert len(refused.value.problems) == 1
        line, column = refused.value.problems[0].line, refused.value.problems[0].column
        assert data.decode().splitlines()[line - 1][column - 1 :].startswith(KEYS[field])


@needs_office
def test_what_is_no_character_is_refused_or_left_out(real: World) -> None:
    real.change("template: quote.html.*", "template: quote.docx")
    real.drop(client_file({"goal": "a\ufffeb\uffffc"}, sponsored=False), "jansen.yaml")
    real.work()
    assert real.note() or real.states() == ["accepted"]


@pytest.fixture(scope="module")
def printing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """An opened practice with the shipped templates, for one page at a time."""
    with World(tmp_path_factory.mktemp("printing")).opened() as practice:
        yield practice


def on_paper(practice: Practice, values: Mapping[str, str], *, sponsored: bool) -> bytes:
    """Print the quote of a client file with `values` in it."""
    data = client_file(values, sponsored=sponsored).encode()
    client = read_client_file(data, "client.yaml", language="nl", catalogue=())
    revision = Revision("K7Q4-MX2P", 1, "2026-0001", date(2026, 11, 22), client)
    given_to = document_values(revision, Kind.QUOTE, practice.file, practice.policy)
    return practice.press.print("nl/quote.html", given_to, "K7Q4-MX2P-1", 1, "ABCDE").data


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(BY_CLIENT), tricky, min_size=1))
def test_any_text_of_syntax_stands_verbatim_on_the_quote(printing: Practice, values: dict[str, str]) -> None:
    pdf = on_paper(printing, values, sponsored=False)
    paper = text_of(pdf)
    assert [field for field, text in values.items() if not stands_on(paper, text)] == []
    assert not [link for link in links_of(pdf) if not link.startswith(PRACTICE)]
