"""Which format a file is in, by its content, and the reader for it."""

from __future__ import annotations

import re
from typing import Literal

from clas_nlp.errors import UnreadableReport
from clas_nlp.json_text import NoJson, json_value
from clas_nlp.reading.decoding import decode
from clas_nlp.reading.lines import DocumentLines, report_lines

Format = Literal["pdf", "docx", "html", "text"]

INSTALL_DOCUMENTS = "pip install 'clas-nlp[documents]'"

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: The name of the stream that holds an encrypted DOCX, as OLE files spell names.
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
#: What may stand before the first tag of an HTML file, and the tags that only HTML begins with. A
#: Markdown file may begin with a tag such as <b> or <a>, so those do not count.
_HTML = re.compile(
    r"(?:\s|\ufeff|<\?xml[^>]{0,200}\?>|<!--.{0,4000}?-->)*"
    r"<(?:!doctype\s+html|(?:html|head|body|title|meta|main|article|section|h[1-6]|p|div|table)"
    r"(?=[\s>/]))",
    re.IGNORECASE | re.DOTALL,
)
_MARKDOWN_HEADING = re.compile(r"^#{1,6}\s", re.MULTILINE)
_BLOCK_END = re.compile(r"</(?:p|div|h[1-6]|table|body|html|li)\s*>", re.IGNORECASE)


def document_format(raw: bytes, name: str) -> Format:
    """Tells a file's format from its content.

    Args:
        raw: the file's bytes.
        name: what to call the file in messages.

    Raises:
        UnreadableReport: an encrypted DOCX; rows of JSON; an empty or binary file.
    """
    if b"%PDF-" in raw[:1024].lstrip()[:16] or (b"%PDF-" in raw[:1024] and b"\x00" in raw[:65536]):
        return "pdf"
    if raw.startswith(_ZIP):
        return "docx"
    if raw.startswith(_OLE):
        if _ENCRYPTED_STREAM in raw:
            raise UnreadableReport(
                f"{name}: protected by a password; remove the password in Word and save it again"
            )
        raise UnreadableReport(
            f"{name}: an Office file of the old kind (.doc, .xls, .ppt); save it as DOCX or PDF"
        )
    text = decode(raw, name)
    head = text[:8192]
    if _HTML.match(head) and (
        "<!doctype html" in head[:4096].lower()
        or re.search(r"<(?:html|body)[\s>]", head, re.IGNORECASE)
        or (_BLOCK_END.search(text) and not _MARKDOWN_HEADING.search(head))
    ):
        return "html"
    if _is_json_row(text):
        raise UnreadableReport(
            f"{name}: JSON Lines and no report; expected the report's own file, or for `tag` and "
            "`recurring` a name that ends in .jsonl"
        )
    return "text"


def _is_json_row(text: str) -> bool:
    """Whether a text begins with a line that is a JSON object."""
    first = text.lstrip().split("\n", 1)[0]
    if not first.startswith('{"'):
        return False
    try:
        return isinstance(json_value(first), dict)
    except NoJson:
        return False


def document_lines(raw: bytes, name: str) -> DocumentLines:
    """Reads a file of any known format into lines.

    Args:
        raw: the file's bytes.
        name: what to call the file in messages.

    Raises:
        UnreadableReport: the file is empty, damaged, protected, or of no known format, or its
            format needs a library that is not installed.
    """
    # Each reader is imported when its format is met: the libraries behind them cost.
    form = document_format(raw, name)
    try:
        if form == "pdf":
            from clas_nlp.reading.pdf import pdf_lines

            return pdf_lines(raw, name)
        if form == "docx":
            from clas_nlp.reading.docx import docx_lines

            return docx_lines(raw, name)
        if form == "html":
            from clas_nlp.reading.html import html_lines

            return html_lines(raw, name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("clas_nlp"):
            raise
        raise UnreadableReport(
            f"{name}: reading {form.upper()} needs the library {error.name}, which is not "
            f"installed; install it with: {INSTALL_DOCUMENTS}"
        ) from None
    return DocumentLines(*report_lines(decode(raw, name)))
