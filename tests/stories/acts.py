"""What happens in every coaching: a quote that is signed, talks that are planned, a profile, a report, and the end.

Takes a story; leaves it an act further. What a policy makes of it is each story's own to say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.reading import profiles
from tests.stories.story import Story, address

CLIENT, SPONSOR = "Kanarieanna Zilverberk", "Kanariepieter de Wit"
GOAL, LINE = "Kanariegoal: weer slapen.", "Kanarieline op maat"
PLACE, LINK = "Kanarieplein 3", "https://vragenlijst.example/kanarielink"
FIRST, SECOND = "Kanarieverslag: zij piekerde veel.", "Kanarieverslag: zij slaapt weer."
WISH = "Kanariewens: kan de zin over piekeren eruit?"
APPOINTMENTS = ["appointment v1", "appointment v2", "appointment v3", "appointment v4"]
TALK = "wanneer: {day} 14:00\nwaar: " + PLACE + "\n{more}"


def client_file(policy: str) -> str:
    """Give the client file of a story: every field that its policy lets in."""
    employer = {} if policy == "refleact" else {"role": "kanarierole", "organisation": "Kanarieorganisation"}
    client = {"name": CLIENT, "email": address(policy, "client"), "salutation": "Anna", "phone": "06 9182 7364"}
    sponsor = {
        "organisation": "Kanariesponsorhouse", "contact": SPONSOR, "email": address(policy, "sponsor"),
        "salutation": "Kanariegreeted", "address": "Kanariestraat 12\n3571 AB Utrecht", "kvk": "83174926",
        "purchase_order": "kanarieorder-77",
    }  # fmt: skip
    lines = [{"description": LINE, "unit_price": "1000", "vat": "21"}]
    whole = {"client": client | employer, "sponsor": sponsor, "goal": GOAL, "lines": lines, "language": "nl"}
    return json.dumps(whole, ensure_ascii=False)


def said(policy: str) -> dict[str, str]:
    """Give all that is said in a story, by what it is."""
    told = {"place": PLACE, "link": LINK, "report 1": FIRST, "report 2": SECOND, "wish": WISH}
    return typed(policy) | told


def typed(policy: str) -> dict[str, str]:
    """Give what was typed about the people of a story, by what it is; a first name stands in many words."""
    file = json.loads(client_file(policy))
    people = {f"{who}.{name}": value for who in ("client", "sponsor") for name, value in file[who].items()}
    whole = {name: value for name, value in people.items() if name != "client.salutation" and "\n" not in value}
    return whole | {"goal": GOAL, "line": LINE}


def quote_and_consent(story: Story, answers: Mapping[str, bool]) -> None:
    """Drop the client file; sponsor and client sign what they receive, and the coach sees that they did."""
    assert story.coach.drops(client_file(story.policy), "zilverberk.yaml") == ""
    story.sponsor.signs()
    story.client.signs(answers)
    story.coach.agrees("return")


def talks(story: Story) -> None:
    """Plan a talk, move it, plan another one, and call that off."""
    for day, more in (
        ("2020-02-05", ""), ("2020-02-06", "afspraak: 1\n"), ("2020-02-20", ""), ("2020-02-20", "afgezegd: ja\n"),
    ):  # fmt: skip
        assert story.coach.drops(TALK.format(day=day, more=more), f"{story.reference}.yaml", "appointments") == ""


def invited(story: Story) -> str:
    """Invite the client to take her profile; gives the note, if it was refused."""
    return story.coach.drops(f"link: {LINK}\n", f"{story.reference}.yaml", "profiles")


def profile(story: Story, name: str = CLIENT) -> str:
    """Drop the profile that came of it, with a name in it; gives the note, if it was refused."""
    made = profiles.typed(profiles.of(name, pages=3))
    return story.coach.drops(made, f"{story.reference}.pdf", "profiles")


def report(story: Story, text: str) -> str:
    """Drop a report; gives the note, if it was refused."""
    return story.coach.drops(f"# Eindverslag\n\n{text}\n", f"{story.reference}.md", "reports")
