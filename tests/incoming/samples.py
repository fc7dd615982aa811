"""Mail as real programs write it, of people who do not exist; for every test of the road in.

Each function gives the bytes of one mail. What a program does in its own way is kept: how it quotes, names a file,
folds a header, wraps a bounce.
"""

from __future__ import annotations

import base64
import io
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

TOKEN = "4k7q2mx9p0c3v8t5w1zy"
OURS = f"<{TOKEN}@practice.example>"
COACH, CLIENT = "coach@practice.example", "sanne@home.example"
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x48\x00\x48\x00\x00\xff\xd9"


def lines(*text: str) -> bytes:
    """Give lines as they travel."""
    return "".join(f"{line}\r\n" for part in text for line in part.split("\n")).encode()


def headers(subject: str = "Re: Documenten van Praktijk Voorbeeld, kenmerk K7Q4-MX2P", *more: str) -> bytes:
    """Give the header of an answer to a mail of ours; `more` goes on top."""
    return lines(
        *more,
        f"From: Sanne Jansen <{CLIENT}>",
        f"To: Praktijk Voorbeeld <{COACH}>",
        f"Subject: {subject}",
        "Date: Tue, 4 Mar 2025 09:31:12 +0100",
        "Message-ID: <CAF8=abc+def.123@mail.home.example>",
        f"In-Reply-To: {OURS}",
        f"References: {OURS}",
        "MIME-Version: 1.0",
    )


def multipart(boundary: str, *parts: bytes, kind: str = "mixed", more: str = "") -> bytes:
    """Give a multipart with its Content-Type."""
    opened = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"{more}\r\n\r\n'.encode()
    return head + opened + f"--{boundary}--\r\n".encode()


def attached(data: bytes, name: str, kind: str = "application/pdf", disposition: str = "attachment") -> bytes:
    """Give a part in base64 with a file name."""
    return (
        lines(
            f'Content-Type: {kind}; name="{name}"',
            f'Content-Disposition: {disposition}; filename="{name}"',
            "Content-Transfer-Encoding: base64",
            "",
        )
        + base64.encodebytes(data)
    )  # fmt: skip


def text(words: str, kind: str = "plain", charset: str = "utf-8") -> bytes:
    """Give a text part."""
    head = lines(f'Content-Type: text/{kind}; charset="{charset}"', "Content-Transfer-Encoding: 8bit", "")
    return head + words.replace("\n", "\r\n").encode(charset)


def gmail() -> bytes:
    """Give a reply from Gmail with the signed PDF."""
    plain = text(
        "Beste Marieke,\n\nHierbij de getekende papieren.\n\nGroet, Sanne\n\n"
        "Op ma 3 mrt 2025 om 14:02 schreef Praktijk Voorbeeld <\ncoach@practice.example>:\n\n"
        "> Geachte mevrouw Jansen,\n>\n> Bijgaand de documenten. Gaat u akkoord?\n>\n"
    )
    rich = text(
        '<div dir="ltr">Beste Marieke,<div><br></div><div>Hierbij de getekende papieren.</div><div><br></div>'
        '<div>Groet, Sanne</div></div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">Op ma 3 mrt 2025 '
        'om 14:02 schreef Praktijk Voorbeeld &lt;<a href="mailto:coach@practice.example">coach@practice.example</a>'
        '&gt;:<br></div><blockquote class="gmail_quote" style="margin:0">Bijgaand de documenten.</blockquote></div>',
        "html",
    )
    body = multipart("000000000000a1b2c3", multipart("000000000000d4e5f6", plain, rich, kind="alternative"),
                     attached(PDF, "K7Q4-MX2P-1-v1.pdf"))  # fmt: skip
    provider = (
        "Authentication-Results: mx.practice.example;\r\n"
        '       dkim=pass header.i=@home.example header.s=20230601 header.b="aB/c+d=";\r\n'
        "       spf=pass (mx.practice.example: domain of sanne@home.example designates 192.0.2.7 as permitted sender)"
        " smtp.mailfrom=sanne@home.example;\r\n"
        "       dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=home.example"
    )
    return headers("Re: Documenten van Praktijk Voorbeeld, kenmerk K7Q4-MX2P", provider) + body


def outlook() -> bytes:
    """Give a reply from Outlook, in HTML, with a picture in the signature and the PDF."""
    rich = text(
        "<html><head><style>p.MsoNormal {margin:0cm}</style></head><body><div class=WordSection1>"
        "<p class=MsoNormal>Beste Marieke,<o:p></o:p></p><p class=MsoNormal>Zie bijlage, &eacute;&eacute;n handtekening"
        ".<o:p></o:p></p><div style='border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b>Van:</b> Praktijk Voorbeeld "
        "&lt;coach@practice.example&gt; <br><b>Verzonden:</b> maandag 3 maart 2025 14:02<br><b>Aan:</b> Sanne Jansen"
        "<br><b>Onderwerp:</b> Documenten</p></div><p class=MsoNormal>Gaat u akkoord? Ja of nee.</p>"
        "</div></body></html>",
        "html",
        "windows-1252",
    )
    picture = attached(JPEG, "image001.jpg", "image/jpeg", "inline")
    related = multipart("_004_rel", rich, picture, kind="related", more=';\r\n\ttype="text/html"')
    return headers("RE: Documenten van Praktijk Voorbeeld, kenmerk K7Q4-MX2P", "Thread-Index: AQHb") + multipart(
        "_005_mix", related, attached(PDF, "getekend.pdf")
    )


def apple_mail() -> bytes:
    """Give a reply from Apple Mail: the PDF inline, within the HTML alternative, its name in pieces (RFC 2231)."""
    named = lines(
        "Content-Disposition: inline;", "\tfilename*0*=utf-8''Offerte%20ondertekend%20%E2%82%AC;",
        "\tfilename*1*=%20definitief.pdf", "Content-Type: application/octet-stream;", "\tx-unix-mode=0644",
        "Content-Transfer-Encoding: base64", "",
    ) + base64.encodebytes(PDF)  # fmt: skip
    plain = text(
        "Getekend en wel.\n\n> Op 3 mrt 2025, om 14:02 heeft Praktijk Voorbeeld <coach@practice.example> het volgende "
        "geschreven:\n> \n> Gaat u akkoord?\n"
    )
    mixed = multipart("Apple-Mail=_B", text("<p>Getekend en wel.</p>", "html"), named, text("<br>", "html"))
    return headers() + multipart("Apple-Mail=_A", plain, mixed, kind="alternative")


def phone() -> bytes:
    """Give a reply from a telephone: two photos, inline, no words but its own."""
    words = text(
        "Verstuurd vanaf mijn iPhone\n\n> Op 3 mrt 2025 om 14:02 heeft Praktijk Voorbeeld "
        "<coach@practice.example> het volgende geschreven:\n> \n> Gaat u akkoord?\n"
    )
    photos = [attached(JPEG, f"IMG_{number}.HEIC", "image/heic", "inline") for number in (4711, 4712)]
    return headers() + multipart("Apple-Mail-1", words, *photos)


def forwarded() -> bytes:
    """Give a mail that carries another as it was: the papers are in that one."""
    inner = lines("From: Peter de Vries <peter@work.example>", "Subject: Getekend", "MIME-Version: 1.0") + multipart(
        "inner", text("Ik ga akkoord."), attached(PDF, "van-peter.pdf")
    )
    wrapped = lines("Content-Type: message/rfc822", "Content-Disposition: attachment", "") + inner
    return headers("Fwd: Getekend") + multipart("outer", text("Zie hieronder."), wrapped)


def zipped(*files: tuple[str, bytes]) -> bytes:
    """Give a zip of files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return made.getvalue()


def with_zip() -> bytes:
    """Give a reply with both papers in a zip."""
    packed = zipped(("papieren/offerte.pdf", PDF), ("papieren/toestemming.pdf", PDF + b"%2\n"))
    return headers() + multipart("z", text("In de zip."), attached(packed, "papieren.zip", "application/zip"))


def winmail(*files: tuple[str, bytes], long_names: bool = True) -> bytes:
    """Give a winmail.dat with these files (MS-OXTNEF), short names in the title and long ones beside."""
    made = b"\x78\x9f\x3e\x22\x01\x00" + _attribute(1, 0x00089006, struct.pack("<L", 0x00010000))
    for at, (name, data) in enumerate(files):
        made += _attribute(2, 0x00069002, struct.pack("<HLLHHL", 1, 0, 0, 0, 0, 0))
        made += _attribute(2, 0x00018010, f"FILE{at}~1.PDF".encode() + b"\0")
        made += _attribute(2, 0x0006800F, data)
        if long_names:
            made += _attribute(2, 0x00069005, _properties(name))
    return made


def _attribute(level: int, number: int, data: bytes) -> bytes:
    return struct.pack("<BLL", level, number, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def _properties(name: str) -> bytes:
    """Give MAPI properties: a number, a named one, a truth, and the long name."""
    long = name.encode("utf-16-le") + b"\0\0"
    label = "Label".encode("utf-16-le") + b"\0\0"
    named = struct.pack("<HH", 0x0003, 0x8001) + bytes(16) + struct.pack("<LL", 1, len(label)) + label
    named += bytes(-len(label) % 4) + struct.pack("<L", 7)
    return (
        struct.pack("<L", 4) + struct.pack("<HHL", 0x0003, 0x3705, 1) + named + struct.pack("<HHL", 0x000B, 0x7FFE, 0)
        + struct.pack("<HHLL", 0x001F, 0x3707, 1, len(long)) + long + bytes(-len(long) % 4)
    )  # fmt: skip


def outlook_winmail() -> bytes:
    """Give a reply from Outlook in its own format."""
    packed = winmail(("Offerte ondertekend.pdf", PDF), ("Toestemming é.pdf", PDF + b"%2\n"))
    part = attached(packed, "winmail.dat", "application/ms-tnef")
    return headers("RE: Documenten") + multipart("_000_", text("Zie bijlage."), part)


def p7m(inner: bytes, *, encrypted: bool = False) -> bytes:
    """Give `inner` in an opaque S/MIME wrapping, signed or encrypted with a key of the moment."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import pkcs7

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Sanne Jansen")])
    now = datetime(2025, 3, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, now, now + timedelta(days=3650))
    certificate = builder.sign(key, hashes.SHA256())
    if encrypted:
        envelope = pkcs7.PKCS7EnvelopeBuilder().set_data(inner).add_recipient(certificate)
        return envelope.encrypt(serialization.Encoding.DER, [])
    signing = pkcs7.PKCS7SignatureBuilder().set_data(inner).add_signer(certificate, key, hashes.SHA256())
    return signing.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


def smime(*, encrypted: bool = False) -> bytes:
    """Give a reply that S/MIME wraps whole."""
    inner = multipart("in", text("Getekend, met een kaartlezer."), attached(PDF, "offerte.pdf"))
    kind = "enveloped-data" if encrypted else "signed-data"
    head = lines(
        f'Content-Type: application/pkcs7-mime; smime-type={kind}; name="smime.p7m"',
        'Content-Disposition: attachment; filename="smime.p7m"', "Content-Transfer-Encoding: base64", "",
    )  # fmt: skip
    return headers() + head + base64.encodebytes(p7m(inner, encrypted=encrypted))


def smime_beside() -> bytes:
    """Give a reply with its S/MIME signature beside it."""
    inner = multipart("in", text("Getekend."), attached(PDF, "offerte.pdf"))
    signature = attached(b"\x30\x80signature", "smime.p7s", "application/pkcs7-signature")
    return headers() + multipart("out", inner, signature, kind="signed", more="; micalg=sha-256")


def out_of_office() -> bytes:
    """Give what Exchange answers for somebody who is away."""
    return headers(
        "Automatisch antwoord: Documenten van Praktijk Voorbeeld", "Return-Path: <>", "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All", "x-ms-exchange-generated-message-source: Mailbox Rules Agent",
    ) + text("Ik ben afwezig tot en met 14 maart. Bij spoed: bel de receptie.")  # fmt: skip


def our_mail() -> bytes:
    """Give a mail as we send it, with our own unsigned form."""
    return lines(
        f"From: Praktijk Voorbeeld <{COACH}>", f"To: {CLIENT}", "Subject: Documenten van Praktijk Voorbeeld",
        "Date: Mon, 03 Mar 2025 14:02:00 +0100", f"Message-ID: {OURS}", "Auto-Submitted: auto-generated",
        f"X-Pipeline-Token: {TOKEN}", "MIME-Version: 1.0",
    ) + multipart(f"={TOKEN}=0=", text("Bijgaand de documenten."), attached(PDF, "K7Q4-MX2P-1-v1.pdf"))  # fmt: skip


def postfix_bounce(*, action: str = "failed", status: str = "5.1.1", whole: bool = True) -> bytes:
    """Give a report of Postfix, with our mail or only its header."""
    subject = "Undelivered Mail Returned to Sender" if action == "failed" else "Delayed Mail (still being retried)"
    said = text(
        "This is the mail system at host mail.home.example.\n\nI'm sorry to have to inform you that your message could "
        f"not\nbe delivered.\n\n<{CLIENT}>: host mx.home.example[192.0.2.9] said: 550 {status} User unknown\n",
        charset="us-ascii",
    )
    report = lines(
        "Content-Description: Delivery report", "Content-Type: message/delivery-status", "",
        "Reporting-MTA: dns; mail.home.example", "X-Postfix-Queue-ID: 4Z5abc",
        "Arrival-Date: Mon,  3 Mar 2025 14:02:01 +0100 (CET)", "", f"Final-Recipient: rfc822; {CLIENT}",
        f"Original-Recipient: rfc822;{CLIENT}", f"Action: {action}", f"Status: {status}",
        f"Diagnostic-Code: smtp; 550 {status} <{CLIENT}>:", "    Recipient address rejected: User unknown",
    )  # fmt: skip
    if whole:
        returned = lines("Content-Description: Undelivered Message", "Content-Type: message/rfc822", "") + our_mail()
    else:
        returned = lines("Content-Type: text/rfc822-headers", "") + our_mail().partition(b"\r\n\r\n")[0] + b"\r\n"
    head = lines(
        "Return-Path: <>", "From: MAILER-DAEMON@mail.home.example (Mail Delivery System)", f"Subject: {subject}",
        f"To: {COACH}", "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
        "Message-ID: <20250303130203.4Z5abc@mail.home.example>",
    )  # fmt: skip
    return head + multipart("4Z5abc.1741/mail", said, report, returned, kind="report",
                            more=";\r\n\treport-type=delivery-status")  # fmt: skip


def exchange_bounce() -> bytes:
    """Give what Exchange says, in Dutch, without a report: only words and our mail's number."""
    return lines(
        "From: Microsoft Outlook", " <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@work.example>", f"To: {COACH}",
        "Subject: Onbestelbaar: Documenten van Praktijk Voorbeeld, kenmerk K7Q4-MX2P", f"In-Reply-To: {OURS}",
        "Message-ID: <d1a2@work.example>", "MIME-Version: 1.0",
    ) + text(
        "<p>Uw bericht aan peter@work.example kan niet worden bezorgd.</p>"
        "<p>peter is niet gevonden op work.example.</p>"
        "<p>Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'</p>"
        f"<p>Message-ID: &lt;{TOKEN}@practice.example&gt;</p>",
        "html",
    )  # fmt: skip


def gmail_bounce() -> bytes:
    """Give what Gmail says, with a picture, a report and our header."""
    report = lines(
        "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mail.home.example",
        f"X-Original-Message-ID: {OURS}", "", f"Final-Recipient: rfc822; {CLIENT}", "Action: failed",
        "Status: 5.2.2", "Diagnostic-Code: smtp; 552-5.2.2 The recipient's inbox is full.",
    )  # fmt: skip
    returned = lines("Content-Type: message/rfc822", "") + our_mail()
    words = text("** Address not found **\n\nYour message wasn't delivered to sanne@home.example")
    picture = attached(JPEG, "icon.png", "image/png")
    return lines(
        "Return-Path: <>", f"X-Failed-Recipients: {CLIENT}", "Auto-Submitted: auto-replied",
        "From: Mail Delivery Subsystem <mailer-daemon@home.example>", f"To: {COACH}",
        "Subject: Delivery Status Notification (Failure)", "MIME-Version: 1.0",
    ) + multipart(
        "00000000000022", multipart("00000000000033", words, picture, kind="related"), report, returned, kind="report",
        more="; report-type=delivery-status",
    )  # fmt: skip


def qmail_bounce() -> bytes:
    """Give what qmail says: words, and our mail as text below them."""
    return lines(
        "Return-Path: <>", "From: MAILER-DAEMON@old.example", f"To: {COACH}", "Subject: failure notice", "",
        "Hi. This is the qmail-send program at old.example.",
        "I'm afraid I wasn't able to deliver your message to the following addresses.",
        "This is a permanent error; I've given up. Sorry it didn't work out.", "", "<jan@old.example>:",
        "Sorry, no mailbox here by that name. (#5.1.1)", "", "--- Below this line is a copy of the message.", "",
        "Return-Path: <coach@practice.example>",
    ) + our_mail()  # fmt: skip


def read_receipt() -> bytes:
    """Give a read receipt (RFC 8098), as Thunderbird makes it."""
    report = lines(
        'Content-Type: message/disposition-notification; name="MDNPart2.txt"', "Content-Disposition: inline", "",
        f"Final-Recipient: rfc822;{CLIENT}", f"Original-Message-ID: {OURS}",
        "Disposition: manual-action/MDN-sent-manually; displayed",
    )  # fmt: skip
    return headers("Leesbevestiging (weergegeven) - Documenten van Praktijk Voorbeeld") + multipart(
        "mdn", text("Dit is een leesbevestiging."), report, kind="report",
        more=";\r\n report-type=disposition-notification",
    )  # fmt: skip


MAILS: dict[str, Callable[[], bytes]] = {
    "gmail": gmail, "outlook": outlook, "apple_mail": apple_mail, "phone": phone, "forwarded": forwarded,
    "with_zip": with_zip, "outlook_winmail": outlook_winmail, "smime": smime, "smime_beside": smime_beside,
    "out_of_office": out_of_office, "our_mail": our_mail, "postfix_bounce": postfix_bounce,
    "exchange_bounce": exchange_bounce, "gmail_bounce": gmail_bounce, "qmail_bounce": qmail_bounce,
    "read_receipt": read_receipt,
}  # fmt: skip
"""Every mail by its name."""
