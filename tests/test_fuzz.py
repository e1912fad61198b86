from __future__ import annotations

import json
import tempfile
from pathlib import Path

from conftest import CORPUS, REPORTS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clas_nlp.codebook import load_codebook
from clas_nlp.corpus import Corpus, load_corpus
from clas_nlp.errors import BadCorpus, ClasNlpError
from clas_nlp.exchanging import FORMATS, export, import_labels
from clas_nlp.reading import Report, parse_report, read_report, sentence_spans

FEW = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
#: Pieces of the real reports: lines of both, with their ends.
LINES = [
    line
    for name in ("dorset", "dudley")
    for line in (REPORTS / f"{name}.txt").read_text(encoding="utf-8").splitlines(keepends=True)
]
#: What breaks readers: marks without partner, numbers without text, odd spaces and directions.
ODD = [
    "1.1\n", "1.1.1 \n", "0.0 x\n", "99.999 X\n",
    "# \n", "# a #\n", "**\n", "* *\n", "<b>\n", "</p\n",
    "[a](\n", "\f", "\r", "\r\n", "\t\t\t", "•\n", "- - -\n", "Page 3\n", "Page 9999 of 2\n",
    "Recommendations\n", "\nNext steps\n\n", "should:\n", "Case example\n", "\u202e", "\u0301",
    "\u2028", "\x85", "\x1c", "\ufeff", "\U0001f469\u200d\U0001f467", "\x00", "\x1b[31m", "\ud800",
]  # fmt: skip
#: A piece is a run of lines, one odd thing, or a line cut anywhere.
RUNS = st.builds(
    lambda start, length: "".join(LINES[start : start + length]),
    st.integers(0, len(LINES) - 1),
    st.integers(1, 40),
)
CUTS = st.builds(lambda line, end: line[:end], st.sampled_from(LINES), st.integers(0, 60))
PIECES = st.one_of(RUNS, RUNS, st.sampled_from(ODD), CUTS)
TEXTS = st.builds(
    lambda pieces, repeats: "".join(piece * repeats for piece in pieces),
    st.lists(PIECES, max_size=12),
    st.sampled_from([1, 1, 1, 2]),
)


def assert_true(report: Report) -> None:
    """Offsets say what they say, in order, and no id repeats."""
    end = 0
    for paragraph in report.paragraphs:
        assert report.text[paragraph.start : paragraph.end] == paragraph.text
        assert end <= paragraph.start < paragraph.end
        end = paragraph.end
        assert "\r" not in paragraph.text
    for section in report.sections:
        assert report.text[section.start : section.end].startswith(section.label)
    assert len({p.id for p in report.paragraphs}) == len(report.paragraphs)


@FEW
@given(TEXTS)
def test_pieces_of_reports_in_any_order_are_read(text: str) -> None:
    report = parse_report(text)
    assert_true(report)
    assert parse_report(text) == report
    for paragraph in report.paragraphs[:5]:
        for start, end in sentence_spans(paragraph.text):
            assert paragraph.text[start:end].strip() == paragraph.text[start:end] != ""


@FEW
@given(
    TEXTS,
    st.sampled_from(["utf-8", "utf-16", "utf-16-le", "cp1252", "utf-8-sig", "utf-32"]),
    st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=3)), max_size=3),
)
def test_files_of_any_encoding_with_bytes_put_in_are_read_or_refused(
    text: str, encoding: str, put_in: list[tuple[int, bytes]]
) -> None:
    raw = text.encode(encoding, "replace")
    for place, some in put_in:
        raw = raw[:place] + some + raw[place + 1 :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.txt"
        path.write_bytes(raw)
        try:
            assert_true(read_report(path))
        except ClasNlpError as error:
            assert str(error).startswith(f"{path}: ")
            assert "\n" not in str(error)


BOOK = load_codebook(CORPUS / "codebook")
SOME = load_corpus([CORPUS / "dorset.jsonl"])
LABELLED = [p for p in SOME.paragraphs if p.themes][:4]


def _exported() -> dict[str, bytes]:
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        for form in FORMATS.values():
            if form.imports:
                path = Path(folder) / f"labels{form.ending}"
                export(LABELLED, form.name, path, BOOK)
                made[f"{form.name}{form.ending}"] = path.read_bytes()
    return made


EXPORTED = _exported()


@FEW
@given(
    st.sampled_from(sorted(EXPORTED)),
    st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 1), st.sampled_from(["cut", "repeat", "swap"])),
        min_size=1,
        max_size=3,
    ),
    st.booleans(),
)
def test_mangled_exports_are_imported_or_refused(
    name: str, changes: list[tuple[float, float, str]], with_corpus: bool
) -> None:
    raw = EXPORTED[name]
    for where, how_much, change in changes:
        start = int(where * len(raw))
        end = min(len(raw), start + int(how_much * 200))
        if change == "cut":
            raw = raw[:start] + raw[end:]
        elif change == "repeat":
            raw = raw[:end] + raw[start:]
        else:
            raw = raw[:start] + raw[start:end][::-1] + raw[end:]
    assert_imported(raw, name, SOME if with_corpus else None)


#: Any JSON, with the keys that tools use.
KEYS = st.sampled_from(
    "id data text annotations result value choices start end labels from_name type cats entities "
    "label spans accept answer options meta predictions completed_by was_cancelled".split()
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-5, 10**20),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from([LABELLED[0].text, LABELLED[0].id, "accept", "2024-01-01"]),
        KEYS,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


@FEW
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=8), min_size=1, max_size=3), st.booleans())
def test_any_json_with_the_keys_of_tools_is_imported_or_refused(
    rows: list[dict[str, object]], lines: bool
) -> None:
    text = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows)
    assert_imported(text.encode(), "labels.json", SOME)


def assert_imported(raw: bytes, name: str, corpus: Corpus | None) -> None:
    """Labels are imported with true offsets, or refused in one line for each problem."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(raw)
        try:
            found = import_labels(path, BOOK, corpus, coder="anna", date="2024-03-31")
        except BadCorpus as error:
            assert all(str(path) in problem for problem in error.problems or [str(error)])
            return
        except ClasNlpError:
            return
    for paragraph in found:
        for label in paragraph.labels:
            assert 0 <= label.start < label.end <= len(paragraph.text)
