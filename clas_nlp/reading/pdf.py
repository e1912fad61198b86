"""PDF into lines, by way of the characters and their places that PDFium finds on each page."""

from __future__ import annotations

import ctypes
import itertools
import math
import re
from collections.abc import Iterator
from typing import Any

from clas_nlp.errors import UnreadableReport
from clas_nlp.reading.lines import DocumentLines
from clas_nlp.reading.pdf_layout import Page, Segment
from clas_nlp.reading.pdf_paragraphs import laid_out_lines

_MOST_CHARACTERS = 20_000_000
_MOST_PAGES = 5_000
#: A page of more shapes than this is a drawing or a map.
_MOST_SHAPES = 2_000
#: Fewer characters than this on a page are a stamp or a page number, not its text.
_FEWEST_CHARACTERS = 25
_BOLD_FONT = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)
_FORCE_BOLD = 1 << 18  # font descriptor flag, PDF 32000-1, table 123
#: PDFium's own marks for a hyphen at a line's end.
_HYPHEN_MARKS = ("\x02", "\ufffe", "\u2010", "\u2011")
_OCR = "make its text readable first, for example with OCRmyPDF: ocrmypdf {flag}IN.pdf OUT.pdf"


def pdf_lines(raw: bytes, name: str) -> DocumentLines:
    """Reads a PDF.

    Running headers and footers are removed. Pages are numbered as they are printed where the
    numbers run with the pages, else from 1.

    Args:
        raw: the file's bytes.
        name: what to call the file in messages.

    Raises:
        UnreadableReport: damaged, truncated or protected, or pages without text.
        ModuleNotFoundError: pypdfium2 is not installed.
    """
    import pypdfium2

    if b"%%EOF" not in raw[-8192:]:
        raise UnreadableReport(
            f"{name}: a truncated PDF (its end is missing); get the whole file again"
        )
    try:
        document = pypdfium2.PdfDocument(raw)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise UnreadableReport(
                f"{name}: protected by a password; save a copy without one first"
            ) from None
        raise UnreadableReport(f"{name}: a damaged PDF; get the file again") from None
    try:
        count = len(document)
        if not 0 < count <= _MOST_PAGES:
            raise UnreadableReport(
                f"{name}: a PDF of {count} pages; expected between 1 and {_MOST_PAGES}"
            )
        pages = list(_pages(document, name))
    except pypdfium2.PdfiumError:
        raise UnreadableReport(f"{name}: a damaged PDF; get the file again") from None
    finally:
        document.close()
    return _checked(pages, name)


def _checked(pages: list[Page], name: str) -> DocumentLines:
    text = "".join(segment.text for page in pages for segment in page.segments)
    without = [str(page.number) for page in pages if page.pictures and _is_bare(page)]
    if not text.strip() or len(without) == len(pages):
        raise UnreadableReport(
            f"{name}: a PDF without text (scanned pages); {_OCR.format(flag='')}"
        )
    letters = sum(character.isalpha() for character in text)
    if letters < len(text.replace(" ", "")) / 3:
        raise UnreadableReport(
            f"{name}: a PDF whose fonts hide their letters; {_OCR.format(flag='--force-ocr ')}"
        )
    lines, title = laid_out_lines(pages)
    if not lines:
        raise UnreadableReport(f"{name}: a PDF without text but its page numbers")
    warnings = (
        (
            f"pages without text, perhaps scanned (of the file, counted from 1): "
            f"{', '.join(without)}; {_OCR.format(flag='--skip-text ')}",
        )
        if without
        else ()
    )
    return DocumentLines(lines, title, warnings)


def _is_bare(page: Page) -> bool:
    return sum(len(segment.text) for segment in page.segments) < _FEWEST_CHARACTERS


def _pages(document: Any, name: str) -> Iterator[Page]:
    import pypdfium2.raw as pdfium

    seen = 0
    for index in range(len(document)):
        page = document[index]
        text = page.get_textpage()
        try:
            seen += text.count_chars()
            if seen > _MOST_CHARACTERS:
                raise UnreadableReport(f"{name}: a PDF of more than {_MOST_CHARACTERS} characters")
            segments = _segments(text.raw, text.count_chars(), pdfium)
            with_bullets = _with_drawn_bullets(segments, page, pdfium)
            yield Page(index + 1, page.get_height(), with_bullets, _has_pictures(page, pdfium))
        finally:
            text.close()
            page.close()


def _has_pictures(page: Any, pdfium: Any) -> bool:
    return next(iter(page.get_objects([pdfium.FPDF_PAGEOBJ_IMAGE])), None) is not None


def _with_drawn_bullets(segments: list[Segment], page: Any, pdfium: Any) -> list[Segment]:
    """Adds the bullets that are drawn as small shapes instead of being printed as characters."""
    result = list(segments)
    shapes = page.get_objects([pdfium.FPDF_PAGEOBJ_PATH])
    for shape in itertools.islice(shapes, _MOST_SHAPES):
        left, bottom, right, top = shape.get_bounds()
        width, height = right - left, top - bottom
        if not (1.5 <= width <= 8 and 0.7 <= height / width <= 1.4):
            continue
        middle = (bottom + top) / 2
        for place, segment in enumerate(result):
            lift = (middle - segment.baseline) / segment.size
            if 0.1 <= lift <= 0.6 and 0 < segment.left - right < 2.5 * segment.size:
                bullet = Segment(
                    "•", left, right, segment.baseline, segment.size, False, False, False
                )
                result.insert(place, bullet)
                break
    return result


def _segments(text: Any, count: int, pdfium: Any) -> list[Segment]:
    """Runs of characters on one baseline, in the order of the page's content.

    A run ends where the next character stands on another line, further left, or beyond a gap that
    is wider than any space between words.
    """
    segments: list[Segment] = []
    here: Segment | None = None
    box, x, y = pdfium.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    styles: dict[int, tuple[float, bool]] = {}
    last_place: tuple[float, float, float] | None = None
    spaced = False
    # A report has a hundred thousand characters: names are looked up once.
    unicode_of, box_of = pdfium.FPDFText_GetUnicode, pdfium.FPDFText_GetLooseCharBox
    origin_of, object_of = pdfium.FPDFText_GetCharOrigin, pdfium.FPDFText_GetTextObject
    for index in range(count):
        character = chr(unicode_of(text, index))
        if character.isspace() or character == "\x00":
            spaced = spaced or character != "\x00"
            continue
        if character in _HYPHEN_MARKS:
            character = "-"
        box_of(text, index, box)
        origin_of(text, index, x, y)
        handle = object_of(text, index)
        key = ctypes.addressof(handle.contents) if handle else 0
        if key not in styles:
            styles[key] = _style(text, index, pdfium)
        size, bold = styles[key]
        if size <= 0:
            continue  # turned text: a watermark or a label in the margin
        left, right = min(box.left, box.right), max(box.left, box.right)
        place = (left, right, y.value)
        if here is not None and place == last_place:
            here.text += character  # the second letter of a ligature
        elif here is None or not here.goes_on(left, y.value, size):
            here = Segment(character, left, right, y.value, size, bold, bold, bold)
            segments.append(here)
        else:
            here.add(character, left, right, size, bold, spaced)
        last_place, spaced = place, False
    return segments


def _style(text: Any, index: int, pdfium: Any) -> tuple[float, bool]:
    """Size in points as printed (0 for turned text), and whether the font is bold."""
    matrix = pdfium.FS_MATRIX()
    size = float(pdfium.FPDFText_GetFontSize(text, index))
    if pdfium.FPDFText_GetMatrix(text, index, matrix):
        if abs(math.atan2(matrix.b, matrix.a)) > 0.1:
            return 0.0, False
        size *= math.hypot(matrix.c, matrix.d) or 1.0
    flags, name = ctypes.c_int(), ctypes.create_string_buffer(256)
    pdfium.FPDFText_GetFontInfo(text, index, name, 256, flags)
    font = name.value.decode("utf-8", "replace")
    return size, bool(_BOLD_FONT.search(font) or flags.value & _FORCE_BOLD)
