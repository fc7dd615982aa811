"""`pipeline policy check` says what cannot be kept, and what to write instead; about a sound policy it says nothing."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.practice import PracticeFile
from pipeline.policy.advice import Finding, Weight, advice
from pipeline.policy.fitting import one_off
from pipeline.policy.policy import read_policy, shipped_policies
from tests.policy.written import broken, practice_file, read

GENERAL = "after: closed, missing: {fallback: lapsed, alarm_after: P1Y}, promise: P5Y, window: P1D}"
BOOKS = "covers: [invoice], after: book_year_ended, promise: P7Y, window: P1D}"
REQUEST = "may: [access, copy, rectify, erase, restrict, object, port, withdraw], answer: {statutory: yes}}"
COMPLAINT = 'escalate: ["Autoriteit Persoonsgegevens"]}'
EXTRA = "\nmail:\n"
HEAVY, LIGHT = Weight.HEAVY, Weight.LIGHT


def about(folder: Path, *changes: tuple[str, str], file: PracticeFile | None = None) -> list[Finding]:
    return advice(read(broken(*changes), folder), file or practice_file())


def only(found: list[Finding]) -> Finding:
    assert len(found) == 1, [one.text for one in found]
    return found[0]


def said_of(name: str, *, language: str = "en") -> list[Finding]:
    return advice(read_policy(name, Path("nowhere"), language), practice_file(language))


def test_about_a_sound_policy_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert about(tmp_path) == []


def test_a_ceiling_below_the_fiscal_term_is_counted_over_every_closing_date_of_a_year(tmp_path: Path) -> None:
    finding = only(about(tmp_path, (BOOKS, "covers: [invoice], after: issued, promise: P5Y, ceiling: P7Y}")))
    assert finding == Finding(
        ("X-3",), HEAVY,
        "This may stay at most 7 years after the date of the document, but the law (art. 52 AWR; art. 35a Wet OB) "
        "wants 7 years after the end of the book year. On 366 of the 366 days of a year both cannot be; they are up "
        "to 365 days apart. The program then keeps only what the law names, and the rest goes on time. Promise for "
        "'invoice' apart: 7 years after the end of the book year.",
    )  # fmt: skip


def slowly(years: int, days: int) -> int:
    """Count by hand on how many days of 2024 a ceiling after it lies before the day the books of 2024 may go."""
    start = [date(2024, 1, 1) + timedelta(days=day) for day in range(366)]
    may_go = date(2025 + 7, 1, 1)
    same_day = [day.replace(year=day.year + years, day=min(day.day, 28)) if day.month == 2 and day.day == 29
                else day.replace(year=day.year + years) for day in start]  # fmt: skip
    return sum(1 for day in same_day if day + timedelta(days=days) < may_go)


@pytest.mark.parametrize(("years", "days"), [(7, 0), (7, 30), (7, 364), (7, 365), (7, 366), (8, 0), (2, 0)])
def test_the_share_of_the_year_is_what_counting_by_hand_gives(tmp_path: Path, years: int, days: int) -> None:
    term = f"covers: [invoice], after: issued, promise: P1Y, ceiling: P{years}Y{days}D}}"
    found = about(tmp_path, (BOOKS, term))
    counted = re.search(r"On (\d+) of the 366 days of a year both", found[0].text)
    assert int(counted[1] if counted else 0) == slowly(years, days)


def test_a_promise_shorter_than_the_law_is_said_with_what_to_promise_instead(tmp_path: Path) -> None:
    finding = only(about(tmp_path, (BOOKS, "covers: [invoice], after: issued, promise: P7Y}")))
    assert finding.clauses == ("X-3",) and finding.weight is HEAVY
    assert "until 7 years after the date of the document" in finding.text and "too short" in finding.text


def test_a_promise_from_the_end_of_the_book_year_is_long_enough(tmp_path: Path) -> None:
    assert about(tmp_path, (BOOKS, "covers: [invoice], after: book_year_ended, promise: P7Y, ceiling: P7Y}")) == []


def test_without_the_fiscal_law_no_term_is_too_short(tmp_path: Path) -> None:
    assert (
        about(tmp_path, ("[nl-fiscal, gdpr]", "[gdpr]"), (BOOKS, "covers: [invoice], after: issued, promise: P1Y}"))
        == []
    )


@pytest.mark.parametrize("event", ["closed", "agreement_ended", "relationship_ended"])
def test_an_event_that_may_never_come_needs_another_and_an_alarm(tmp_path: Path, event: str) -> None:
    finding = only(about(tmp_path, (GENERAL, f"after: {event}, promise: P5Y}}")))
    assert (finding.clauses, finding.weight) == (("X-2",), HEAVY)
    assert "may never come" in finding.text and "missing: {fallback: last_contact, alarm_after: P1Y}" in finding.text


def test_who_never_becomes_a_client_has_no_closing(tmp_path: Path) -> None:
    finding = only(about(tmp_path, (GENERAL, "after: closed, missing: {alarm_after: P1Y}, promise: P5Y}")))
    assert "For those who never become a client, the closing of the coaching never comes" in finding.text


@pytest.mark.parametrize("event", ["last_contact", "opened", "received", "lapsed"])
def test_an_event_that_comes_by_itself_needs_nothing_beside_it(tmp_path: Path, event: str) -> None:
    assert about(tmp_path, (GENERAL, f"after: {event}, promise: P5Y}}")) == []


@pytest.mark.parametrize(
    ("when", "forgotten"), [("engaged", "never become a client"), ("not_engaged", "become a client")]
)
def test_a_rule_for_some_people_leaves_the_others_without_a_term(tmp_path: Path, when: str, forgotten: str) -> None:
    finding = only(about(tmp_path, (GENERAL, f"when: {when}, {GENERAL}")))
    assert finding.text.startswith(f"For those who {forgotten}, no rule says how long this stays: contact, employer,")


@pytest.mark.parametrize(
    "term", ["floor: P2Y", "promise: purpose_ended", "promise: purpose_ended, ceiling: P2Y, hard: no"]
)
def test_what_never_gets_a_day_is_said(tmp_path: Path, term: str) -> None:
    finding = only(about(tmp_path, (GENERAL, f"after: opened, {term}}}")))
    assert finding.clauses == ("X-2",) and finding.text.startswith("This never gets a day on which it goes: contact,")


def test_two_terms_for_one_thing_are_said_because_the_longer_one_wins(tmp_path: Path) -> None:
    more = f"{GENERAL}\n  - {{id: mine.crm, clauses: [X-3], covers: [contact], after: opened, promise: P3Y}}"
    finding = only(about(tmp_path, (GENERAL, more)))
    assert (finding.clauses, finding.weight) == (("X-2", "X-3"), HEAVY)
    assert finding.text == (
        "For contact different terms hold: until 5 years after the closing of the coaching (mine.general) and until "
        "3 years after the start of the coaching (mine.crm). The longest one holds, so the shortest promise is not "
        "kept. Choose one, or give each rule its own kinds."
    )


def test_two_rules_with_the_same_term_do_not_contradict_each_other(tmp_path: Path) -> None:
    assert (
        about(tmp_path, (GENERAL, f"{GENERAL}\n  - {{id: mine.crm, clauses: [X-3], covers: [contact], {GENERAL}")) == []
    )


def test_what_rests_on_consent_and_on_something_else_is_good_to_know(tmp_path: Path) -> None:
    more = f"{GENERAL}\n  - {{id: mine.crm, clauses: [X-3], covers: [contact], basis: consent, {GENERAL}"
    finding = only(about(tmp_path, (GENERAL, more)))
    assert finding.weight is LIGHT and "contact (mine.general, mine.crm)" in finding.text


@pytest.mark.parametrize(("window", "heard"), [("P1M", 0), ("P3M", 0), ("P4M", 1), ("P1Y", 1)])
def test_a_long_time_to_destroy_makes_the_term_longer(tmp_path: Path, window: str, heard: int) -> None:
    found = about(tmp_path, (GENERAL, GENERAL.replace("window: P1D", f"window: {window}")))
    assert len(found) == heard and all(one.weight is LIGHT for one in found)
    if window == "P1Y":
        assert "this can make it 6 years after the closing of the coaching" in found[0].text


def backup(terms: str) -> tuple[str, str]:
    return EXTRA, f"\nbackup:\n  - {{id: mine.backup, clauses: [X-1], {terms}}}\n{EXTRA}"


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ("covers: [mail_out], purged_within: P30D", "the back-up still has it for up to 30 days"),
        ("covers: [mail_out]", "how long the back-up still has it is not promised"),
        ("covers: [mail_out], purged_within: P1D", None),
        ("covers: [mail_in], purged_within: P30D", None),  # what is promised deleted here went out
        ("covers: [contact], purged_within: P30D", None),
    ],
)
def test_a_back_up_of_mail_that_was_promised_deleted_is_said(tmp_path: Path, terms: str, said: str | None) -> None:
    found = about(tmp_path, backup(terms))
    assert len(found) == (said is not None)
    if said:
        assert said in found[0].text and set(found[0].clauses) == {"X-1", "X-6"}


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ("without_expired: yes, purged_within: P30D", "cleaned only within 30 days"),
        ("without_expired: yes, purged_within: P1D", None),
        ("transfer: [eea, privacy_shield]", "Privacy Shield has been invalid since 16 July 2020"),
        ("transfer: [eea, scc]", None),
    ],
)
def test_a_back_up_that_cannot_be_as_promised_is_said(tmp_path: Path, terms: str, said: str | None) -> None:
    found = about(tmp_path, backup(terms))
    assert [one.clauses for one in found] == ([("X-1",)] if said else [])
    assert said is None or said in found[0].text


@pytest.mark.parametrize(
    ("says", "said"),
    [
        ("Onder Privacy Shield.", "16 July 2020"),
        ("Volgens Safe Harbor.", "6 October 2015"),
        ("Volgens de Wbp.", "25 May 2018"),
        ("Met elke bewerker is een contract.", "Write verwerker"),
        ("Met elke verwerker is een contract.", None),
        ("Dat is bewerkelijk.", None),
    ],
)
def test_a_dead_legal_reference_is_said(tmp_path: Path, says: str, said: str | None) -> None:
    found = about(tmp_path, ("Coachen is samen kijken.", says))
    assert [one.clauses for one in found] == ([("X-5",)] if said else [])
    assert said is None or said in found[0].text


def test_a_dead_reference_that_a_fault_already_tells_is_said_once(tmp_path: Path) -> None:
    fault = "faults: [{nl: Privacy Shield is vervallen, en: Privacy Shield fell}]"
    finding = only(
        about(tmp_path, ("Coachen is", "Privacy Shield is"), ("unruled: meaning", f"{fault}, unruled: meaning"))
    )
    assert finding == Finding(("X-5",), HEAVY, "Privacy Shield fell.")


def processor(most: str, covers: str = "contact") -> tuple[str, str]:
    rule = f"id: mine.host, clauses: [X-1], name: {{nl: Het platform, en: The platform}}, covers: [{covers}]"
    return EXTRA, f"\nprocessors:\n  - {{{rule}, keeps_at_most: {most}}}\n{EXTRA}"


def test_a_processor_that_lets_go_sooner_than_promised_is_said(tmp_path: Path) -> None:
    finding = only(about(tmp_path, processor("P2Y")))
    assert set(finding.clauses) == {"X-1", "X-2"} and "At The platform this stays at most 2 years" in finding.text
    assert about(tmp_path, processor("P5Y")) == [] and about(tmp_path, processor("P2Y", "profile")) == []


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ("answer: {period: P4W}}", None),
        ("answer: {period: P1M}}", None),
        ("answer: {period: P30D}}", "on 30 of the 366 days of a year, by up to 1 day."),
        ("answer: {period: P4W, after: forwarded}, forward_within: P2D}", "on 30 of the 366 days"),
        ("answer: {period: P4W, after: forwarded}}", "there is no last day for the answer"),
        ("answer: {statutory: yes}, free: no}", "Nothing may be charged for a first copy"),
        ("answer: {statutory: yes}, refusal_needs_reason: no}", "A refusal must say why"),
    ],
)
def test_an_answer_that_the_law_wants_sooner_cheaper_or_with_reasons_is_said(
    tmp_path: Path, request_: str, said: str | None
) -> None:
    found = about(tmp_path, (REQUEST, REQUEST.replace("answer: {statutory: yes}}", request_)))
    assert [one.clauses for one in found] == ([("X-4",)] if said else [])
    assert said is None or (said in found[0].text and found[0].weight is HEAVY)


def test_rights_that_the_statement_does_not_name_are_good_to_know(tmp_path: Path) -> None:
    finding = only(
        about(tmp_path, (REQUEST, "may: [access, erase, rectify, withdraw, port], answer: {statutory: yes}}"))
    )
    assert finding.weight is LIGHT and "restriction and objection" in finding.text
    assert "may: [restrict, object]" in finding.text


def test_a_complaint_must_be_able_to_go_to_the_authority(tmp_path: Path) -> None:
    assert "supervisory authority" in only(about(tmp_path, (COMPLAINT, "escalate: [StiR]}"))).text
    assert about(tmp_path, (COMPLAINT, "escalate: [AP]}")) == []


@pytest.mark.parametrize(
    ("breach", "said"),
    [
        (
            "tell: clients, within: {period: PT48H, after: known}, whom: active_and_traceable",
            "Write whom: all_affected",
        ),
        ("tell: authority, within: {period: P7D, after: known}", "The law wants this within 72 hours"),
        ("tell: authority, within: {period: PT48H, after: known}", None),
    ],
)
def test_a_breach_told_later_or_to_fewer_than_the_law_wants_is_said(
    tmp_path: Path, breach: str, said: str | None
) -> None:
    found = about(tmp_path, (EXTRA, f"\nbreach:\n  - {{id: mine.breach, clauses: [X-1], {breach}}}\n{EXTRA}"))
    assert len(found) == (said is not None) and (said is None or said in found[0].text)


@pytest.mark.parametrize(("birth", "heard"), [("", 1), (", birth_date", 0)])
def test_an_age_cannot_tell_later_who_was_under_16(tmp_path: Path, birth: str, heard: int) -> None:
    gate = "\ngates:\n  - {id: mine.minor, clauses: [X-1], before: collect, require: [guardian], only_under_16: yes}\n"
    found = about(tmp_path, (EXTRA, f"{gate}{EXTRA}"), ("phone, email]", f"phone, email{birth}]"))
    assert len(found) == heard and all("no birth date is asked" in one.text for one in found)


def test_what_is_kept_to_learn_from_needs_a_term(tmp_path: Path) -> None:
    closing = "\nclosing:\n  - {id: mine.close, clauses: [X-1], steps: [pseudonymise_marked]}\n"
    assert "Give learning a term" in only(about(tmp_path, (EXTRA, f"{closing}{EXTRA}"))).text
    term = f"{GENERAL}\n  - {{id: mine.learn, clauses: [X-2], covers: [learning], after: opened, promise: P5Y}}"
    assert about(tmp_path, (EXTRA, f"{closing}{EXTRA}"), (GENERAL, term)) == []


def test_a_form_that_asks_more_than_the_policy_allows_names_the_fields_in_the_coachs_words(tmp_path: Path) -> None:
    finding = only(
        about(tmp_path, ("[role, organisation]", "[role]"), ("salutation, phone, email]", "salutation, email]"))
    )
    assert (finding.clauses, finding.weight) == (("X-1",), HEAVY)
    assert "more of the client than this policy names: phone, organisation." in finding.text
    policy = read(broken(("email, address, kvk, purchase_order]", "email, address]")), tmp_path)
    dutch = only(advice(policy, practice_file("nl")))
    assert "van de opdrachtgever meer vragen dan dit beleid noemt: kvk_nummer, inkoopnummer." in dutch.text


def test_the_goal_goes_to_the_sponsor_only_where_a_consent_is_asked_for_it(tmp_path: Path) -> None:
    plain = practice_file()
    file = plain.model_copy(update={"quote": plain.quote.model_copy(update={"goal_to_sponsor": True})})
    finding = only(about(tmp_path, file=file))
    assert finding.clauses == ("X-1",) and finding.text.endswith("Write in practice.yaml: goal_to_sponsor: no.")
    gate = "before: send, covers: [goal], to: [sponsor], require: ['consent:coaching']"
    assert (
        about(tmp_path, (EXTRA, f"\ngates:\n  - {{id: mine.goal.gate, clauses: [X-1], {gate}}}\n{EXTRA}"), file=file)
        == []
    )


def test_mail_on_a_server_that_cannot_be_reached_cannot_be_deleted(tmp_path: Path) -> None:
    plain = practice_file()
    away = plain.mail.model_copy(update={"imap": None, "sent_copy": "none"})
    finding = only(about(tmp_path, file=plain.model_copy(update={"mail": away})))
    assert finding.weight is HEAVY and "X-6" in finding.clauses and "Fill in imap" in finding.text
    uncopied = plain.mail.model_copy(update={"sent_copy": "none"})
    finding = only(about(tmp_path, file=plain.model_copy(update={"mail": uncopied})))
    assert finding.weight is LIGHT and finding.text.endswith("write: sent_copy: server.")


@pytest.mark.parametrize(("instead", "heard"), [("nothing", 1), ("encrypted_pdf", 0)])
def test_a_ban_on_personal_data_in_mail_leaves_the_documents_a_way(tmp_path: Path, instead: str, heard: int) -> None:
    rule = f"{{id: mine.bare, clauses: [X-1], forbids: personal_data, instead: {instead}}}"
    found = about(tmp_path, (EXTRA, f"\nmail_contents:\n  - {rule}\n{EXTRA}"))
    assert len(found) == heard and all("No quote" in one.text or "no quote" in one.text for one in found)


def test_two_addresses_that_differ_by_one_letter_are_said_once(tmp_path: Path) -> None:
    to = 'answer: {statutory: yes}, to: ["privacy@delimde.example"]}'
    signpost = '\nsignposts:\n  - {id: mine.ask, clauses: [X-1], address: "privacy@delinde.example"}\n'
    finding = only(
        about(tmp_path, (REQUEST, REQUEST.replace("answer: {statutory: yes}}", to)), (EXTRA, signpost + EXTRA))
    )
    assert set(finding.clauses) == {"X-1", "X-4"}
    assert finding.text.startswith("privacy@delimde.example and privacy@delinde.example differ by one letter")


@pytest.mark.parametrize(
    ("address", "heard"),
    [
        ("privacy@delinde.example", 0),
        ("mailto:privacy@delinde.example", 0),
        ("privacy@practice.example", 1),
        ("de coach", 0),
    ],
)
def test_an_address_of_somebody_else_is_said(tmp_path: Path, address: str, heard: int) -> None:
    found = about(tmp_path, (COMPLAINT, f'escalate: ["AP"], to: ["{address}"]}}'))
    assert len(found) == heard and all("privacy@practice.example" in one.text for one in found)


@given(st.text("ab@.", min_size=1, max_size=6), st.text("ab@.", min_size=1, max_size=6))
def test_one_letter_apart_is_what_trying_every_change_gives(one: str, other: str) -> None:
    tried = {one[:at] + one[at + 1 :] for at in range(len(one))}
    tried |= {one[:at] + letter + one[at:] for at in range(len(one) + 1) for letter in "ab@."}
    tried |= {one[:at] + letter + one[at + 1 :] for at in range(len(one)) for letter in "ab@."}
    tried |= {one[:at] + one[at + 1] + one[at] + one[at + 2 :] for at in range(len(one) - 1)}
    assert one_off(one, other) == (other in tried - {one})


@pytest.mark.parametrize(
    ("origin", "weight"),
    [
        ('{version: "3"}', HEAVY),
        ('{version: "undated", updated: "2026-11-01"}', HEAVY),
        ('{version: "3", updated: "2021"}', LIGHT),
        ('{version: "3", updated: "2023-11"}', None),
    ],
)
def test_a_statement_without_a_date_or_a_version_is_said(tmp_path: Path, origin: str, weight: Weight | None) -> None:
    found = about(tmp_path, ('{version: "3", updated: "2026-11-01"}', origin))
    assert [one.weight for one in found] == ([weight] if weight else [])


def test_the_statement_of_a_processor_is_not_the_coachs_own(tmp_path: Path) -> None:
    finding = only(about(tmp_path, ("law: [nl-fiscal, gdpr]", "law: [nl-fiscal, gdpr]\nrole: processor")))
    assert finding.weight is HEAVY and finding.text.endswith("pipeline policy new --like kleur")


def test_a_reading_is_assumed_until_the_coach_confirms_it(tmp_path: Path) -> None:
    reading = "readings:\n  - {id: X-2.from, clauses: [X-2], chosen: {nl: vanaf de mail, en: from the mail on}}"
    policy = read(broken(("readings: []", reading)), tmp_path)
    finding = only(advice(policy, practice_file()))
    assert (finding.clauses, finding.weight) == (("X-2",), LIGHT)
    assert "from the mail on" in finding.text and finding.text.endswith("pipeline policy confirm X-2.from")
    assert advice(policy, practice_file(), {"X-2.from"}) == []


def test_what_weighs_comes_first_and_each_in_the_order_of_its_clauses() -> None:
    found = said_of("kleur")
    weights = [one.weight for one in found]
    assert weights == sorted(weights, key=[HEAVY, LIGHT].index) and len(set(found)) == len(found)
    order = list(read_policy("kleur", Path("nowhere"), "en").clauses)
    for weight in (HEAVY, LIGHT):
        firsts = [min(order.index(clause) for clause in one.clauses) for one in found if one.weight is weight]
        assert firsts == sorted(firsts)


LINT = {
    "kleur": {"K-05": ["Privacy Shield", "back-up still has it for up to 30 days"], "K-11a": ["K-02, K-08 and K-10"],
              "K-12": ["On 366 of the 366 days", "five years after closing", "lapse of the quote"],
              "K-14": ["invoice data must be kept"], "K-02": ["goal of the coaching reaches the paying sponsor"],
              "K-19": ["supervisory authority"]},
    "ken-jezelf": {"J-7a": ["address"], "J-8a": [""], "J-3.0": [""], "J-4.2": [""], "J-4.3": [""],
                   "J-4.5": ["too short", "book year"], "J-4.1": [""], "J-4.6": [""], "J-8c": [""], "J-2a": [""],
                   "J-7d.6": ["no birth date is asked"]},
    "pluform": {"P-1.2.3.2": [""], "P-1.3.3.2": [""], "P-1.3.5.6": ["On 366 of the 366 days"], "P-1.2.6.1": [""],
                "P-1.2.3.3": [""], "P-1.1.11": [""], "P-1.3.5.3": [""], "P-1.2.5.3": [""]},
    "refleact": {"R-Re.6": [""], "R-Dl.1": ["all_affected"], "R-Tr.4": [""], "R-Wi.1": [""]},
    "ballance": {"B-9.1": ["no main clause"], "B-7.3": ["first copy"], "B-7.6": ["before 2018"], "B-1.6": ["bewerker"],
                 "B-10.1": ["contact"], "B-10.2": ["8 years after the last contact"], "B-4.1c": ["72 hours"],
                 "B-11.2": ["supervisory authority"]},
}  # fmt: skip
"""Per policy and clause what the advice must say; an empty text for a clause about which anything must be said."""


@pytest.mark.parametrize("name", LINT)
def test_the_known_faults_of_each_shipped_statement_come_out(name: str) -> None:
    found = said_of(name)
    for clause, texts in LINT[name].items():
        told = " | ".join(one.text for one in found if clause in one.clauses)
        assert told, clause
        assert all(text in told for text in texts), (clause, told)


def test_the_processors_and_the_undated_statement_are_told_apart() -> None:
    assert "This is the statement of a party that processes data for you" in said_of("pluform")[0].text
    assert "no date or no version" in said_of("ballance")[0].text


@pytest.mark.parametrize("name", shipped_policies())
@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_finding_is_a_whole_sentence_about_clauses_that_exist(name: str, language: str) -> None:
    clauses = read_policy(name, Path("nowhere"), language).clauses
    for one in said_of(name, language=language):
        assert set(one.clauses) <= set(clauses)
        assert one.text[0].isupper() or one.text[0] in "'\"`" or "@" in one.text.split()[0]
        assert one.text.rstrip("'\"")[-1] in ".!?" or "pipeline policy " in one.text
        assert not re.search(
            r"[{}]\w*[{}]|None|Period\(", one.text.replace("{fallback: last_contact, alarm_after: P1Y}", "")
        )
