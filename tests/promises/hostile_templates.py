"""Templates that want what is not theirs. `URL` is the address of a trap, `ROOT` a folder with secrets."""

from __future__ import annotations

import io
import zipfile

from docx import Document

FETCHING = {
    "img http": '<img src="URL/a.png">',
    "img file": '<img src="file://ROOT/secret.png">',
    "img asset above": '<img src="asset:../secret.png">',
    "img asset encoded": '<img src="asset:%2e%2e/secret.png">',
    "img asset absolute": '<img src="asset:ROOT/secret.png">',
    "img asset twice": '<img src="asset:asset:../secret.png">',
    "img ftp": '<img src="ftp://127.0.0.1/a.png">',
    "img other case": '<img src="FILE://ROOT/secret.png">',
    "img without scheme": '<img src="//127.0.0.1/a.png"><img src="../secret.png"><img src="ROOT/secret.png">',
    "object": '<object data="file://ROOT/secret.svg">x</object><object data="URL/o.svg">x</object>',
    "embed": '<embed src="URL/e.svg">',
    "attachment": '<link rel="attachment" href="file://ROOT/secret.txt">',
    "attachment asset": '<link rel="attachment" href="asset:../secret.txt">',
    "attachment link": '<a rel="attachment" href="file://ROOT/secret.txt">x</a>',
    "attachment link http": '<a rel="attachment" href="URL/x">x</a>',
    "stylesheet": '<link rel="stylesheet" href="URL/s.css">',
    "stylesheet file": '<link rel="stylesheet" href="file://ROOT/secret.css">',
    "stylesheet asset above": '<link rel="stylesheet" href="asset:../secret.css">',
    "import": '<style>@import "URL/i.css";</style>x',
    "import url": "<style>@import url(file://ROOT/secret.css);</style>x",
    "import in data": '<link rel="stylesheet" href="data:text/css,@import%20%22URL/j.css%22;">x',
    "font": '<style>@font-face { font-family: F; src: url("URL/f.ttf") } p { font-family: F }</style><p>x',
    "font file": '<style>@font-face { font-family: F; src: url("file://ROOT/secret.png") } * { font: 9pt F }</style>x',
    "background": '<p style="background: url(URL/b.png)">x',
    "content": "<style>p::before { content: url(URL/c.png) }</style><p>x",
    "list": '<ul style="list-style-image: url(URL/l.png)"><li>x</ul>',
    "border": '<p style="border: 3px solid; border-image: url(URL/r.png) 1">x',
    "svg image": '<svg width="9" height="9"><image href="URL/v.png" width="9" height="9"/></svg>',
    "svg image file": '<svg width="9" height="9"><image xlink:href="file://ROOT/secret.png" width="9"/></svg>',
    "svg use": '<svg width="9" height="9"><use href="URL/u.svg#a"/></svg>',
    "svg use file": '<svg width="9" height="9"><use href="file://ROOT/secret.svg#a"/></svg>',
    "svg asset": '<img src="asset:evil.svg">',
    "link out of the folder": '<link rel="stylesheet" href="asset:out.css"><p>x',
    "folder out of the folder": '<link rel="stylesheet" href="asset:outside/secret.css"><p>x',
    "base": '<base href="URL/"><img src="a.png">',
    "metadata": '<head><link rel="icon" href="URL/i.ico"><meta http-equiv="refresh" content="0;url=URL/m"></head>x',
    "frame": '<iframe src="URL/f"></iframe><script src="URL/s.js"></script><video src="URL/v"></video>',
}
EVIL_SVG = (
    '<!DOCTYPE svg [<!ENTITY e SYSTEM "file://ROOT/secret.txt">]>'
    '<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"><image href="file://ROOT/secret.png"/>'
    '<style>@import "URL/s.css";</style><image href="URL/deep.png" width="9" height="9"/><text y="20">&e;</text></svg>'
)
REACHING = {
    "class": "{{ ''.__class__.__mro__ }}",
    "globals": "{{ namespace.__init__.__globals__ }}",
    "range": "{{ range.__globals__ }}",
    "format": "{{ '{0.__class__.__init__.__globals__}'.format(name) }}",
    "format map": "{{ '{a.__class__}'.format_map({'a': 1}) }}",
    "attr": "{{ name|attr('__class__') }}",
    "self": "{{ self.__init__.__globals__ }}",
    "cycler": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "lipsum": "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "macro": "{% macro m() %}{% endmacro %}{{ m.__globals__ }}{{ m._func.__globals__ }}",
    "loop": "{% for i in [1] %}{{ loop.__init__.__globals__ }}{% endfor %}",
    "config": "{{ config }}",
    "missing": "{{ nobody.__class__ }}",
    "changing": "{{ [1].append(2) }}",
    "include": "{% include '/etc/passwd' %}",
    "include above": "{% include '../secret.html' %}",
    "include linked": "{% include 'linked.html' %}",
    "extends": "{% extends 'outside/secret.html' %}",
    "import": "{% import '../secret.txt' as s %}{{ s }}",
    "recursion": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "range too long": "{% for i in range(10 ** 9) %}{% endfor %}",
    "divs": "<div>" * 3000,
    "font size": '<p style="font-size: 1e30px">x',
    "not utf-8": "\udcff",
    "syntax": "{% if %}",
}
MEMORY = {
    "a long text": "{{ 'x' * 2000000000 }}",
    "a wide number": "{{ '%0999999999d'|format(1) }}",
    "columns": '<table><tr><td colspan="1000000000">x</table>',
}
ENDLESS = {
    "loops in loops": "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
}
SLOW = {
    "a huge table": "<table>" + "<tr><td>x<td>y" * 60000 + "</table>",
    "many pages": '<p style="break-after: page">x' * 20000,
}

RELATIONSHIP = '<Relationship Id="rX" Type="{kind}" Target="{target}" TargetMode="External"/>'
KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
PICTURE = RELATIONSHIP.format(kind=f"{KIND}image", target="URL/picture.png")
ELSEWHERE = {
    "a picture": PICTURE,
    "a picture whose address says hyperlink": PICTURE.replace("/picture", "/hyperlink/picture"),
    "a picture in single quotes": PICTURE.replace('"External"', "'External'"),
    "a picture with spaces": PICTURE.replace("TargetMode=", "TargetMode ="),
    "a picture on a new line": PICTURE.replace("<Relationship ", "<Relationship\n"),
    "a picture in references": PICTURE.replace("External", "&#69;xternal"),
    "a picture after a bracket": PICTURE.replace("picture.png", "picture.png?a>b"),
}
"""What stands in a Word file's relationships: all of it asks for something from elsewhere."""

SHOWN = (
    '<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
    '<wp:extent cx="990000" cy="990000"/><wp:docPr id="1" name="p"/>'
    '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
    '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
    '<pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture">'
    '<pic:nvPicPr><pic:cNvPr id="0" name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
    '<a:blip r:link="rX" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"/>'
    "<a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr>"
    '<a:xfrm><a:off x="0" y="0"/><a:ext cx="990000" cy="990000"/></a:xfrm><a:prstGeom prst="rect"/>'
    "</pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
)
"""A picture that is linked, not embedded."""


def paragraph(text: str) -> str:
    """Give a paragraph in Word's XML."""
    return f'<w:p><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def field(instruction: str) -> str:
    """Give a field, which Word and LibreOffice may carry out."""
    kinds = "".join(f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("separate", "end"))
    return (
        f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> {instruction} '
        f"</w:instrText></w:r>{kinds}</w:p>"
    )


def link(address: str) -> tuple[str, str]:
    """Give a paragraph with a link, and the relationship that says where it leads."""
    shown = (
        '<w:p><w:hyperlink r:id="rX" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        "<w:r><w:t>follow me</w:t></w:r></w:hyperlink></w:p>"
    )
    return shown, RELATIONSHIP.format(kind=f"{KIND}hyperlink", target=address)


def word(body: str, relationships: str = "", doctype: str = "") -> bytes:
    """Give a .docx with `body` and `relationships` in their places."""
    plain, made = io.BytesIO(), io.BytesIO()
    Document().save(plain)
    with zipfile.ZipFile(plain) as parts, zipfile.ZipFile(made, "w") as evil:
        for name in parts.namelist():
            text = parts.read(name)
            if name == "word/document.xml":
                text = text.replace(b"<w:body>", b"<w:body>" + body.encode())
                text = text.replace(b"<w:document ", doctype.encode() + b"<w:document ", 1)
            if name == "word/_rels/document.xml.rels":
                text = text.replace(b"</Relationships>", relationships.encode() + b"</Relationships>")
            evil.writestr(name, text)
    return made.getvalue()
