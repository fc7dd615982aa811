"""P3: a document goes only to the person it was made for, however alike people, mailboxes and files are."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from pipeline.worker import Worker, utc_now
from tests.faults.scripted import ScriptedSmtp
from tests.mailstack.stack import MailStack
from tests.promises.papers import Letter, read, squeezed
from tests.promises.people import CANARY, PAYER, Person, crowd
from tests.world import COACH, World

FIELDS = "{{ client.name }} {{ client.phone }} {{ client.role }} {{ client.organisation }} {{ greeting }}"
TELLING = {
    "quote.html": f"<p>Quote nr.{{{{ quote.number }}}}.</p><p>{FIELDS}</p><p>{{{{ goal or '' }}}}</p>"
    "{% for line in lines %}<p>{{ line.description }}</p>{% endfor %}"
    "{% if sponsor %}<p>{{ sponsor.organisation }} {{ sponsor.contact }}</p>{% endif %}<div id=signature></div>",
    "consent.html": f"<p>Consent</p><p>{FIELDS}</p><div id=signature></div>",
    "mail/quote.txt": "{{ greeting }}\n\nQuote for {{ client.organisation }}.\n",
    "mail/consent.txt": "{{ greeting }}\n\nConsent of {{ client.organisation }}.\n",
    "mail/quote_and_consent.txt": "{{ greeting }}\n\nBoth for {{ client.organisation }}.\n",
}
Told = tuple[str, int, int, tuple[str, ...]]
"""Mailbox, person, edition, numbers of the documents: what one mail was."""


class Unplugged(BaseException):
    """The program is stopped here, wherever it is."""


@pytest.fixture
def telling(sending: World) -> World:
    """A practice whose templates say everything that they are given."""
    for language in ("nl", "en"):
        for name, text in TELLING.items():
            (sending.folder / "templates" / language / name).write_text(text, "utf-8")
    return sending


def unplugged_after(world: World, messages: int) -> None:
    """Let the program work until it has told so many things, then stop it there and then."""

    def tell(_: str) -> None:
        nonlocal messages
        messages -= 1
        if messages < 0:
            raise Unplugged

    with world.opened() as practice:
        worker = Worker(practice, utc_now, tell)
        worker.start()
        try:
            worker.until_quiet()
        except Unplugged:
            return


def what_it_was(mailbox: str, letter: Letter) -> Told:
    """Say what a mail was, which must be about one person in one edition, all of it."""
    about = {(int(number), int(edition)) for number, _, edition in CANARY.findall(letter.everything)}
    assert len(about) == 1, f"a mail to {mailbox} is about {sorted(about)}"
    for name, text in letter.papers.items():
        assert CANARY.search(text), f"{name} is about nobody"
    numbers = tuple(sorted(name.rsplit("-", 2)[1] for name in letter.papers))
    return (mailbox, *about.pop(), numbers)


def check_strangers(people: Iterable[Person], told: Told, letter: Letter) -> None:
    """No word of a foreign sponsor, no foreign address, and the mail is addressed to its mailbox alone."""
    person = {one.number: one for one in people}[told[1]]
    theirs = {person.payer.number} if person.payer else set()
    assert {int(number) for number, _ in PAYER.findall(letter.everything)} <= theirs
    headers = dict(letter.headers)
    assert headers["To"] == told[0]
    assert not {"Cc", "Bcc", "Reply-To"} & set(headers)
    others = {one.mailbox for one in people} - {person.mailbox, told[0]}
    assert not [address for address in others if squeezed(address) in letter.everything]


def check_goal(person: Person, told: Told, letter: Letter, *, to_sponsor: bool) -> None:
    """The goal stands on the quote of who may see it, and in no mail text."""
    assert "goal" not in {kind for _, kind, _ in CANARY.findall(squeezed(letter.plain + letter.rich))}
    for name, text in letter.papers.items():
        quote = name.rsplit("-", 2)[1] == "1"
        shown = "goal" in {kind for _, kind, _ in CANARY.findall(text)}
        assert shown == (quote and (person.payer is None or to_sponsor)), f"{name} for {told[0]}"


def check_numbers(world: World, letters: Iterable[Letter], count: int) -> None:
    """Quote numbers are 1, 2, 3 … without a gap, and each stands on the quotes of one dossier."""
    numbers = [str(row[0]) for row in world.rows("SELECT quote_number FROM dossiers ORDER BY quote_number")]
    year = numbers[0][:4]
    assert numbers == [f"{year}-{n:04d}" for n in range(1, count + 1)]
    dossiers = {str(row[0]): row[1] for row in world.rows("SELECT reference, quote_number FROM dossiers")}
    for letter in letters:
        for name, text in letter.papers.items():
            reference, number, _ = name.rsplit("-", 2)
            assert number == "2" or f"nr.{dossiers[reference]}." in text


def check_all(world: World, people: list[Person], mails: list[tuple[str, Letter]], *, to_sponsor: bool = False) -> None:
    """Everybody got exactly what they are owed, and nothing of anybody else."""
    told = [what_it_was(mailbox, letter) for mailbox, letter in mails]
    owed = [(box, one.number, one.edition, kinds) for one in people for box, kinds in one.owed.items()]
    assert Counter(told) == Counter(owed)
    known = {one.number: one for one in people}
    for line, (_, letter) in zip(told, mails, strict=True):
        check_strangers(people, line, letter)
        check_goal(known[line[1]], line, letter, to_sponsor=to_sponsor)
    check_numbers(world, [letter for _, letter in mails], len(known))


def taken(server: ScriptedSmtp) -> list[tuple[str, Letter]]:
    assert all(len(mail.recipients) == 1 for mail in server.accepted)
    return [(mail.recipients[0], read(mail.raw)) for mail in server.accepted]


def live_through(world: World, people: list[Person], seed: int) -> list[Person]:
    """Drop everybody's file, shuffled, in portions with a stop in each; then again, renamed, twice, and edited."""
    chance = random.Random(seed)
    chance.shuffle(people)
    portion = max(len(people) // 3, 1)
    for start in range(0, len(people), portion):
        for one in people[start : start + portion]:
            world.drop(one.file(), f"{chance.randrange(10**6):06d}-{one.number}.yaml")
        unplugged_after(world, chance.randrange(1, 3 * portion))
        unplugged_after(world, chance.randrange(1, 2 * portion))
    world.work()
    editions = [one.edited() for one in chance.sample(people, len(people) // 6)]
    unchanged = [one for one in people if one.edited() not in editions]
    for again in chance.sample(unchanged, len(people) // 6):
        world.drop(again.file(), f"renamed {again.number}.yaml")
        world.drop(again.file(), f"{again.number} (2).yaml")
    for one in editions:
        world.drop(one.file(), f"edited {one.number}.yml")
    unplugged_after(world, chance.randrange(1, len(editions) * 3))
    world.work()
    return [*people, *editions]


def test_sixteen_people_who_are_easily_confused_get_their_own_papers_only(telling: World, server: ScriptedSmtp) -> None:
    people = live_through(telling, crowd(16, seed=1), seed=2)
    check_all(telling, people, taken(server))
    assert not list(telling.drop_folder.iterdir())


def test_with_the_goal_allowed_it_reaches_the_sponsors_of_its_own_client_only(
    telling: World, server: ScriptedSmtp
) -> None:
    telling.change(r"goal_to_sponsor: no", "goal_to_sponsor: yes")
    people = crowd(12, seed=3)
    for one in people:
        telling.drop(one.file(), f"{one.number}.yaml")
    telling.work()
    check_all(telling, people, taken(server), to_sponsor=True)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(2))
def test_a_thousand_people_get_their_own_papers_only(telling: World, server: ScriptedSmtp, seed: int) -> None:
    people = live_through(telling, crowd(1000, seed), seed + 1)
    check_all(telling, people, taken(server))


def test_real_templates_and_real_mailboxes_mix_nobody_up(tmp_path: Path, mail: MailStack) -> None:
    people = crowd(8, seed=4)
    boxes = sorted({box for one in people for box in one.owed})
    for box in boxes:
        mail.add_address(box)
    world = World(tmp_path, smtp=f"{{host: 127.0.0.1, port: {mail.smtp_port}, security: plain-on-loopback}}")
    assert COACH not in boxes
    for one in people:
        world.drop(one.file(), f"{one.number}.yaml")
    world.work()
    counts = Counter(box for one in people for box in one.owed)
    letters = [(box, read(raw)) for box in boxes for raw in mail.wait_for(box, counts[box])]
    told = Counter(what_it_was(box, letter) for box, letter in letters)
    assert told == Counter((box, one.number, 1, kinds) for one in people for box, kinds in one.owed.items())
    for box, letter in letters:
        check_strangers(people, what_it_was(box, letter), letter)


def test_a_couple_shares_a_mailbox_and_each_mail_there_is_about_one_of_them(
    telling: World, server: ScriptedSmtp
) -> None:
    two = [Person(n, name, "together@home.example") for n, name in enumerate(("Sanne Jansen", "Jan Jansen"))]
    for one in two:
        telling.drop(one.file(), f"{one.name}.yaml")
    telling.work()
    check_all(telling, two, taken(server))


def test_the_file_of_a_couples_other_half_does_not_take_over_a_dossier(telling: World, server: ScriptedSmtp) -> None:
    sanne, jan = (Person(n, name, "together@home.example") for n, name in enumerate(("Sanne Jansen", "Jan Jansen")))
    telling.drop(sanne.file(), "sanne.yaml")
    telling.work()
    reference = telling.rows("SELECT reference FROM dossiers")[0][0]
    telling.drop(f"{jan.file()}dossier: {reference}\n", "jan.yaml")  # copied from hers, its reference still in it
    telling.work()
    assert telling.note("jan.yaml") or len(telling.rows("SELECT 1 FROM dossiers")) == 2
