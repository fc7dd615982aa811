"""P3: a profile goes to the person whom it is about. Whose name is in it, whose mailbox it is, and what is doubted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pipeline.policy.addressee import Chosen, Dropped, How, Payer, PdfText, Person, doubts, named_in, never
from pipeline.words import say
from tests.reading.profiles import PROSE, SHAPES

SANNE = Person("K7Q4-MX2P", "Sanne Jansen", "sanne@thuis.example")
FIRST = ("Sanne", "Jan", "Joost", "Fatima", "Zoë", "Renée", "Piet", "Anne", "Jan-Peter", "Ümit", "Steffi", "Björn")
LITTLE = ["", "", "", "de", "van", "van den", "van der", "ter", "van 't"]
CORE = ("Jansen", "Janssen", "Vries", "Berg", "Bos", "Bosch", "O'Brien", "Hart", "Çelik", "Fliert", "IJsbrandy")
people = st.tuples(st.sampled_from(FIRST), st.sampled_from(LITTLE), st.sampled_from(CORE))


def full(first: str, little: str, core: str) -> str:
    return " ".join(filter(None, (first, little, core)))


def pdf(*pages: str, **more: object) -> PdfText:
    return replace(PdfText(pages, count=len(pages), readable=True), **more)  # type: ignore[arg-type] # any of its fields


def profile(*cover: str, first: str = "Sanne", pages: int = 6, last: str = "") -> PdfText:
    """The text of a profile as a reader gives it, with the name on the cover and at the head of each page."""
    head = " ".join(cover)
    inside = [f"{head}\nPagina {at}\n{PROSE.format(first=first)}" for at in range(2, pages + 1)]
    inside[-1] += last
    return pdf("\n".join(["Talent Insights", *cover, "12 maart 2026"]), *inside)


def dropped(text: PdfText, **more: object) -> Dropped:
    usual = Dropped(SANNE, SANNE.email, text, Chosen.FOLDER, known_address=True)
    return replace(usual, **more)  # type: ignore[arg-type] # any of its fields


def why(case: Dropped) -> list[str]:
    """The names of the doubts, each of which can be said in both languages."""
    found = doubts(case)
    assert all(say(language, word, **values) for word, values in found for language in ("nl", "en"))
    return [word for word, _ in found]


def test_her_own_profile_to_her_own_known_address_is_not_doubted() -> None:
    assert why(dropped(profile("Sanne Jansen"), others=[Person("A", "Piet Bos", "piet@thuis.example")])) == []


@given(people, st.sampled_from(sorted(SHAPES)))
def test_a_name_printed_in_any_shape_is_found(who: tuple[str, str, str], shape: str) -> None:
    first, little, core = who
    printed = SHAPES[shape](first, f"{little} " if little else "", core)
    found = named_in(profile(*printed, first=first), full(*who))
    assert found.how is How.FOUND and found.whole and 1 in found.pages


@given(people, people, st.sampled_from(sorted(SHAPES)))
@example(("Jan", "", "Jansen"), ("Jan", "", "Janssen"), "upper case")
@example(("Jan", "van den", "Berg"), ("Jan", "van der", "Berg"), "surname first")
@example(("Jan", "de", "Vries"), ("Jan-Peter", "de", "Vries"), "as it is")
@example(("Jan", "", "Bos"), ("Joost", "", "Bos"), "by initials")
def test_another_name_is_never_found_as_hers(
    who: tuple[str, str, str], other: tuple[str, str, str], shape: str
) -> None:
    assume(who != other)
    first, little, core = other
    printed = SHAPES[shape](first, f"{little} " if little else "", core)
    found = named_in(profile(*printed, first=first), full(*who))
    assert not (found.how is How.FOUND and found.whole)


@given(st.text(max_size=40), st.text(max_size=200))
@example("-", "")
@example(" ", " ")
@example("王小明", "王小明")
@example("((((", "(((( ")
@example("Jan\ud800", "Jan\ud800")
@example("ﷺ", "ﷺ")
@example("jr. sr. III", "jr. sr. III")
@example("Jan " * 200, "Jan " * 200)
def test_no_name_and_no_text_is_too_odd_to_be_compared(name: str, text: str) -> None:
    one, other = Person("A", name, "a@thuis.example"), Person("B", text, "b@thuis.example")
    case = dropped(pdf(text), client=one, recipient=one.email, others=[other, SANNE], file=text)
    assert all(isinstance(word, str) for word in why(case))


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Conor O'Brien", "Conor O\N{RIGHT SINGLE QUOTATION MARK}Brien"), ("Zoë Müller", "ZOE MULLER"),
        ("Piet van 't Hart", "P. van \N{RIGHT SINGLE QUOTATION MARK}t Hart\nPiet"),
        ("Sanne Jansen-de Vries", "Sanne Jansen-\nde Vries"), ("Sanne Jansen-de Vries", "Sanne de Vries-Jansen"),
        ("drs. S.M. (Sanne) Jansen", "Sanne Jansen"), ("Vries, Jan de", "Jan de Vries"), ("王小明", "王 小明"),
        ("Anna Maria Visser", "Anna M. Visser"), ("Bo 's-Gravesande", "Bo \N{RIGHT SINGLE QUOTATION MARK}s-Gravesande"),
        ("Steffi Fliert", "Ste\N{LATIN SMALL LIGATURE FFI} Fliert"),
        ("Jan Jansen jr.", "Jan Jansen jr."), ("Jan van den Berg", "Jan Vandenberg"), ("محمد علي", "محمد علي"),
    ],
)  # fmt: skip
def test_the_same_name_written_otherwise_is_found(name: str, printed: str) -> None:
    found = named_in(pdf(printed), name)
    assert found.how is How.FOUND and found.whole


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Sanne Jansen", "Anna Sanne Jansen"), ("Sanne Jansen", "Piet Jansen, Sanne Bakker"),
        ("Sanne Jansen", "Sanne Jansen jr."), ("Jan Jansen jr.", "Jan Jansen sr."), ("Sanne Jansen", "M.S. Jansen"),
        ("Sanne Jansen", "Coach: Sanne Jansen"), ("Jan Berg", "Jan van den Berg"), ("Jan van den Berg", "Jan Berg"),
        ("Sanne Jansen", "sanne.jansen@thuis.example"), ("Anna Visser", "Anna Maria Visser"),
        ("Roos", "Roos\nEen roos is een roos"), ("Sanne Jansen", "Sanne werkt met Piet Jansen"),
        ("王小明", "王小明华"), ("Jan Smit", "Jan-Peter Smit"), ("Sanne Jansen", "Sanne Jansen de Vries"),
        ("Jan Wit", "jan vindt wit mooi"),
    ],
)  # fmt: skip
def test_another_name_that_contains_hers_is_not_hers(name: str, printed: str) -> None:
    assert named_in(pdf(printed), name).how is not How.FOUND


@pytest.mark.parametrize("printed", ["S. Jansen", "Sanne Jansen-de Vries", "Sanne M. Jansen-\nBos"])
def test_a_shorter_or_longer_name_is_found_and_looked_at(printed: str) -> None:
    assert why(dropped(pdf(printed))) == ["profile_name_short", "profile_chosen_by_folder"]


def test_one_of_two_first_names_is_found_and_looked_at() -> None:
    case = dropped(profile("Jan Bos", first="Jan"), client=replace(SANNE, name="Jan Peter Bos"))
    assert "profile_name_short" in why(case)


def test_an_initial_is_enough_where_the_text_calls_her_by_her_first_name() -> None:
    assert why(dropped(profile("S. Jansen", first="Sanne"))) == []
    assert "profile_name_short" in why(dropped(profile("S. Jansen", first="Sofie")))


def test_her_former_name_is_hers() -> None:
    case = dropped(profile("Sanne Bos"))
    assert "profile_name_partly" in why(case)
    assert why(replace(case, client=replace(SANNE, formerly="Sanne Bos"))) == []


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        (profile("Piet Bos", first="Piet"), "profile_name_absent"),
        (profile("Sanne Bos"), "profile_name_partly"),
        (profile("Piet Bos", first="Piet", last=" Met dank aan Sanne Jansen."), "profile_name_in_passing"),
        (PdfText(("", ""), count=2), "profile_no_text"),
        (PdfText(locked=True), "profile_locked"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("chosen", list(Chosen))
def test_a_profile_without_her_name_is_doubted_and_says_who_said_it_was_hers(
    text: PdfText, doubt: str, chosen: Chosen
) -> None:
    assert why(dropped(text, chosen=chosen)) == [doubt, f"profile_chosen_by_{chosen}"]


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        (profile("Sanne Jansen", last="\nGesprek met Piet Bos"), "profile_mentions_another"),
        (profile("Sanne Jansen", "Piet Bos"), "profile_names_another"),
        (profile("P. Bos", first="Piet"), "profile_names_another"),
    ],
)  # fmt: skip
def test_another_client_in_her_profile_is_doubted(text: PdfText, doubt: str) -> None:
    assert doubt in why(dropped(text, others=[Person("A", "Piet Bos", "piet@thuis.example")]))


def test_a_second_letter_is_no_other_client() -> None:
    mark = Person("A", "Mark Jansen", "mark@thuis.example")
    assert why(dropped(profile("Sanne M. Jansen"), others=[mark])) == []
    assert why(dropped(profile("S.M. Jansen"), others=[mark])) == []


@pytest.mark.parametrize("other", ["Sanne Janssen", "Sanne Jansen", "S. Jansen", "Sanne Jansen-Bos", "Sanna Jansen"])
def test_clients_with_like_names_are_told_apart_by_the_coach(other: str) -> None:
    assert "profile_like_names" in why(dropped(profile("Sanne Jansen"), others=[Person("A", other, "x@y.example")]))


@pytest.mark.parametrize("other", ["Sofie Jansen", "Sanne Visser", "Piet Bos", "Jan Janssen"])
def test_a_shared_first_name_or_surname_alone_is_not_doubted(other: str) -> None:
    assert why(dropped(profile("Sanne Jansen"), others=[Person("A", other, "x@y.example")])) == []


def test_a_second_coaching_of_the_same_client_is_not_another_client() -> None:
    again = replace(SANNE, dossier="B2B2-C3C3", email="Sanne@Thuis.Example", name="Sanne  Jansen")
    assert why(dropped(profile("Sanne Jansen"), others=[again, SANNE])) == []


def test_a_file_called_after_another_client_is_doubted() -> None:
    piet = Person("A", "Piet van den Bos", "piet@thuis.example")
    for file in ("Profiel_piet-van-den-bos.pdf", "PietVanDenBos 2026.pdf", "bos, piet.pdf"):
        assert "profile_file_of_another" in why(dropped(profile("Sanne Jansen"), others=[piet], file=file))
    assert why(dropped(profile("Sanne Jansen"), others=[piet], file="profiel sanne jansen.pdf")) == []


@given(st.emails(), st.emails())
def test_a_profile_never_goes_to_another_address_than_the_clients(one: str, other: str) -> None:
    client = replace(SANNE, email=one)
    assert never(client, one.upper() if one.isascii() else one) == []
    assert bool(never(client, other)) == (one.casefold() != other.casefold())
    assert [word for word, _ in never(client, "")] == ["profile_not_the_client"]


@pytest.mark.parametrize(
    ("recipient", "sponsor", "organisation"),
    [
        ("sanne@waterrijk.example", Payer("Gemeente Waterrijk", "p@waterrijk.example"), None),
        ("sanne@mail.waterrijk.example", Payer("X", "p@waterrijk.example"), None),
        ("sanne@gemeente-waterrijk.example", Payer("Gemeente Waterrijk", "p@gmail.com"), None),
        ("sanne@waterrijk.example", None, "Gemeente Waterrijk"),
        ("sanne@bwz.example", None, "Bouwbedrijf Willemsen Zonen"),
        ("sanne@delinde.example", None, "De Linde B.V."),
    ],
)  # fmt: skip
def test_an_address_at_the_employers_or_the_sponsors_is_doubted(
    recipient: str, sponsor: Payer | None, organisation: str | None
) -> None:
    client = replace(SANNE, email=recipient, organisation=organisation)
    case = dropped(profile("Sanne Jansen"), client=client, recipient=recipient, sponsor=sponsor)
    assert why(case) == ["profile_employers_address"]


@pytest.mark.parametrize("domain", ["gmail.com", "ziggo.nl", "xs4all.nl", "kpnmail.nl", "icloud.com", "hotmail.com"])
def test_a_provider_for_everybody_is_nobodys_employer(domain: str) -> None:
    client = replace(SANNE, email=f"sanne@{domain}", organisation="Ziggo Hotmail Icloud")
    case = dropped(profile("Sanne Jansen"), client=client, recipient=client.email)
    assert why(replace(case, sponsor=Payer("Bos Advies", f"bos@{domain}"))) == []


@pytest.mark.parametrize("local", ["info", "HR", "p&o", "receptie", "hr.noord", "info+sanne", "personeelszaken"])
def test_an_address_that_several_people_read_is_doubted(local: str) -> None:
    client = replace(SANNE, email=f"{local}@thuis.example")
    assert why(dropped(profile("Sanne Jansen"), client=client, recipient=client.email)) == ["profile_role_address"]


@pytest.mark.parametrize("local", ["sanne", "hristina", "s.jansen", "informatica.sanne", "chris.hart"])
def test_an_address_of_one_person_is_not_taken_for_a_desk(local: str) -> None:
    client = replace(SANNE, email=f"{local}@thuis.example")
    assert why(dropped(profile("Sanne Jansen"), client=client, recipient=client.email)) == []


@pytest.mark.parametrize(
    ("more", "of_text", "doubt"),
    [
        ({"known_address": False}, {}, "profile_first_mail"),
        ({"others": [Person("A", "Piet Bos", SANNE.email.upper())]}, {}, "profile_shared_address"),
        ({"elsewhere": ["A2A2-B3B3", SANNE.dossier, "A2A2-B3B3"]}, {}, "profile_elsewhere"),
        ({}, {"active": ("javascript",)}, "profile_active"),
        ({}, {"count": 200}, "profile_long"),
    ],
)  # fmt: skip
def test_what_else_speaks_against_it_is_said_once(
    more: dict[str, object], of_text: dict[str, object], doubt: str
) -> None:
    text = pdf(*profile("Sanne Jansen").pages, **of_text)
    assert [word for word in why(dropped(text, **more)) if "chosen" not in word] == [doubt]


def test_a_value_in_a_sentence_is_the_name_and_address_as_they_were_typed() -> None:
    case = dropped(profile("Piet Bos", first="Piet"), client=replace(SANNE, name="Sanne Jänsen"))
    assert doubts(case)[0] == ("profile_name_absent", {"name": "Sanne Jänsen"})
    assert say("en", "profile_name_absent", name="{x}").startswith("the name {x} is nowhere in this PDF")
