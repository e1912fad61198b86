"""Tagging a Spark frame of reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clas_nlp.integrations.batches import BatchTagger

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

#: Reports that are tagged before their rows are handed back; a report gives some hundred rows.
_REPORTS = 16


def tag(
    df: DataFrame,
    text: str = "text",
    *,
    report: str | None = None,
    keep: Sequence[str] = (),
    details: bool = False,
    model: str | Path | None = None,
) -> DataFrame:
    """Tags a frame of reports, a row each, through `mapInPandas`.

    The model is broadcast, so executors need clas-nlp but not the model's folder; each Python
    worker loads it once. A report that cannot be read, or is not English, becomes one row with
    the reason in `error`; in all other rows `error` is null. Nothing is computed until Spark is
    asked for rows.

    Args:
        df: the reports; needs a session with a `sparkContext` (not Spark Connect).
        text: the column with the texts, or with the bytes of files, as Spark's `binaryFile`
            reader gives them in `content`.
        report: the column that names the reports, each name once; by default a report is named by
            a hash of its content.
        keep: columns to copy to every row of a report.
        details: add what `clas-nlp tag --details` adds, which `recurring` needs for areas, years,
            providers and expected counts.
        model: a model folder on the driver; None for the shipped model.

    Returns:
        A row for each paragraph: the columns kept, those of the JSON lines that `clas-nlp tag`
        writes, and `error`.

    Raises:
        BadModel: the model folder is missing or broken.
        ValueError: a column is missing, or cannot be kept since a column of the tags has its name.
    """
    from pyspark.sql.types import StructType

    from clas_nlp.spark.schemas import tagged_schema

    needed = list(dict.fromkeys([text, *([report] if report else []), *keep]))
    for name in needed:
        if name not in df.columns:
            raise ValueError(f"no column {name!r}; found {', '.join(df.columns)}")
    tagger = BatchTagger(model, text=text, report=report, keep=keep, details=details)
    kept = [df.schema[name] for name in tagger.keep]
    shipped = df.sparkSession.sparkContext.broadcast(tagger)

    def tagged(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            for first in range(0, len(frame), _REPORTS):
                yield shipped.value(frame.iloc[first : first + _REPORTS])

    schema = StructType([*kept, *tagged_schema(details).fields])
    return df.select(*needed).mapInPandas(tagged, schema)
