"""PDF files written by hand, object by object: many pages, and objects that go round in circles."""

from __future__ import annotations

from collections.abc import Sequence

_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
_CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
_WORDS = b"BT /F 11 Tf 72 700 Td (%s Staff write nothing down on this page.) Tj ET"


def _file(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """A PDF with these objects, numbered from 1; in the trailer, @ is the place of its table."""
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R%s>>\n" % (
        len(objects) + 1,
        trailer.replace(b"@", b"%d" % table),
    )
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % table


def _stream(content: bytes, keys: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (keys, len(content), content)


def _page(contents: bytes, resources: bytes = b"") -> bytes:
    return (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %s"
        b"/Resources<</Font<</F 3 0 R>>%s>>>>" % (contents, resources)
    )


def pdf_of_pages(count: int) -> bytes:
    """A PDF of so many pages, with a finding on each."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * page) for page in range(count))
    objects = [_CATALOGUE, b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count), _FONT]
    for page in range(count):
        number = b"%d.%d" % (page // 250 + 1, page % 250 + 1)
        objects += [_page(b"%d 0 R" % (5 + 2 * page)), _stream(_WORDS % number)]
    return _file(objects)


def pdf_in_a_circle(which: str) -> bytes:
    """A PDF of one page whose page tree, form, stream length or older table leads to itself."""
    words = _WORDS % b"1.1"
    kids = {"page tree": b"4 0 R 2 0 R", "only page": b"2 0 R"}.get(which, b"4 0 R")
    objects = [_CATALOGUE, b"<</Type/Pages/Kids[%s]/Count 1>>" % kids, _FONT]
    if which == "form":
        own = b"/XObject<</X 6 0 R>>"
        form = (
            b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<<%s/Font<</F 3 0 R>>>>" % own
        )
        objects += [_page(b"5 0 R", own), _stream(words + b" /X Do")]
        objects += [_stream(words + b" /X Do", form)]
    elif which == "length":
        objects += [_page(b"5 0 R"), b"<</Length 5 0 R>>stream\n%s\nendstream" % words]
    else:
        objects += [_page(b"5 0 R"), _stream(words)]
    return _file(objects, b"/Prev @" if which == "older table" else b"")
