"""What is typed about a profile: the invitation, and the part of practice.yaml; each mistake with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.practice import PracticeFile, read_practice_file
from pipeline.config.profile import InvitationFile, ProfileRules, read_invitation_file
from pipeline.errors import FileProblems
from pipeline.press.shipped import shipped

LINK = "https://vragenlijst.example/abc123"


def invitation(text: str | bytes, language: str = "nl") -> InvitationFile:
    return read_invitation_file(text if isinstance(text, bytes) else text.encode(), "jansen.yaml", language=language)


def refusal(text: str | bytes, language: str = "nl") -> str:
    with pytest.raises(FileProblems) as refused:
        invitation(text, language)
    return str(refused.value)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_example_that_comes_with_the_program_is_an_invitation(language: str) -> None:
    found = invitation((shipped() / "templates" / language / "invitation.yaml").read_bytes(), language)
    assert found.dossier == "K7Q4-MX2P" and found.link.startswith("https://") and found.code is None


def test_an_invitation_has_a_link_and_may_have_a_code_and_a_reference() -> None:
    assert invitation(f"link: {LINK}\n") == InvitationFile(link=LINK)
    found = invitation(f"kenmerk: k7q4-mx2p\nadres: {LINK}\ntoegangscode: 'Uw code is: 4711'\n")
    assert (found.dossier, found.link, found.code) == ("K7Q4-MX2P", LINK, "Uw code is: 4711")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "jansen.yaml:1:1: 'link' ontbreekt"),
        ("link: http://vragenlijst.example/abc\n", "jansen.yaml:1:1: 'http://vragenlijst.example/abc'"),
        ("link: https://tti.example@elsewhere.example/abc\n", "jansen.yaml:1:1: '"),
        ("link: javascript:alert(1)\n", "jansen.yaml:1:1: '"),
        ("link: https://\n", "jansen.yaml:1:1: '"),
        ("link: https://[half\n", "jansen.yaml:1:1: '"),
        (f"link: {LINK}\ncode: |\n  twee\n  regels\n", "jansen.yaml:2:1: dit moet op een regel"),
        (f"link: {LINK}\ncode: {'x' * 201}\n", "jansen.yaml:2:1: dit is te lang"),
        (f"link: {LINK}\nscore: 12\n", "jansen.yaml:2:1: 'score' is hier geen bekend woord"),
    ],
    ids=["empty", "not encrypted", "another host", "no address", "no host", "half", "lines", "long", "unknown"],
)
def test_what_cannot_be_sent_is_said_with_its_place(text: str, says: str) -> None:
    assert says in refusal(text)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_whatever_is_typed_gives_an_invitation_or_sentences(text: str | bytes) -> None:
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    try:
        found = invitation(data)
    except FileProblems:
        return
    assert found.link.startswith("https://")


def practice(folder: Path, part: str) -> PracticeFile:
    text = (shipped() / "practice.yaml").read_text("utf-8")
    (folder / "practice.yaml").write_text(f"{text}{part}", "utf-8")
    return read_practice_file(folder)


def test_a_practice_says_who_makes_its_profiles_in_either_language_or_leaves_it_to_the_policy(tmp_path: Path) -> None:
    told = ProfileRules(
        processor="TTI", what="uw profiel", statement="https://tti.example/", information="Uw naam\nen leeftijd"
    )
    dutch = "profiel:\n  verwerker: TTI\n  wat: uw profiel\n  privacyverklaring: https://tti.example/\n"
    english = "profile:\n  processor: TTI\n  what: uw profiel\n  statement: https://tti.example/\n"
    assert practice(tmp_path, f"{dutch}  gegevens: |\n    Uw naam\n    en leeftijd\n").profile == told
    assert practice(tmp_path, f"{english}  information: |\n    Uw naam\n    en leeftijd\n").profile == told
    assert practice(tmp_path, "").profile == ProfileRules()


def test_the_example_in_the_shipped_practice_file_can_be_taken_as_it_is(tmp_path: Path) -> None:
    lines = (shipped() / "practice.yaml").read_text("utf-8").splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("# profile:"))
    end = next(at for at, line in enumerate(lines) if line.startswith("# encrypt:"))
    found = practice(tmp_path, "\n".join(line.removeprefix("# ") for line in lines[start : end + 1]))
    assert (found.profile.processor, found.encrypt) == ("TTI Success Insights", ["profile"])
    assert "IP-adres" in (found.profile.information or "")


def test_a_statement_that_cannot_be_opened_safely_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileProblems, match="http://tti"):
        practice(tmp_path, "profile: {statement: 'http://tti.example'}\n")
