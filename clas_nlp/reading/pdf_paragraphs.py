"""From lines of print to lines of a report: where paragraphs begin, and what is a heading."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from clas_nlp.reading.hyphens import LineEndHyphens
from clas_nlp.reading.lines import Line, plain_line
from clas_nlp.reading.pdf_headers import without_running_lines
from clas_nlp.reading.pdf_layout import Page, Row, page_rows

_SENTENCE_END = re.compile(r"[.!?:;][\"'’”)\]]*$|[”\"]$")
#: What begins a paragraph wherever it stands: a number, a bullet, the title of a box.
_BOX_TITLE = re.compile(
    r"^(?:Case (?:[Ee]xample|[Ss]tudy)|(?:Example of )?[Gg]ood [Pp]ractice)\b.{0,30}:"
)
_BEGINS = re.compile(
    rf"^(?:\d{{1,2}}(?:\.\d{{1,3}}){{1,2}}\s+[\"'“‘(A-Z]|[•▪‣●◦]|{_BOX_TITLE.pattern[1:]})"
)
#: A box's text stands at least so many points to the right of the text around the box.
_INSET = 3
_LONGEST_BOX = 120
_LABEL_WORDS = 12
#: Fewer lines than this tell nothing of a column's width.
_FEW_LINES = 4
_LARGER = 1.08
#: Lines set wider apart than this, in parts of the usual distance, are of two paragraphs.
_GAP = 1.2


def laid_out_lines(pages: Sequence[Page]) -> tuple[list[Line], str]:
    """Lays out a PDF's pages as the lines of a report.

    Args:
        pages: the pages in order.

    Returns:
        The lines, and the running title, empty where there is none.
    """
    kept, title = without_running_lines(pages)
    rows = _labels_with_values([row for page in kept for row in page_rows(page)])
    rows = _boxes_behind_sentences(rows, _Breaks(rows).before())
    lines = _as_lines(rows, _Breaks(rows).before())
    return _words_joined(lines), title


def _labels_with_values(rows: list[Row]) -> list[Row]:
    """Sets the value of a table's row beside its label where the label takes several lines."""
    result: list[Row] = []
    for row in rows:
        if result and row.page == result[-1].page and row.left > result[-1].right:
            label = list(
                itertools.takewhile(
                    lambda r, row=row: (  # type: ignore[misc]
                        r.page == row.page and r.baseline <= row.baseline + 1 and r.left < row.left
                    ),
                    reversed(result),
                )
            )[::-1]
            text = " ".join(r.text for r in label)
            is_label = text.endswith(":") or row.text.isdigit()
            if label and is_label and len(text.split()) <= _LABEL_WORDS:
                del result[-len(label) :]
                row.text = f"{text}\t{row.text}"
        result.append(row)
    return result


def _boxes_behind_sentences(rows: list[Row], begins: Sequence[bool]) -> list[Row]:
    """Moves a box that floats between two halves of a sentence behind the paragraph's end."""
    result: list[Row] = []
    place = 0
    while place < len(rows):
        behind = _sentence_behind_box(rows, place)
        if behind:
            end = next((at for at in range(behind + 1, len(rows)) if begins[at]), len(rows))
            result += rows[behind:end] + rows[place:behind]
            place = end
        else:
            result.append(rows[place])
            place += 1
    return result


def _sentence_behind_box(rows: Sequence[Row], start: int) -> int:
    """Where the sentence goes on that a box beginning at a line has cut; 0 where none is cut."""
    first = rows[start]
    if not start or not _BOX_TITLE.match(first.text) or _SENTENCE_END.search(rows[start - 1].text):
        return 0
    cut = rows[start - 1]
    if cut.bold or first.left - cut.left < _INSET:
        return 0
    for place in range(start + 1, min(len(rows), start + _LONGEST_BOX)):
        row = rows[place]
        if row.left < first.left - _INSET / 2:
            goes_on = row.text[:1].islower() and abs(row.left - cut.left) < _INSET
            return place if goes_on else 0
    return 0


class _Breaks:
    """Finds the lines before which a paragraph ends.

    A paragraph ends at a gap wider than between its lines, at a change of type, and where the
    next line's first word would still have had room in the line.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.pitches = self._usual_pitches()
        self.edges: dict[tuple[int, ...], float] = {}
        self.counts: Counter[tuple[int, ...]] = Counter()
        for row in rows:
            for key in _edge_keys(row):
                self.edges[key] = max(self.edges.get(key, 0.0), row.right)
                self.counts[key] += 1

    def before(self) -> list[bool]:
        """For each line whether a paragraph begins there."""
        return [not place or self._between(place) for place in range(len(self.rows))]

    def _usual_pitches(self) -> dict[int, float]:
        """The commonest distance between two lines, for each size of type."""
        distances: dict[int, Counter[float]] = defaultdict(Counter)
        for above, below in itertools.pairwise(self.rows):
            if (above.page, above.column) == (below.page, below.column):
                distance = round(2 * (above.baseline - below.baseline)) / 2
                distances[round(below.size)][distance] += 1
        return {
            size: min(d for d, n in counts.items() if 2 * n >= max(counts.values()))
            for size, counts in distances.items()
        }

    def _between(self, place: int) -> bool:
        above, below = self.rows[place - 1], self.rows[place]
        ended = bool(_SENTENCE_END.search(above.text))
        roomy = self._had_room(above, below)
        larger, smaller = max(above.size, below.size), min(above.size, below.size)
        new_style = larger > _LARGER * smaller and not _has_raised(above, below)
        new_weight = above.segments[-1].bold_end != below.segments[0].bold_start
        if new_style or (new_weight and (ended or roomy)) or _BEGINS.match(below.text):
            return True
        if re.match('[“"]', below.text) and re.search('[;:”"]$', above.text):
            return True
        if "\t" in below.text and (ended or roomy or not below.text[:1].islower()):
            return True
        new_sentence = roomy and not below.text[:1].islower()
        if (above.page, above.column) != (below.page, below.column):
            return new_sentence or (above.bold and not below.bold)
        pitch = self.pitches.get(round(below.size), 1.2 * below.size)
        if above.baseline - below.baseline > _GAP * pitch + 0.3:
            return True
        return new_sentence and (ended or above.bold)

    def _had_room(self, above: Row, below: Row) -> bool:
        """Whether the next line's first word would have fitted into the line above."""
        keys = _edge_keys(above)
        known = next((key for key in keys if self.counts[key] >= _FEW_LINES), keys[0])
        return above.right + 0.28 * above.size + below.first_width < self.edges[known] - 0.5


def _edge_keys(row: Row) -> list[tuple[int, ...]]:
    """The groups of lines that may share a right edge with a line, the surest first."""
    left = round(row.left / 3)
    return [
        (row.page, row.column, left, 0),
        (row.page, row.column),
        (row.page, left, 0),
        (row.page,),
    ]


def _has_raised(above: Row, below: Row) -> bool:
    """Whether the lines' usual sizes agree and only a raised letter or sign is of another."""
    return any(abs(a.size - b.size) < 0.5 for a in above.segments for b in below.segments)


def _as_lines(rows: Sequence[Row], begins: Sequence[bool]) -> list[Line]:
    """Joins the lines of a heading; all other lines stay as they are printed."""
    body = _body_size(rows)
    lines: list[Line] = []
    starts = [place for place, begin in enumerate(begins) if begin]
    for start, end in itertools.zip_longest(starts, starts[1:], fillvalue=len(rows)):
        group = rows[start:end]
        heading = all(
            (row.bold or row.size > 1.12 * body) and "\t" not in row.text for row in group
        )
        texts = [" ".join(row.text for row in group)] if heading else [row.text for row in group]
        for place, (text, row) in enumerate(zip(texts, group, strict=False)):
            line = plain_line(text, heading=heading, page=row.page)
            if line is None:
                continue
            line.blank_before = place == 0
            line.blank_after = place == len(texts) - 1
            line.heading = heading and not line.bullet
            # A number at the head of a page may only be the rest of "(Recommendations 1.2 and".
            line.page_start = bool(
                lines and lines[-1].page != row.page and _SENTENCE_END.search(lines[-1].text)
            )
            lines.append(line)
    return lines


def _body_size(rows: Sequence[Row]) -> float:
    sizes: Counter[float] = Counter()
    for row in rows:
        sizes[round(2 * row.size) / 2] += len(row.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _words_joined(lines: list[Line]) -> list[Line]:
    """Joins the words that line ends have cut."""
    hyphens = LineEndHyphens(line.text for line in lines)
    result: list[Line] = []
    for line in lines:
        if result and not line.bullet and not line.heading:
            result[-1].text, rest = hyphens.moved_up(result[-1].text, line.text)
            if not rest:
                result[-1].blank_after = line.blank_after
                continue
            line.text = rest
        result.append(line)
    return result
