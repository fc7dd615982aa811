"""Mails the tests send: small, and each with something in it that servers get wrong."""

import base64

PDF = b"%PDF-1.7\r\n" + bytes(range(1, 256)) + b"\r\n%%EOF\r\n"

SIMPLE = (
    b"Date: Sun, 22 Nov 2026 10:07:00 +0100\r\n"
    b'From: "Jansen, Anna" <anna@home.example>\r\n'
    b"To: coach@practice.example, Bureau <info@office.example>\r\n"
    b"Subject: Offerte\r\n"
    b"Message-ID: <one@home.example>\r\n"
    b"X-Folded: first\r\n second\r\n\tthird\r\n"
    b"\r\n"
    b"Dag,\r\n\r\n\r\n.regel met punt\r\nGroet\r\n"
)

EIGHT_BIT = (
    b"From: x@home.example\r\nSubject: acht bits\r\nX-Split: =?utf-8?b?w6k=?= =?utf-8?Q?=C3=A9?=\r\n =?utf-8?Q?n?=\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n\r\nCo\xc3\xb6rdinatie \xe2\x82\xac 5\r\n\r\n \r\n\x01\x7f\xff\r\n"
)

SIGNED_RETURN = (
    b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
    b"From: =?utf-8?q?Zo=C3=AB?= <zoe@home.example>\r\n"
    b"To: coach@practice.example\r\n"
    b'Cc: Team: a@x.example, "B. C." <b@x.example>;\r\n'
    b"Subject: =?utf-8?q?Getekende_co=C3=B6rdinatie?=\r\n"
    b"In-Reply-To: <quote-7@practice.example>\r\n"
    b"Message-ID: <two@home.example>\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="=_outer"\r\n'
    b"\r\n"
    b"preamble\r\n"
    b"--=_outer\r\n"
    b"Content-Type: multipart/alternative; boundary==_outer-inner\r\n"
    b"\r\n"
    b"--=_outer-inner\r\n"
    b"Content-Type: text/plain; charset=iso-8859-1\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n"
    b"\r\n"
    b"Bijgaand, met groet, Ren=E9\r\n"
    b"\r\n--=_outer-inner\r\n"
    b"Content-Type: text/html\r\n"
    b"\r\n"
    b"<p>Bijgaand</p>\r\n"
    b"--=_outer-inner--\r\n"
    b"\r\n"
    b"--=_outer\r\n"
    b'Content-Type: application/pdf; name="quote.pdf"\r\n'
    b"Content-Transfer-Encoding: base64\r\n"
    b"Content-ID: <pdf@home.example>\r\n"
    b"Content-Description: The signed quote\r\n"
    b"Content-Disposition: attachment;\r\n"
    b'\tfilename="quote (signed) \\"7\\".pdf";\r\n'
    b"\tsize=281\r\n"
    b"\r\n" + base64.encodebytes(PDF).replace(b"\n", b"\r\n") + b"--=_outer\r\n"
    b"Content-Type: message/rfc822\r\n"
    b"Content-Disposition: inline\r\n"
    b"\r\n"
    b"From: coach@practice.example\r\n"
    b"Subject: Inner\r\n"
    b"Content-Type: multipart/mixed; boundary=inner\r\n"
    b"\r\n"
    b"--inner\r\n"
    b"\r\n"
    b"inner text\r\n"
    b"--inner\r\n"
    b"Content-Type: image/jpeg\r\n"
    b"Content-Disposition: attachment; filename*=utf-8''co%C3%B6rdinatie.jpg\r\n"
    b"Content-Transfer-Encoding: base64\r\n"
    b"\r\n"
    b"/9j/4AAQ\r\n"
    b"--inner--\r\n"
    b"\r\n"
    b"--=_outer--\r\n"
    b"epilogue\r\n"
)

RETURN_PDF_PART = "2"
RETURN_PDF_ENCODED = base64.encodebytes(PDF).replace(b"\n", b"\r\n").removesuffix(b"\r\n")


def mail(subject: str, body: bytes = b"text\r\n", **fields: str) -> bytes:
    """Make a plain mail; further fields by keyword, underscores standing for hyphens."""
    head = {"From": "client@home.example", "Subject": subject, **fields}
    lines = [f"{name.replace('_', '-')}: {value}\r\n".encode() for name, value in head.items()]
    return b"".join(lines) + b"\r\n" + body
