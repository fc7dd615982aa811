"""Replies to the question whether a report may go to the sponsor, as the mail programs of real people write them.

Each program is a function from what somebody types to the octets that travel: its own MIME structure, transfer
encoding, way of quoting, and greeting of a telephone. The people do not exist.
"""

from __future__ import annotations

import base64
import html
import quopri
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.incoming.answers.assent import Answer
from tests.incoming.samples import CLIENT, COACH, JPEG, PDF, attached, headers, lines, multipart, smime_beside

QUESTION = {
    "nl": """Beste Sanne,

Bij deze mail vindt u het eindverslag van uw coachtraject. Leest u het rustig na.

Mag dit verslag zo naar Peter de Vries, uw leidinggevende bij Gemeente Waterrijk? \
Antwoord met JA als het verslag zo naar Peter de Vries mag, of met NEE als u dat niet wilt.

Wilt u iets veranderd zien? Schrijf mij dan wat, dan maak ik een nieuwe versie.

Met vriendelijke groet,

Marieke de Linde
De Linde Coaching
Lindelaan 4, 1234 AB Waterrijk
coach@practice.example""",
    "en": """Dear Sanne,

With this mail you find the final report of your coaching. Please read it in your own time.

May this report go to Peter de Vries, your manager at Waterrijk? \
Answer with YES if the report may go to Peter de Vries, or with NO if you do not want that.

Would you like something changed? Write to me what, and I will make a new version.

Kind regards,

Marieke de Linde
De Linde Coaching
Lindelaan 4, 1234 AB Waterrijk
coach@practice.example""",
}
"""The mail that is answered, in each language."""
ALL_OURS = "\n".join(QUESTION.values())

Program = Callable[[str, str], bytes]
_SUBJECT = {"nl": "Uw eindverslag van De Linde Coaching", "en": "Your final report from De Linde Coaching"}


def _html(text: str, tag: str = "div") -> str:
    """Give typed text as the editors of mail programs make HTML of it: an element for each line."""
    shown = (html.escape(line, quote=False) or "<br>" for line in text.split("\n"))
    return "".join(f"<{tag}>{line}</{tag}>" for line in shown)


def _ours_html(lang: str) -> str:
    paragraphs = (html.escape(part, quote=False).replace("\n", "<br>") for part in QUESTION[lang].split("\n\n"))
    shown = "".join(f'<p dir="auto" style="margin:0 0 16px 0">{part}</p>' for part in paragraphs)
    heading = '<p dir="auto" style="font-size:19px">De Linde Coaching</p>'
    inner = f"<table><tbody><tr><td>{heading}{shown}</td></tr></tbody></table>"
    return f'<table width="100%"><tbody><tr><td align="center">{inner}</td></tr></tbody></table>'


def _marked(lang: str, width: int = 0) -> str:
    """Give our mail with "> " before each line, as wide as a program breaks it."""
    made: list[str] = []
    for line in QUESTION[lang].split("\n"):
        words, row = line.split(" "), ""
        for word in words:
            if width and row and len(row) + len(word) >= width:
                made.append(row)
                row = word
            else:
                row = f"{row} {word}".strip()
        made.append(row)
    return "\n".join(f"> {line}".rstrip() for line in made)


def part(words: str, kind: str = "plain", *, charset: str = "utf-8", encoding: str = "8bit", more: str = "") -> bytes:
    """Give a text part in a character set and a transfer encoding."""
    octets = words.replace("\n", "\r\n").encode(charset)
    if encoding == "base64":
        octets = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        octets = quopri.encodestring(octets.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    return (
        lines(f'Content-Type: text/{kind}; charset="{charset}"{more}', f"Content-Transfer-Encoding: {encoding}", "")
        + octets
    )


def _head(lang: str, *more: str, prefix: str = "Re: ") -> bytes:
    return headers(prefix + _SUBJECT[lang], *more)


def gmail(said: str, lang: str, *, moment: str = "ma 3 mrt 2025 om 14:02") -> bytes:
    """Gmail on the web: an attribution that is wrapped, "> ", and HTML beside it in quoted-printable."""
    who = f"De Linde Coaching <{COACH}>"
    above = f"Op {moment} schreef {who}:" if lang == "nl" else f"On Mon, Mar 3, 2025 at 2:02\u202fPM {who} wrote:"
    plain = f"{said}\n\n{above.replace('<', '<' + chr(10))}\n\n{_marked(lang, 76)}\n"
    rich = (
        f'<div dir="ltr">{_html(said)}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" '
        f'class="gmail_attr">{html.escape(above)}<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px '
        f'0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"><u></u>{_ours_html(lang)}</blockquote></div>'
    )
    return _head(lang) + multipart(
        "000000000000a1b2c306",
        part(plain, encoding="quoted-printable"),
        part(rich, "html", encoding="quoted-printable"),
        kind="alternative",
    )


def gmail_android(said: str, lang: str) -> bytes:
    """Gmail on Android: the same, with the date the telephone's way, and all in base64."""
    above = (
        f"Op ma 3 mrt 2025 14:02 schreef De Linde Coaching <{COACH}>:"
        if lang == "nl"
        else f"On Mon, 3 Mar 2025, 14:02 De Linde Coaching, <{COACH}> wrote:"
    )
    rich = (
        f'<div dir="auto">{_html(said)}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">'
        f"{html.escape(above)}<br></div><blockquote>{_ours_html(lang)}</blockquote></div>"
    )
    return _head(lang) + multipart(
        "0000000000007d1f",
        part(f"{said}\n\n{above}\n\n{_marked(lang, 76)}\n", encoding="base64"),
        part(rich, "html", encoding="base64"),
        kind="alternative",
    )


def gmail_ios(said: str, lang: str) -> bytes:
    """Gmail on an iPhone: as on the web, with another way of writing the date."""
    return gmail(said, lang, moment="ma 3 mrt 2025 om 14:02\u202fh")


def _block(lang: str, bold: str = "{}") -> str:
    names = ("Van:", "Verzonden:", "Aan:", "Onderwerp:") if lang == "nl" else ("From:", "Sent:", "To:", "Subject:")
    moment = "maandag 3 maart 2025 14:02" if lang == "nl" else "Monday, 3 March 2025 14:02"
    told = (f"De Linde Coaching <{COACH}>", moment, f"Sanne Jansen <{CLIENT}>", _SUBJECT[lang])
    return "\n".join(f"{bold.format(name)} {what}" for name, what in zip(names, told, strict=True))


def _block_html(lang: str) -> str:
    rows = (html.escape(row).split(" ", 1) for row in _block(lang).split("\n"))
    return "<br>".join(f"<b>{name}</b> {what}" for name, what in rows)


def outlook(said: str, lang: str) -> bytes:
    """Outlook for Windows: HTML of Word in Windows' own character set, with plain text beside it."""
    word = "".join(
        f"<p class=MsoNormal>{html.escape(line, quote=False) or '&nbsp;'}<o:p></o:p></p>" for line in said.split("\n")
    )
    rich = (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta http-equiv=Content-Type '
        'content="text/html; '
        'charset=windows-1252"><style><!-- p.MsoNormal {margin:0cm; font-family:Calibri} --></style></head><body '
        f"lang=NL><div class=WordSection1>{word}<p class=MsoNormal><o:p>&nbsp;</o:p></p><div><div "
        f"style='border:none;border-top:solid #E1E1E1 1.0pt'><p "
        f"class=MsoNormal>{_block_html(lang)}<o:p></o:p></p></div>"
        f"</div>{_ours_html(lang)}</div></body></html>"
    )
    plain = f"{said}\n\n{_block(lang)}\n\nDe Linde Coaching\n\n{QUESTION[lang]}\n"
    return _head(lang, "Thread-Index: AQHbjA==", prefix="RE: ") + multipart(
        "_000_PR3P192MB",
        part(plain, charset="windows-1252", encoding="quoted-printable"),
        part(rich, "html", charset="windows-1252", encoding="quoted-printable"),
        kind="alternative",
    )


def owa(said: str, lang: str) -> bytes:
    """The new Outlook and Outlook on the web: a rule of underscores, then From, Sent, To and Subject."""
    rule = "________________________________"
    rich = (
        f'<html><body dir="ltr"><div class="elementToProof">{_html(said)}</div><div id="appendonsend"></div>'
        f'<hr style="width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">{_block_html(lang)}<div>&nbsp;</div>'
        f"</div><div>{_ours_html(lang)}</div></body></html>"
    )
    plain = f"{said}\n\n{rule}\n{_block(lang)}\n\n\nDe Linde Coaching\n\n{QUESTION[lang]}\n"
    return _head(lang, prefix="Re: ") + multipart(
        "_000_AM9PR0",
        part(plain, charset="iso-8859-1", encoding="quoted-printable"),
        part(rich, "html", charset="iso-8859-1", encoding="quoted-printable"),
        kind="alternative",
    )


def outlook_phone(said: str, lang: str, system: str = "iOS") -> bytes:
    """Outlook on a telephone: it recommends itself between what is typed and what is quoted."""
    itself = (
        f"Outlook voor {system} downloaden<https://aka.example/o0ukef>"
        if lang == "nl"
        else f"Get Outlook for {system}<https://aka.example/o0ukef>"
    )
    return owa(f"{said}\n\n{itself}", lang)


def outlook_android(said: str, lang: str) -> bytes:
    """Outlook on Android."""
    return outlook_phone(said, lang, "Android")


def apple(said: str, lang: str) -> bytes:
    """Mail on a Mac: the attribution is quoted as well, and the HTML cites with type="cite"."""
    above = (
        f"Op 3 mrt 2025, om 14:02 heeft De Linde Coaching <{COACH}> het volgende geschreven:"
        if lang == "nl"
        else f"On 3 Mar 2025, at 14:02, De Linde Coaching <{COACH}> wrote:"
    )
    plain = f"{said}\n\n> {above}\n> \n> De Linde Coaching\n> \n{_marked(lang)}\n"
    rich = (
        f'<html><body style="overflow-wrap: break-word;">{_html(said)}<div><br><blockquote type="cite"><div>'
        f"{html.escape(above)}</div><br><div>{_ours_html(lang)}</div></blockquote></div><br></body></html>"
    )
    return _head(lang, "X-Mailer: Apple Mail (2.3826.400.131)") + multipart(
        "Apple-Mail=_4F1C",
        part(plain, encoding="quoted-printable"),
        part(rich, "html", encoding="quoted-printable"),
        kind="alternative",
    )


def iphone(said: str, lang: str) -> bytes:
    """Mail on an iPhone: it says so, and hides a mark of byte order in front of what it quotes."""
    itself = "Verstuurd vanaf mijn iPhone" if lang == "nl" else "Sent from my iPhone"
    above = (
        f"Op 3 mrt 2025 om 14:02 heeft De Linde Coaching <{COACH}> het volgende geschreven:"
        if lang == "nl"
        else f"On 3 Mar 2025, at 14:02, De Linde Coaching <{COACH}> wrote:"
    )
    plain = f"{said}\n\n{itself}\n\n> {above}\n> \n> \ufeff\n> De Linde Coaching\n> \n{_marked(lang)}\n"
    rich = (
        f'<html><body dir="auto">{_html(said)}<br id="lineBreakAtBeginningOfSignature">'
        f'<div dir="ltr">{itself}</div>'
        f'<div dir="ltr"><br><blockquote type="cite">{html.escape(above)}<br><br></blockquote></div><blockquote '
        f'type="cite"><div dir="ltr">\ufeff{_ours_html(lang)}</div></blockquote></body></html>'
    )
    return _head(lang, "X-Mailer: iPhone Mail (22D72)") + multipart(
        "Apple-Mail-6C2E",
        part(plain, encoding="base64"),
        part(rich, "html", encoding="quoted-printable"),
        kind="alternative",
    )


def samsung(said: str, lang: str) -> bytes:
    """Samsung Email: HTML alone, with a separator of dashes and From, Date, To, Subject."""
    itself = "Verzonden vanaf mijn Galaxy" if lang == "nl" else "Sent from my Galaxy"
    rule = "-------- Oorspronkelijk bericht --------" if lang == "nl" else "-------- Original message --------"
    names = (
        ("Van: ", "Datum: 03-03-2025 14:02 (GMT+01:00)", "Aan: ", "Onderwerp: ")
        if lang == "nl"
        else ("From: ", "Date: 03/03/2025 14:02 (GMT+01:00)", "To: ", "Subject: ")
    )
    block = (f"{names[0]}De Linde Coaching &lt;{COACH}&gt;", names[1], f"{names[2]}{CLIENT}", names[3] + _SUBJECT[lang])
    rich = (
        f'<html><body dir="auto">{_html(said)}<div><br></div><div id="composer_signature" dir="auto"><div '
        f'style="font-size:12px">{itself}</div></div><div><br></div><div style="font-size:100%"><!-- '
        f"originalMessage "
        f"--><div>{rule}</div>{''.join(f'<div>{row} </div>' for row in block)}<div><br></div></div>"
        f"{_ours_html(lang)}"
        "</body></html>"
    )
    return _head(lang, "X-Mailer: EdoMail") + part(rich, "html", encoding="base64")


def thunderbird(said: str, lang: str) -> bytes:
    """Thunderbird in plain text that flows, with the answer above."""
    above = (
        "Op 03-03-2025 om 14:02 schreef De Linde Coaching:"
        if lang == "nl"
        else "On 03/03/2025 14:02, De Linde Coaching wrote:"
    )
    return _head(lang, "User-Agent: Mozilla Thunderbird") + part(
        f"{said}\n\n{above}\n{_marked(lang, 72)}\n", encoding="8bit", more="; format=flowed"
    )


def thunderbird_below(said: str, lang: str) -> bytes:
    """Thunderbird as it comes: the answer below, the signature under dashes."""
    above = (
        "Op 03-03-2025 om 14:02 schreef De Linde Coaching:"
        if lang == "nl"
        else "On 03/03/2025 14:02, De Linde Coaching wrote:"
    )
    return _head(lang, "User-Agent: Mozilla Thunderbird") + part(
        f"{above}\n{_marked(lang, 72)}\n\n{said}\n\n-- \nSanne Jansen\n06 1234 56789\n", more="; format=flowed"
    )


def proton(said: str, lang: str) -> bytes:
    """Proton Mail: HTML with its own signature, and the attribution within the quote."""
    itself = "Verzonden met Proton Mail beveiligde e-mail." if lang == "nl" else "Sent with Proton Mail secure email."
    above = (
        f"Op maandag 3 maart 2025 om 14:02, De Linde Coaching <{COACH}> schreef:"
        if lang == "nl"
        else f"On Monday, 3 March 2025 at 14:02, De Linde Coaching <{COACH}> wrote:"
    )
    plain = f"{said}\n\n{itself}\n\n{above}\n\n{_marked(lang)}\n"
    rich = (
        f'<div style="font-family: Arial">{_html(said)}</div><div class="protonmail_signature_block"><div>{itself}'
        f'</div></div><div class="protonmail_quote">{html.escape(above)}<br><blockquote class="protonmail_quote" '
        f'type="cite">{_ours_html(lang)}</blockquote><br></div>'
    )
    return _head(lang) + multipart(
        "b1=_x7",
        part(plain, encoding="quoted-printable"),
        part(rich, "html", encoding="quoted-printable"),
        kind="alternative",
    )


def yahoo(said: str, lang: str) -> bytes:
    """Yahoo: the quote is not marked in the plain text, and indented."""
    above = (
        f"Op maandag 3 maart 2025 om 14:02:11 CET schreef De Linde Coaching <{COACH}>:"
        if lang == "nl"
        else f"On Monday, 3 March 2025 at 14:02:11 CET, De Linde Coaching <{COACH}> wrote:"
    )
    indented = "\n".join(f"  {line}" for line in QUESTION[lang].split("\n"))
    rich = (
        f'<div class="yahoo-style-wrap"><div dir="ltr">{_html(said)}</div></div><div id="yahoo_quoted_1" '
        f'class="yahoo_quoted"><div><div>{html.escape(above)}</div><div><br></div><div><div id="yiv1">'
        f"{_ours_html(lang)}</div></div></div></div>"
    )
    return _head(lang, "X-Mailer: WebService/1.1.23369 YMailNorrin") + multipart(
        "----=_Part_1_2.3",
        part(f" {said}\n\n    {above}  \n \n {indented}  ", encoding="quoted-printable"),
        part(rich, "html", encoding="quoted-printable"),
        kind="alternative",
    )


def roundcube(said: str, lang: str) -> bytes:
    """Roundcube in plain text: who wrote stands in front."""
    above = (
        "De Linde Coaching schreef op 2025-03-03 14:02:"
        if lang == "nl"
        else "On 2025-03-03 14:02, De Linde Coaching wrote:"
    )
    return _head(lang, "User-Agent: Roundcube Webmail/1.6.9") + part(
        f"{said}\n\n{above}\n{_marked(lang, 72)}\n",
        charset="US-ASCII" if said.isascii() else "utf-8",
        more=";\r\n format=flowed",
    )


def html_only(said: str, lang: str) -> bytes:
    """A program that sends HTML alone and quotes nothing."""
    return _head(lang) + part(f"<html><head><title>JA</title></head><body>{_html(said, 'p')}</body></html>", "html")


def bare(said: str, lang: str) -> bytes:
    """Plain text that quotes nothing."""
    return _head(lang) + part(said)


def windows_1252(said: str, lang: str) -> bytes:
    """Plain text in Windows' own character set, in base64."""
    return _head(lang) + part(said, charset="windows-1252", encoding="base64")


def unmarked(said: str, lang: str) -> bytes:
    """A program that puts our mail below the answer without a word about whose it is."""
    return _head(lang) + part(f"{said}\n\n\n{QUESTION[lang]}\n")


PROGRAMS: dict[str, Program] = {
    "Gmail": gmail, "Gmail on Android": gmail_android, "Gmail on an iPhone": gmail_ios, "Outlook": outlook,
    "Outlook on the web": owa, "Outlook on an iPhone": outlook_phone, "Outlook on Android": outlook_android,
    "Apple Mail": apple, "an iPhone": iphone, "Samsung": samsung, "Thunderbird": thunderbird,
    "Thunderbird, below": thunderbird_below, "Proton": proton, "Yahoo": yahoo, "Roundcube": roundcube,
    "HTML alone": html_only, "plain text": bare, "Windows' characters": windows_1252,
}  # fmt: skip
"""Every program by its name."""


@dataclass(frozen=True)
class Reply:
    """One reply, and what is to be read in it."""

    name: str
    raw: bytes
    answer: Answer


_SIGNED = "Met vriendelijke groet,\n\nSanne Jansen\n"
_DISCLAIMER = (
    "\n\nDe informatie verzonden met dit e-mailbericht is uitsluitend bestemd voor de geadresseerde en kan "
    "vertrouwelijk "
    "zijn. Gebruik door anderen is niet toegestaan."
)
CLEAR_YESES: list[tuple[str, str, str]] = [
    # What is said, in which language, with which program.
    ("Ja", "nl", "an iPhone"),
    ("Ja.", "nl", "Samsung"),
    ("JA", "nl", "Yahoo"),
    ("Ja hoor!", "nl", "Gmail on Android"),
    ("Ja hoor, prima", "nl", "an iPhone"),
    ("Ja, graag", "nl", "Gmail"),
    ("Jazeker!", "nl", "Outlook on an iPhone"),
    ("Akkoord.", "nl", "Outlook"),
    ("Akkoord!\n\nGroetjes Sanne", "nl", "Gmail on an iPhone"),
    ("Helemaal goed, mag naar Peter", "nl", "Outlook on Android"),
    ("Prima zo", "nl", "Samsung"),
    ("Prima zo 👍", "nl", "an iPhone"),
    ("Ja 😊", "nl", "Gmail on Android"),
    ("Beste Marieke,\n\nIk ga akkoord.\n\n" + _SIGNED, "nl", "Outlook"),
    ("Hoi Marieke,\n\nJa, dat is goed.\n\nGroet,\nSanne", "nl", "Apple Mail"),
    ("Hoi Marieke, ja hoor, stuur maar door. Groetjes, Sanne", "nl", "an iPhone"),
    ("Dag Marieke,\n\nHet verslag mag naar Peter.\n\nHartelijke groet,\nSanne", "nl", "Thunderbird"),
    (
        "Goedemorgen Marieke,\n\nJa, het verslag mag zo naar Peter de Vries gestuurd worden.\n\nMvg,\nS. Jansen",
        "nl",
        "Outlook on the web",
    ),
    ("Ja, ik ga akkoord met het versturen van het verslag naar Peter de Vries.", "nl", "Proton"),
    ("Hierbij ga ik akkoord met het verslag.", "nl", "Roundcube"),
    ("Ik geef toestemming om het verslag naar Peter de Vries te sturen.", "nl", "Gmail"),
    ("Hierbij geef ik mijn toestemming.", "nl", "Windows' characters"),
    ("Wat mij betreft akkoord", "nl", "Outlook on an iPhone"),
    ("Goedgekeurd", "nl", "Thunderbird, below"),
    ("Akkoord, stuur het maar naar Peter.", "nl", "Samsung"),
    ("Ja, doe maar", "nl", "an iPhone"),
    ("Ja, mag naar mijn leidinggevende", "nl", "Gmail on Android"),
    ("Prima, geen opmerkingen. Mag naar Peter.\n\nBedankt!\nSanne", "nl", "Apple Mail"),
    ("Beste Marieke,\n\nBedankt voor het verslag. Akkoord.\n\nVriendelijke groet,\nSanne Jansen", "nl", "Outlook"),
    (
        "Ja, akkoord.\n\n" + _SIGNED + "Beleidsadviseur | Gemeente Waterrijk\nT 06 - 12 34 56 78\nsanne@home.example",
        "nl",
        "Outlook",
    ),
    ("Akkoord.\n\n" + _SIGNED + _DISCLAIMER, "nl", "Outlook on the web"),
    ("Ja\n\nFijn weekend!\n\nGroet Sanne", "nl", "Yahoo"),
    ("Geen bezwaar", "nl", "Roundcube"),
    ("Ik vind het prima", "nl", "Gmail"),
    ("U heeft mijn toestemming", "nl", "HTML alone"),
    ("Ja, je mag het verslag doorsturen", "nl", "plain text"),
    ("Ja natuurlijk!", "nl", "an iPhone"),
    ("Is goed hoor", "nl", "Samsung"),
    ("*Akkoord*", "nl", "plain text"),
    ("Ja", "nl", "Thunderbird, below"),
    ("Yes", "en", "an iPhone"),
    ("YES", "en", "Outlook on Android"),
    ("Yes please send it", "en", "Gmail"),
    ("Yes, please.", "en", "Outlook"),
    ("I approve", "en", "Apple Mail"),
    ("I agree.\n\nKind regards,\nSanne", "en", "Outlook on the web"),
    ("go ahead", "en", "Samsung"),
    ("Yes, go ahead and send it to Peter.", "en", "Proton"),
    ("Dear Marieke,\n\nYes, the report may go to Peter de Vries.\n\nBest regards,\nSanne Jansen", "en", "Outlook"),
    ("Approved.", "en", "Roundcube"),
    ("Hi Marieke,\n\nYes, that's fine by me. Thanks!\n\nSanne", "en", "Gmail on an iPhone"),
    ("You have my permission to send the report to Peter.", "en", "Thunderbird"),
    ("No objections. Please go ahead.", "en", "Yahoo"),
    ("Yes of course", "en", "Gmail on Android"),
    ("I\u2019m happy for you to share the report with Peter.", "en", "Apple Mail"),
    # Honest as well, and not taken: the coach reads these.
    ("Prima", "nl", "an iPhone"),
    ("Ok", "nl", "Samsung"),
    ("👍", "nl", "an iPhone"),
    ("Ja wat een mooi verslag, stuur maar naar Peter!", "nl", "Gmail"),
]
NOT_TAKEN = {"Prima", "Ok", "👍", "Ja wat een mooi verslag, stuur maar naar Peter!"}
"""Yeses that leave a doubt, or say more than a yes."""

OTHERS: list[tuple[str, str, str, Answer]] = [
    ("Ja, maar niet de tweede alinea", "nl", "an iPhone", Answer.UNCLEAR),
    ("Ja, mits mijn naam eruit gaat", "nl", "Gmail", Answer.UNCLEAR),
    ("Ja als Peter het vertrouwelijk houdt", "nl", "Samsung", Answer.UNCLEAR),
    ("Ja bedankt voor het sturen, ik lees het nog", "nl", "Outlook", Answer.UNCLEAR),
    ("Ja bedankt", "nl", "an iPhone", Answer.UNCLEAR),
    ("Ja. Bedankt voor het verslag!", "nl", "an iPhone", Answer.UNCLEAR),
    ("Akkoord met de afspraak van dinsdag", "nl", "Gmail on Android", Answer.UNCLEAR),
    ("Ik zal akkoord gaan", "nl", "Outlook on an iPhone", Answer.UNCLEAR),
    ("Ik ga waarschijnlijk akkoord", "nl", "Gmail", Answer.UNCLEAR),
    ("Ja ja", "nl", "an iPhone", Answer.UNCLEAR),
    ("Ja hoor, het zal wel", "nl", "Yahoo", Answer.UNCLEAR),
    ("Ja...", "nl", "Samsung", Answer.UNCLEAR),
    ("Ja?", "nl", "an iPhone", Answer.UNCLEAR),
    ("'Ja'", "nl", "Gmail", Answer.UNCLEAR),
    ("Mag het ook naar Karin?", "nl", "Gmail", Answer.UNCLEAR),
    ("Ja, mag naar Karin", "nl", "Gmail", Answer.UNCLEAR),
    ("Ja, stuur het maar naar mijn man", "nl", "Outlook", Answer.UNCLEAR),
    ("Ja, en kunt u dinsdag om drie uur?", "nl", "Apple Mail", Answer.UNCLEAR),
    ("Akkoord. Zie bijlage.", "nl", "Outlook", Answer.UNCLEAR),
    ("Akkoord, zie mijn opmerkingen in rood hieronder", "nl", "Outlook", Answer.UNCLEAR),
    ("Ja\n\nP.S. alleen de eerste bladzijde", "nl", "Thunderbird", Answer.UNCLEAR),
    ("Ja, akkoord.\n\n" + _SIGNED + "Alleen deel 1 graag", "nl", "Outlook", Answer.UNCLEAR),
    ("Akkoord\n\n" + _SIGNED + "Tja, zo zit dat", "nl", "Outlook", Answer.UNCLEAR),
    ("Akkoord\nKarin Smit", "nl", "Gmail", Answer.UNCLEAR),
    ("Ja\nVolgende Week", "nl", "Gmail", Answer.UNCLEAR),
    ("Nog niet akkoord", "nl", "an iPhone", Answer.UNCLEAR),
    ("Nog niet versturen, ik lees het dit weekend", "nl", "Gmail", Answer.UNCLEAR),
    ("Stuur het niet voordat ik het gelezen heb", "nl", "Outlook", Answer.UNCLEAR),
    ("Dank voor het verslag, ik kom erop terug.", "nl", "Outlook", Answer.UNCLEAR),
    ("Ontvangen, dank!", "nl", "an iPhone", Answer.UNCLEAR),
    ("Mooi verslag!", "nl", "an iPhone", Answer.UNCLEAR),
    ("😉 ja", "nl", "an iPhone", Answer.UNCLEAR),
    ("Geen wijzigingen.", "nl", "Roundcube", Answer.UNCLEAR),
    ("", "nl", "an iPhone", Answer.UNCLEAR),
    ("", "nl", "Outlook", Answer.UNCLEAR),
    ("Groetjes Sanne", "nl", "Gmail", Answer.UNCLEAR),
    ("J\u200ba", "nl", "plain text", Answer.UNCLEAR),
    ("\u202eaJ", "nl", "plain text", Answer.UNCLEAR),
    ("J\u0336a\u0336", "nl", "plain text", Answer.UNCLEAR),
    ("J\u0430", "nl", "plain text", Answer.UNCLEAR),
    ("~~Ja~~", "nl", "plain text", Answer.UNCLEAR),
    ("Verzonden vanuit mijn bed, maar wacht nog even\n\nJa", "nl", "plain text", Answer.UNCLEAR),
    ("OK, but not to Peter", "en", "Gmail", Answer.UNCLEAR),
    ("Not yet", "en", "an iPhone", Answer.UNCLEAR),
    ("Yes, if Peter keeps it to himself", "en", "Outlook", Answer.UNCLEAR),
    ("Yeah right", "en", "an iPhone", Answer.UNCLEAR),
    ("Yes, I received it, thanks", "en", "Apple Mail", Answer.UNCLEAR),
    ("I will approve it tomorrow", "en", "Outlook on the web", Answer.UNCLEAR),
    ("Yes to the appointment", "en", "Gmail", Answer.UNCLEAR),
    ("Should I say yes?", "en", "Gmail", Answer.UNCLEAR),
    ("Nee hoor, geen opmerkingen, mag naar Peter", "nl", "an iPhone", Answer.UNCLEAR),
    ("Ik kan dinsdag liever niet", "nl", "an iPhone", Answer.UNCLEAR),
    ("Stuur de factuur niet naar mij", "nl", "Gmail", Answer.UNCLEAR),
    ("Ja, akkoord.\n\nGroet,\nSanne <alleen deel 1>", "nl", "plain text", Answer.UNCLEAR),
    ("Nee", "nl", "an iPhone", Answer.NO),
    ("Nee liever niet", "nl", "Gmail on Android", Answer.NO),
    ("nee, dank je", "nl", "Samsung", Answer.NO),
    ("Beste Marieke,\n\nIk ga niet akkoord.\n\n" + _SIGNED, "nl", "Outlook", Answer.NO),
    ("Ik geef geen toestemming", "nl", "Apple Mail", Answer.NO),
    ("Ja, ik heb het gelezen. Ik wil niet dat het naar Peter gaat.", "nl", "Gmail", Answer.NO),
    ("Het verslag mag niet naar Peter", "nl", "Thunderbird, below", Answer.NO),
    ("Stuur het alsjeblieft niet door", "nl", "Yahoo", Answer.NO),
    ("No", "en", "Outlook on an iPhone", Answer.NO),
    ("No, thank you", "en", "Gmail", Answer.NO),
    ("I do not agree.", "en", "Proton", Answer.NO),
    ("Please don't send it to Peter", "en", "Roundcube", Answer.NO),
    ("I'd rather not", "en", "an iPhone", Answer.NO),
    ("kun je nog even de datum aanpassen", "nl", "an iPhone", Answer.CHANGES),
    ("Ja. Wel graag de tweede alinea weg", "nl", "Gmail", Answer.CHANGES),
    ("Akkoord, maar wilt u mijn achternaam verwijderen?", "nl", "Outlook", Answer.CHANGES),
    ("De datum op bladzijde 2 klopt niet", "nl", "Samsung", Answer.CHANGES),
    ("OK, but please change the date", "en", "Gmail", Answer.CHANGES),
    ("There is a typo in my name, could you correct it?", "en", "Outlook on the web", Answer.CHANGES),
]


def _alternative(plain: str, rich: str) -> bytes:
    return _head("nl") + multipart("alt", part(plain), part(rich, "html"), kind="alternative")


def _own_subject(subject: str, said: str, *more: str) -> bytes:
    return headers(subject, *more) + part(said)


_BLOCK = f"{_block('nl')}\n\nDe Linde Coaching\n\n"
_INLINE = QUESTION["nl"].replace("Wilt u iets", "Mijn functie klopt niet, dat was adviseur.\n\nWilt u iets")
_HALF = "> Leest u het rustig na.\nJa"
_BETWEEN = (
    _marked("nl")
    .replace("> Wilt u iets", "Ja\n> Wilt u iets")
    .replace("> Met vriendelijke", "Nee hoor\n> Met vriendelijke")
)
_ABSENT = "Ja, ik ben afwezig tot en met 14 maart."
ODD = [
    Reply("a yes in plain text, a no in HTML", _alternative("Ja", "<p>Nee</p>"), Answer.NO),
    Reply("a yes in plain text, more in HTML", _alternative("Ja", "<p>Ja, mits zonder naam</p>"), Answer.UNCLEAR),
    Reply(
        "a yes in HTML, a condition in plain text", _alternative("Ja, mits zonder naam", "<p>Ja</p>"), Answer.UNCLEAR
    ),
    Reply("a yes in both, with other courtesies", _alternative("Ja", "<p>Ja</p><p>Groet, Sanne</p>"), Answer.YES),
    Reply(
        "a condition that is hidden in the HTML",
        _alternative("Ja", '<p>Ja</p><div style="display:none">mits Karin het ziet</div>'),
        Answer.UNCLEAR,
    ),
    Reply(
        "hidden HTML that holds a yes beside a question",
        _head("nl") + part('<p>Wie is Peter?</p><span style="font-size:0">Ja</span>', "html"),
        Answer.UNCLEAR,
    ),
    Reply("a yes that is struck through", _head("nl") + part("<p><s>Ja</s></p>", "html"), Answer.UNCLEAR),
    Reply("a yes that no reader sees", _head("nl") + part('<p style="display: none">Ja</p>', "html"), Answer.UNCLEAR),
    Reply("a yes in the subject alone", _own_subject("JA: Uw eindverslag", ""), Answer.UNCLEAR),
    Reply("a yes in the subject, our mail quoted", _own_subject("Re: Ja akkoord", _marked("nl")), Answer.UNCLEAR),
    Reply(
        "a yes under a subject that doubts",
        _own_subject("Re: Uw eindverslag - nog niet versturen", "Ja"),
        Answer.UNCLEAR,
    ),
    Reply(
        "a mail of ours, passed on",
        _own_subject("Fwd: Uw eindverslag", "Akkoord\n\n" + _BLOCK + QUESTION["nl"]),
        Answer.UNCLEAR,
    ),
    Reply(
        "a yes of hers that she passes on",
        _own_subject("Re: verslag", "---------- Forwarded message ---------\nVan: Sanne\n\nJa, akkoord."),
        Answer.UNCLEAR,
    ),
    Reply("only our mail, unmarked", _head("nl") + part(QUESTION["nl"]), Answer.UNCLEAR),
    Reply(
        "only our mail, unmarked, in short lines",
        _head("nl") + part("\n".join(_marked("nl", 24).replace("> ", "").split("\n"))),
        Answer.UNCLEAR,
    ),
    Reply("a yes above our mail, remarks in it", _head("nl") + part("Ja\n\n" + _BLOCK + _INLINE), Answer.UNCLEAR),
    Reply(
        "a yes above, a word in what is marked as quoted",
        _head("nl") + part("Ja\n\nOp 3 mrt 2025 om 14:02 schreef De Linde:\n" + _marked("nl") + "\n> mits"),
        Answer.UNCLEAR,
    ),
    Reply(
        "a yes above, a remark in brackets in what is marked as quoted",
        _head("nl") + part("Ja\n\n" + _marked("nl").replace("na.", "na. <maar zonder mijn naam>")),
        Answer.UNCLEAR,
    ),
    Reply("answers between our lines", _head("nl") + part(_BETWEEN), Answer.UNCLEAR),
    Reply("an answer to another sentence of ours", _head("nl") + part(_HALF), Answer.UNCLEAR),
    Reply("a yes of hers, quoted", _head("nl") + part("Zie hieronder\n\n> Ja, akkoord\n"), Answer.UNCLEAR),
    Reply("an earlier yes of hers quoted, with nothing above", _head("nl") + part("> Ja, akkoord\n"), Answer.UNCLEAR),
    Reply(
        "a yes above an earlier mail of hers",
        _head("nl") + part("Ja\n\n> Ik wil er eerst over nadenken\n"),
        Answer.UNCLEAR,
    ),
    Reply(
        "an answer that a machine gives",
        headers("Automatisch antwoord: Uw eindverslag", "Auto-Submitted: auto-replied") + part("Ja"),
        Answer.UNCLEAR,
    ),
    Reply("a machine's answer without a sign of it", _head("nl") + part(_ABSENT), Answer.UNCLEAR),
    Reply(
        "a yes with a paper",
        _head("nl") + multipart("m", part("Akkoord"), attached(PDF, "verslag.pdf")),
        Answer.UNCLEAR,
    ),
    Reply(
        "a yes with a picture",
        _head("nl") + multipart("m", part("Akkoord"), attached(JPEG, "IMG_1.jpg", "image/jpeg", "inline")),
        Answer.UNCLEAR,
    ),
    Reply(
        "a yes with a key beside it, as Proton adds it",
        _head("nl")
        + multipart("m", part("Akkoord"), attached(b"-----BEGIN PGP", "publickey.asc", "application/pgp-keys")),
        Answer.YES,
    ),
    Reply("papers under S/MIME", smime_beside(), Answer.UNCLEAR),
    Reply("our mail below, unmarked", unmarked("Ja, akkoord", "nl"), Answer.UNCLEAR),
    Reply("no text at all", _head("nl") + part(""), Answer.UNCLEAR),
    Reply("a yes and a very long silence", _head("nl") + part("Ja" + "\n" * 70_000), Answer.YES),
    Reply("a yes and a novel", _head("nl") + part("Ja\n" + "en toen gebeurde er dit. " * 5_000), Answer.UNCLEAR),
]
"""Replies that no program alone makes odd."""


def replies() -> list[Reply]:
    """Give every reply with what is to be read in it."""
    honest = [
        Reply(
            f"{program}: {said!r}", PROGRAMS[program](said, lang), Answer.UNCLEAR if said in NOT_TAKEN else Answer.YES
        )
        for said, lang, program in CLEAR_YESES
    ]
    others = [
        Reply(f"{program}: {said!r}", PROGRAMS[program](said, lang), answer) for said, lang, program, answer in OTHERS
    ]
    return honest + others + ODD
