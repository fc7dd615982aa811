"""Complete contexts, one for each kind of dossier, as the program would hand them to the templates."""

from __future__ import annotations

import base64
import io
from functools import cache
from typing import Any

from PIL import Image, ImageDraw

Context = dict[str, Any]

WORDS = {
    "nl": {
        "document_date": "22 november 2026",
        "until": "22 december 2026",
        "before": "15 december 2026",
        "replaces": "versie 1 van 20 november 2026",
        "title": "offerte 2026-0001",
        "consent_title": "toestemmingsverklaring",
        "greeting_client": "Beste Sanne,",
        "greeting_sponsor": "Geachte heer De Wit,",
        "received": "29 november 2026",
        "confirmed": "30 november 2026",
        "how": "Met een handtekening, op papier of op een scherm; bekeken en bevestigd door Marijke Verhoeven op "
        "30 november 2026",
        "answers": ("Ja", "Nee", "Niet beantwoord; geldt als nee"),
        "role": "teamleider Sociaal Domein",
        "goal": (
            "Rustiger leiding geven in een drukke periode.\n"
            "Zich uitspreken in het managementoverleg, ook als het spannend is."
        ),
        "programme": "Coachtraject Koers en rust",
        "programme_description": (
            "Zes gesprekken van anderhalf uur, verspreid over vier maanden, met een profiel aan het begin en een "
            "terugblik aan het eind. De gesprekken zijn in de praktijk in Utrecht of al wandelend op de Heuvelrug."
        ),
        "terms": "Een afspraak kosteloos verzetten kan tot 24 uur vooraf. Reizen binnen Utrecht is inbegrepen.",
        "lines": [
            ("Intakegesprek", "1", "gesprek", "€ 0,00", "€ 0,00"),
            ("Coachgesprek van 90 minuten", "6", "gesprekken", "€ 165,00", "€ 990,00"),
            ("Persoonlijk profiel met nabespreking", "1", "profiel", "€ 210,00", "€ 210,00"),
        ],
        "total": ("€ 1.200,00", "€ 252,00", "€ 1.452,00"),
        "statement": "Privacyverklaring Praktijk De Linde",
        "questions": [
            (
                "coaching",
                (
                    "Mag ik persoonlijke gegevens die u in de gesprekken vertelt, waaronder gegevens over uw "
                    "gezondheid, gebruiken om u te begeleiden?"
                ),
                "Ik maak alleen korte aantekeningen. Zonder deze toestemming coach ik u zonder iets vast te leggen.",
            ),
            (
                "profile",
                "Mag ik een persoonlijk profiel voor u laten maken en met u bespreken?",
                "U vult daarvoor zelf een vragenlijst in bij de aanbieder van het profiel.",
            ),
            ("report", "Mag ik een eindverslag aan uw werkgever sturen, nadat u de tekst zelf heeft goedgekeurd?", ""),
        ],
    },
    "en": {
        "document_date": "22 November 2026",
        "until": "22 December 2026",
        "before": "15 December 2026",
        "replaces": "version 1 of 20 November 2026",
        "title": "quote 2026-0001",
        "consent_title": "consent declaration",
        "greeting_client": "Dear Sanne,",
        "greeting_sponsor": "Dear Mr De Wit,",
        "received": "29 November 2026",
        "confirmed": "30 November 2026",
        "how": "With a signature, on paper or on a screen; seen and confirmed by Marijke Verhoeven on 30 November 2026",
        "answers": ("Yes", "No", "Not answered; counts as no"),
        "role": "team leader Social Services",
        "goal": "Leading with more calm in a busy time.\nSpeaking up in management meetings, also when it is daunting.",
        "programme": "Coaching programme Course and Calm",
        "programme_description": (
            "Six conversations of an hour and a half, spread over four months, with a profile at the start and a look "
            "back at the end. We meet at the practice in Utrecht or while walking in the hills nearby."
        ),
        "terms": "An appointment can be moved free of charge until 24 hours before. Travel within Utrecht is included.",
        "lines": [
            ("Intake", "1", "session", "€0.00", "€0.00"),
            ("Coaching session of 90 minutes", "6", "sessions", "€165.00", "€990.00"),
            ("Personal profile and discussion", "1", "profile", "€210.00", "€210.00"),
        ],
        "total": ("€1,200.00", "€252.00", "€1,452.00"),
        "statement": "Privacy Statement of Praktijk De Linde",
        "questions": [
            (
                "coaching",
                (
                    "May I use the personal information you share in our conversations, including information about "
                    "your health, to coach you?"
                ),
                "I only make brief notes. Without this consent I can coach you without recording anything.",
            ),
            (
                "profile",
                "May I have a personal profile made for you and discuss it with you?",
                "You fill in a questionnaire yourself with the provider of the profile.",
            ),
            ("report", "May I send a final report to your employer, once you have approved its text yourself?", ""),
        ],
    },
}


@cache
def picture() -> str:
    """A cut-out signature, as an address that holds it."""
    drawn = Image.new("L", (900, 320), "white")
    ImageDraw.Draw(drawn).line([(50, 200), (200, 80), (300, 260), (500, 60), (850, 240)], fill=0, width=6)
    png = io.BytesIO()
    drawn.save(png, "PNG")
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"


def client_pays(language: str = "nl") -> Context:
    """The client pays for herself; nothing unusual."""
    words: dict[str, Any] = WORDS[language]
    excluding, vat, including = words["total"]
    return {
        "language": language,
        "reference": "K7Q4-MX2P",
        "document": {"code": "K7Q4-MX2P-1", "version": "1", "date": words["document_date"], "replaces": None},
        "quote": {"number": "2026-0001", "valid_until": words["until"]},
        "practice": {
            "name": "Praktijk De Linde",
            "coach": "Marijke Verhoeven",
            "street": "Lindelaan 12",
            "postcode": "3511 AB",
            "city": "Utrecht",
            "country": "Nederland" if language == "nl" else "The Netherlands",
            "email": "marijke@praktijkdelinde.example",
            "phone": "030 123 45 67",
            "website": "praktijkdelinde.example",
            "kvk": "12345678",
            "btw": "NL001234567B01",
            "iban": "NL02 ABNA 0123 4567 89",
            "logo": "logo.svg",
        },
        "client": {
            "name": "Sanne Jansen",
            "salutation": "Sanne",
            "email": "sanne.jansen@post.example",
            "phone": "06 12 34 56 78",
            "role": "",
            "organisation": "",
        },
        "sponsor": None,
        "greeting": words["greeting_client"],
        "goal": words["goal"],
        "programme": {"name": words["programme"], "description": words["programme_description"]},
        "lines": [
            {"description": what, "quantity": many, "unit": unit, "unit_price": price, "vat": "21%", "amount": amount}
            for what, many, unit, price, amount in words["lines"]
        ],
        "vat": [{"rate": "21%", "base": excluding, "amount": vat}],
        "total": {"excluding": excluding, "vat": vat, "including": including},
        "statement": {
            "title": words["statement"],
            "version": "3",
            "url": "https://praktijkdelinde.example/privacy/3",
        },
        "questions": [{"name": name, "text": text, "note": note} for name, text, note in words["questions"]],
        "payment_days": "14",
        "terms": words["terms"],
        "attachments": [
            {"file": "K7Q4-MX2P-1-v1.pdf", "title": words["title"]},
            {"file": "K7Q4-MX2P-2-v1.pdf", "title": words["consent_title"]},
        ],
        "signer": "client",
        "sign_by": words["before"],
        "confirmation": {
            "title": words["consent_title"],
            "signer": "Sanne Jansen",
            "received": words["received"],
            "how": words["how"],
            "date": words["confirmed"],
            "picture": picture(),
        },
        "answers": [
            {"text": asked[1], "answer": answer}
            for asked, answer in zip(words["questions"], words["answers"], strict=True)
        ],
    }


def sponsor_pays(language: str = "nl") -> Context:
    """The employer pays; the client works there; the document replaces an earlier one."""
    words: dict[str, Any] = WORDS[language]
    context = client_pays(language)
    context["client"] |= {"role": words["role"], "organisation": "Gemeente Lindendal"}
    context["sponsor"] = {
        "organisation": "Gemeente Lindendal",
        "contact": "de heer P. de Wit" if language == "nl" else "Mr P. de Wit",
        "email": "p.dewit@lindendal.example",
        "address": "Afdeling Personeel en Organisatie\nRaadhuisplein 1\n3700 AA Lindendal",
        "kvk": "87654321",
        "purchase_order": "4500012345",
        "greeting": words["greeting_sponsor"],
    }
    context["greeting"] = words["greeting_sponsor"]
    context["document"] |= {"version": "2", "replaces": words["replaces"]}
    context["signer"] = "sponsor"
    context["attachments"] = [{"file": "K7Q4-MX2P-1-v2.pdf", "title": words["title"]}]
    context["confirmation"] |= {"title": words["title"], "signer": "de heer P. de Wit, Gemeente Lindendal"}
    context["answers"] = []
    return context


def to_client(context: Context) -> Context:
    """The same dossier, for a document or mail that goes to the client."""
    return context | {"greeting": WORDS[context["language"]]["greeting_client"]}


def bare(language: str = "nl") -> Context:
    """Everything that may be absent is absent."""
    context = client_pays(language)
    context |= {"goal": None, "programme": None, "terms": None}
    context["practice"] |= {"phone": "", "website": "", "btw": ""}
    context["client"] |= {"salutation": "", "phone": ""}
    context["statement"] |= {"url": ""}
    context["confirmation"] |= {"picture": ""}
    context["lines"] = [line | {"vat": "vrijgesteld" if language == "nl" else "exempt"} for line in context["lines"]]
    context["total"] |= {"vat": context["lines"][0]["amount"], "including": context["total"]["excluding"]}
    context["vat"] = [
        {"rate": context["lines"][0]["vat"], "base": context["total"]["excluding"], "amount": context["total"]["vat"]}
    ]
    return context


GOAL_START, GOAL_END = "Begin-van-het-doel", "Einde-van-het-doel"
HOSTILE = (
    "{{ 7*7 }}",
    "{% for i in lines %}x{% endfor %}",
    "<script>alert(1)</script>",
    "<img src=file:///etc/passwd onerror=x>",
    "Ann & Zn <BV> \"quoted\" 'single'",
    "&lt;nog een keer&gt;",
    "Ελένη Жанна Łukasz Şöğüt",
    "🌱 en 🙂",
    "W" * 180,
)
RIGHT_TO_LEFT = ("שרה כהן", "فاطمة الزهراء")


def long(language: str = "nl") -> Context:
    """Forty lines over several pages, a goal of ten thousand characters, and values meant to break out."""
    context = sponsor_pays(language)
    filling = "Een zin die het doel nog eens rustig onder woorden brengt.\n"
    room = 10_000 - len(GOAL_START) - len(GOAL_END) - 2
    context["goal"] = f"{GOAL_START}\n{(filling * 200)[:room]}\n{GOAL_END}"
    context["client"] |= {"name": HOSTILE[2], "role": HOSTILE[7], "organisation": HOSTILE[6]}
    context["sponsor"] |= {
        "organisation": HOSTILE[4],
        "contact": RIGHT_TO_LEFT[0],
        "address": f"{RIGHT_TO_LEFT[1]}\n{HOSTILE[8]}",
        "purchase_order": HOSTILE[0],
    }
    context["programme"] = {"name": HOSTILE[5], "description": f"{HOSTILE[1]}\n{HOSTILE[3]}"}
    context["lines"] = [
        context["lines"][n % 3] | {"description": f"{n + 1}. {HOSTILE[n % len(HOSTILE)]}"} for n in range(40)
    ]
    context["lines"][1] |= {"amount": "€ 123.456.789.012.345,00", "unit": "onderhandelingsgesprekken"}
    context["vat"] = [{"rate": rate, "base": "€ 400,00", "amount": "€ 84,00"} for rate in ("21%", "9%", "0%")]
    context["questions"] = [
        {"name": f"q{n}", "text": f"{n}. {HOSTILE[n % len(HOSTILE)]}", "note": RIGHT_TO_LEFT[n % 2]} for n in range(14)
    ]
    context["attachments"] = [{"file": f"K7Q4-MX2P-{n}-v1.pdf", "title": HOSTILE[n]} for n in range(4)]
    context["confirmation"] |= {"title": HOSTILE[5], "signer": HOSTILE[2], "how": HOSTILE[3]}
    context["answers"] = [{"text": HOSTILE[n % len(HOSTILE)], "answer": HOSTILE[-1 - n % 2]} for n in range(14)]
    return context


SAMPLES = {"client pays": client_pays, "sponsor pays": sponsor_pays, "bare": bare, "long": long}
