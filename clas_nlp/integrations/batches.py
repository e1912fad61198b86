"""Tagging batches of rows: the one function that Spark, Dask, Ray and `datasets` all call."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from clas_nlp.errors import BadModel, ClasNlpError, UnreadableReport
from clas_nlp.reading.records import PARAGRAPH_KINDS
from clas_nlp.resources import resource_folder

if TYPE_CHECKING:
    import pandas as pd
    from datasets import Features

    from clas_nlp.tagging.records import TaggedParagraph
    from clas_nlp.tagging.tagger import Tagger

    Batch = Mapping[str, Sequence[Any]] | pd.DataFrame

Unit = Literal["report", "paragraph"]

#: Columns of a tagged paragraph, those of the JSON lines that `tag` writes.
TAG_COLUMNS = (
    "report",
    "id",
    "kind",
    "number",
    "section",
    "page",
    "start",
    "end",
    "text",
    "services",
    "recommendations",
    "themes",
)
#: What `tag --details` adds.
DETAIL_COLUMNS = (
    "probabilities",
    "area",
    "review_start",
    "review_end",
    "published",
    "providers",
    "codebook",
)
#: Why a row could not be tagged; None where it was.
ERROR_COLUMN = "error"

#: Taggers by the hash of their model: each process loads a model once, whatever it is handed.
_TAGGERS: dict[str, Tagger] = {}


class BatchTagger:
    """A function that tags a batch of rows: a pandas frame, or columns by name.

    It holds the bytes of its model, so that it can be sent to machines that have clas-nlp but not
    the model; each process loads the model once. What it gives depends on what a row is:

    - a report ("report"): a row for each of its paragraphs, with `TAG_COLUMNS`, the columns kept
      and `error`. A report that cannot be read, or is not English, gives one row: its name, the
      columns kept, and the reason in one line.
    - a paragraph ("paragraph"): the row, with `services`, `themes` and `error` added.

    Args:
        model: a model folder; None for the shipped model.
        text: the column with the texts. For reports also the bytes of files (PDF, DOCX, HTML).
        unit: what a row is.
        report: the column that names the reports, each name once; by default a report is named by
            a hash of its content. Only for reports.
        kind: the column with the paragraphs' kinds; where it is missing, all count as findings.
            Only for paragraphs.
        keep: columns to copy to every row of a report. A paragraph keeps all it has.
        details: add `DETAIL_COLUMNS` for reports, `probabilities` for paragraphs. Probabilities
            are numbers by theme, empty for quotations and context.

    Raises:
        BadModel: the folder is missing or broken.
        ValueError: the unit is unknown, or a column to keep has the name of a new one.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        text: str = "text",
        unit: Unit = "report",
        report: str | None = None,
        kind: str = "kind",
        keep: Sequence[str] = (),
        details: bool = False,
    ) -> None:
        if unit not in ("report", "paragraph"):
            raise ValueError(f"unit is {unit!r}; expected 'report' or 'paragraph'")
        self.unit, self.details = unit, details
        self.keep = tuple(keep) if unit == "report" else ()
        self._text, self._report, self._kind = text, report, kind
        taken = [name for name in self.keep if name in self.columns[len(self.keep) :]]
        if taken:
            raise ValueError(
                f"column {taken[0]!r} cannot be kept: a column of the tags has that name; rename it"
            )
        self._model = _folder_bytes(Path(model) if model is not None else resource_folder("model"))
        self._hash = hashlib.sha256(self._model["manifest.json"]).hexdigest()
        # A broken model is told of here, not on some other machine.
        _ = self.tagger

    @property
    def tagger(self) -> Tagger:
        """The tagger of this process, loaded when it is first asked for."""
        if self._hash not in _TAGGERS:
            from clas_nlp.tagging.tagger import load

            with tempfile.TemporaryDirectory(prefix="clas-nlp-model-") as folder:
                for name, content in self._model.items():
                    (Path(folder) / name).write_bytes(content)
                _TAGGERS[self._hash] = load(folder)
        return _TAGGERS[self._hash]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns kept, then those that are added, in order."""
        if self.unit == "paragraph":
            added: tuple[str, ...] = ("services", "themes")
            added += ("probabilities",) if self.details else ()
        else:
            added = TAG_COLUMNS + (DETAIL_COLUMNS if self.details else ())
        return (*self.keep, *added, ERROR_COLUMN)

    @overload
    def __call__(self, batch: pd.DataFrame) -> pd.DataFrame: ...
    @overload
    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]: ...
    def __call__(
        self, batch: pd.DataFrame | Mapping[str, Sequence[Any]]
    ) -> pd.DataFrame | dict[str, list[Any]]:
        """Tags a batch, and gives the sort of batch that it was given.

        Raises:
            KeyError: a column is missing.
        """
        needed = [self._text, *self.keep, *([self._report] if self._report else [])]
        for name in needed:
            if name not in batch:
                raise KeyError(f"no column {name!r}; found {', '.join(map(str, batch))}")
        paragraphs = self.unit == "paragraph"
        tagged = self._paragraph_rows(batch) if paragraphs else self._report_rows(batch)
        columns = {name: [row[name] for row in tagged] for name in self.columns}
        if isinstance(batch, Mapping):
            if paragraphs:
                return {**{name: list(values) for name, values in batch.items()}, **columns}
            return columns
        import pandas as pd

        index = batch.index if paragraphs else None
        # As objects: a column of nothing but None would become numbers.
        frame = pd.DataFrame(columns, index=index, columns=list(columns), dtype=object)
        return batch.assign(**{name: frame[name] for name in columns}) if paragraphs else frame

    def features(self, before: Mapping[str, Any] | None = None) -> Features:
        """Types of the columns for `datasets`: a batch without a theme tells nothing of them.

        Args:
            before: the features of the dataset, for the columns that stay as they are.
        """
        from datasets import Features, Value

        from clas_nlp.integrations.datasets_bridge import tagged_features

        text = Value("string")
        known: dict[str, Any] = {
            **tagged_features(self.tagger.codebook.theme_ids),
            **dict.fromkeys(DETAIL_COLUMNS[1:], text),
            "providers": [text],
            ERROR_COLUMN: text,
        }
        kept = {name: (before or {})[name] for name in self.keep}
        new = {name: known[name] for name in self.columns if name not in kept}
        return Features({**(before or {} if self.unit == "paragraph" else kept), **new})

    def _report_rows(self, batch: Batch) -> list[dict[str, Any]]:
        texts = list(batch[self._text])
        names = list(batch[self._report]) if self._report else [None] * len(texts)
        kept = {name: list(batch[name]) for name in self.keep}
        rows: list[dict[str, Any]] = []
        for place, (content, name) in enumerate(zip(texts, names, strict=True)):
            own = {name: values[place] for name, values in kept.items()}
            called = _content_name(content) if _is_missing(name) else str(name)
            try:
                found = list(self._tagged_report(content, called))
            except Exception as error:  # one document must not end the work on millions
                found = [_no_row(self.columns, called, _reason(error))]
            rows += [{**row, **own} for row in found]
        return rows

    def _tagged_report(self, content: Any, name: str) -> Iterator[dict[str, Any]]:
        from clas_nlp.reading.language import looks_english
        from clas_nlp.reading.report import parse_document
        from clas_nlp.recurring.inspections import Inspection
        from clas_nlp.recurring.tagged_files import inspection_rows

        if _is_missing(content):
            raise UnreadableReport(f"{name}: no text; expected a report")
        raw = content.encode("utf-8") if isinstance(content, str) else bytes(content)
        report = parse_document(raw, name)
        if not looks_english(report.text):
            raise UnreadableReport(f"{name}: the text is not English; nothing was tagged")
        tagged = self.tagger.tag(report)
        if not self.details:
            return ({**p.to_row(), ERROR_COLUMN: None} for p in tagged)
        inspection = Inspection.from_report(report, tagged, self.tagger.codebook)
        return ({**row, ERROR_COLUMN: None} for row in inspection_rows(inspection))

    def _paragraph_rows(self, batch: Batch) -> list[dict[str, Any]]:
        texts = list(batch[self._text])
        kinds = list(batch[self._kind]) if self._kind in batch else ["finding"] * len(texts)
        problems = [self._problem(*row) for row in zip(texts, kinds, strict=True)]
        good = [place for place, problem in enumerate(problems) if problem is None]
        tagged = self.tagger.tag_texts(
            [texts[place] for place in good], kinds=[kinds[place] for place in good]
        )
        found = dict(zip(good, tagged, strict=True))
        return [
            {**(_added(found[place]) if place in found else _NOTHING), ERROR_COLUMN: problem}
            for place, problem in enumerate(problems)
        ]

    def _problem(self, text: Any, kind: Any) -> str | None:
        if not isinstance(text, str):
            return f"column {self._text!r}: {type(text).__name__}; expected a text"
        if kind not in PARAGRAPH_KINDS:
            return f"unknown kind {kind!r}; expected one of {', '.join(PARAGRAPH_KINDS)}"
        return None


_NOTHING: dict[str, Any] = {"services": [], "themes": [], "probabilities": {}}


def _added(paragraph: TaggedParagraph) -> dict[str, Any]:
    row = paragraph.to_row()
    return {
        "services": row["services"],
        "themes": row["themes"],
        "probabilities": dict(paragraph.probabilities),
    }


def _no_row(columns: Sequence[str], report: str, reason: str) -> dict[str, Any]:
    """The row of a report that could not be tagged: empty but for its name and the reason."""
    return {**dict.fromkeys(columns), "report": report, ERROR_COLUMN: reason}


def _reason(error: Exception) -> str:
    """Why a document could not be tagged, in one line."""
    told = str(error) if isinstance(error, ClasNlpError) else f"{type(error).__name__}: {error}"
    return " ".join(told.split())


def _is_missing(value: Any) -> bool:
    """None, or what pandas puts in its place."""
    return value is None or (isinstance(value, float) and value != value)


def _content_name(content: Any) -> str:
    raw = b"" if _is_missing(content) else content
    raw = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else bytes(raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def _folder_bytes(folder: Path) -> dict[str, bytes]:
    """Content of each file of a model folder, by name."""
    if not folder.is_dir():
        raise BadModel(f"{folder}: no such model folder; train one with `clas-nlp train`")
    try:
        files = {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.is_file()}
    except OSError as error:
        raise BadModel(f"{folder}: {error.strerror or error}; the model is not whole") from None
    if "manifest.json" not in files:
        raise BadModel(f"{folder}: no manifest.json, so this is no whole model folder")
    return files
