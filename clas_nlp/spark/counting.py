"""The recurring table as an aggregation over a tagged Spark frame.

In three steps. Each inspection is looked at for what identifies it and how often it carries each
theme; the driver decides from that which copies to leave out. Then each inspection's figures are
made where it lies; and figures are joined, first in buckets, so that no machine has to hold all
inspections of a theme.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from clas_nlp.codebook import Codebook, load_codebook
from clas_nlp.errors import BadCodebook
from clas_nlp.integrations.batches import DETAIL_COLUMNS, ERROR_COLUMN, TAG_COLUMNS
from clas_nlp.recurring.counting import COLUMNS, known_groupings
from clas_nlp.recurring.inspections import Inspection, common_codebook, distinct_places
from clas_nlp.recurring.mentions import COUNTED_KINDS, counted_themes
from clas_nlp.recurring.partial import PartialFigures, partial_figures

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

log = logging.getLogger(__name__)

#: Into how many lots the inspections of a cell are divided before they are joined.
_BUCKETS = 64


def recurring(
    tagged: DataFrame,
    by: str | Sequence[str] = "theme",
    kinds: Sequence[str] = COUNTED_KINDS,
    theme: str | Sequence[str] | None = None,
    min_inspections: int = 0,
    codebook: Codebook | None = None,
    evidence: int | None = 5,
) -> DataFrame:
    """Counts in how many inspections each theme has a weakness; see `clas_nlp.recurring`.

    The figures are those that `clas_nlp.recurring` gives for the same inspections in the order of
    their ids. Rows with an `error` are passed over. The frame is read several times: persist it,
    or write it and read it again, where tagging takes long.

    Args:
        tagged: what `clas_nlp.spark.tag` gave, best with `details`; or JSON lines of
            `clas-nlp tag`, read by Spark with the same columns.
        by: one or more of `clas_nlp.recurring.GROUPINGS`.
        kinds: kinds of paragraph that count.
        theme: one theme or several; by default all.
        min_inspections: leaves out rows with a weakness in fewer inspections.
        codebook: the codebook of the tags; by default the project's own.
        evidence: how many of the strongest sentences a row carries; None for all.

    Returns:
        The columns of `clas_nlp.recurring`, the most recurrent first within a grouping.

    Raises:
        ValueError: an unknown grouping, kind or theme, or a column is missing.
        BadCodebook: the inspections were tagged with different codebooks.
        UnreadableReport: there are no inspections.
    """
    from pyspark.sql import functions as f
    from pyspark.sql.types import IntegerType

    from clas_nlp.spark.schemas import recurring_schema

    groupings = known_groupings(by)
    book = codebook or load_codebook()
    themes = counted_themes(book, kinds, theme)
    lines = _lines(tagged)
    kept, counts = _looked_over(lines, book, themes, tuple(kinds))

    def figures_of(frame: pd.DataFrame) -> pd.DataFrame:
        inspection = _inspection(frame)
        found = (
            partial_figures(inspection, book, groupings, themes, kinds, counts, evidence)
            if inspection.id in kept
            else ()
        )
        return _partial_frame((cell, figures.to_dict()) for cell, figures in found)

    def joined(frame: pd.DataFrame) -> pd.DataFrame:
        return _partial_frame([(_cell(frame), _joined(frame, evidence).to_dict())])

    theme_names = {one: book.theme_name(one) for one in themes}
    services = (*book.service_ids, "")

    def figures_row(frame: pd.DataFrame) -> pd.DataFrame:
        import pandas as pd

        grouping, group, own = _cell(frame)
        figures = _joined(frame, evidence)
        row = {
            "by": grouping,
            "group": group,
            "group_name": figures.name[1],
            "theme": own,
            "theme_name": theme_names[own],
            **figures.row(),
            "grouping_place": groupings.index(grouping),
            "group_place": services.index(group) if group in services else len(services),
            "theme_place": themes.index(own),
        }
        return pd.DataFrame([row], dtype=object)[[*COLUMNS, *_PLACES]]

    cell = ("grouping", "group", "theme")
    partial = "grouping string, group string, theme string, bucket int, figures string"
    schema = recurring_schema()
    for place in _PLACES:
        schema = schema.add(place, IntegerType())
    return (
        lines.groupBy("report")
        .applyInPandas(figures_of, partial)
        .groupBy(*cell, "bucket")
        .applyInPandas(joined, partial)
        .groupBy(*cell)
        .applyInPandas(figures_row, schema)
        .where(f.col("inspections_with_weakness") >= min_inspections)
        .orderBy(
            "grouping_place",
            f.desc("inspections_with_weakness"),
            f.desc("share"),
            f.desc("weaknesses"),
            "group_place",
            "group",
            "theme_place",
        )
        .drop(*_PLACES)
    )


#: Columns to order by, dropped in the end.
_PLACES = ("grouping_place", "group_place", "theme_place")


def _lines(tagged: DataFrame) -> DataFrame:
    """The tagged paragraphs as the JSON lines that `tag` writes: what `recurring` reads."""
    from pyspark.sql import functions as f

    missing = [name for name in TAG_COLUMNS if name not in tagged.columns]
    if missing:
        raise ValueError(
            f"no column {missing[0]!r}; found {', '.join(tagged.columns)}; expected a frame that "
            "clas_nlp.spark.tag gave"
        )
    if ERROR_COLUMN in tagged.columns:
        tagged = tagged.where(f.col(ERROR_COLUMN).isNull())
    columns = [name for name in (*TAG_COLUMNS, *DETAIL_COLUMNS) if name in tagged.columns]
    return tagged.select("report", "start", f.to_json(f.struct(*columns)).alias("line"))


def _inspection(frame: pd.DataFrame) -> Inspection:
    """The inspection whose lines a group of rows holds, in reading order."""
    from clas_nlp.recurring.tagged_files import inspections_of

    ordered = frame.sort_values("start", kind="stable")
    name = str(frame["report"].iloc[0])
    return inspections_of(ordered["line"], name, name)[0]


def _looked_over(
    lines: DataFrame, codebook: Codebook, themes: Sequence[str], kinds: Sequence[str]
) -> tuple[frozenset[str], dict[str, tuple[int, int]]]:
    """Ids of the inspections to count, each once, and their `tag_counts` together."""

    def looked_at(frame: pd.DataFrame) -> pd.DataFrame:
        import pandas as pd

        from clas_nlp.recurring.inspections import identity, told
        from clas_nlp.recurring.mentions import tag_counts

        inspection = _inspection(frame)
        facts = {
            "identity": identity(inspection),
            "told": told(inspection),
            "codebook": inspection.codebook,
            "themes": sorted({tag.theme for p in inspection.paragraphs for tag in p.themes}),
            "counts": tag_counts([inspection], themes, kinds),
        }
        return pd.DataFrame({"report": [inspection.id], "facts": [json.dumps(facts)]})

    found = lines.groupBy("report").applyInPandas(looked_at, "report string, facts string")
    facts = {row["report"]: json.loads(row["facts"]) for row in found.collect()}
    reports = sorted(facts)
    places, copies = distinct_places([(facts[r]["identity"], facts[r]["told"]) for r in reports])
    for left, chosen in copies:
        log.warning(
            f"{reports[left]} is the same inspection as {reports[chosen]}; it is counted once"
        )
    kept = [reports[place] for place in places]
    common_codebook([Inspection(r, codebook=facts[r]["codebook"]) for r in kept], codebook)
    for report in kept:
        unknown = sorted(set(facts[report]["themes"]) - set(codebook.theme_ids))
        if unknown:
            raise BadCodebook(
                f"{report}: has the theme {unknown[0]!r}; codebook {codebook.sha256[:12]} has "
                f"{', '.join(codebook.theme_ids)}; give the codebook of these tags"
            )
    counts = {
        theme: (
            sum(facts[r]["counts"][theme][0] for r in kept),
            sum(facts[r]["counts"][theme][1] for r in kept),
        )
        for theme in themes
    }
    return frozenset(kept), counts


def _partial_frame(found: Iterable[tuple[tuple[str, str, str], dict[str, Any]]]) -> pd.DataFrame:
    """Rows of partial figures; in which bucket they are joined follows from the first name."""
    import zlib

    import pandas as pd

    rows = [
        (*cell, zlib.crc32(figures["name"][0].encode()) % _BUCKETS, json.dumps(figures))
        for cell, figures in found
    ]
    return pd.DataFrame(rows, columns=["grouping", "group", "theme", "bucket", "figures"])


def _cell(frame: pd.DataFrame) -> tuple[str, str, str]:
    grouping, group, theme = (str(frame[name].iloc[0]) for name in ("grouping", "group", "theme"))
    return grouping, group, theme


def _joined(frame: pd.DataFrame, most: int | None) -> PartialFigures:
    # In one order, so that sums do not hang on how Spark shuffled.
    parts = [PartialFigures.from_dict(json.loads(figures)) for figures in frame["figures"]]
    return PartialFigures.joined(sorted(parts, key=lambda part: part.name), most)
