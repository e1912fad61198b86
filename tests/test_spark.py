"""On a real local Spark session, several partitions; needs Java 17 or later."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import REPORTS, ROOT

from clas_nlp.codebook import load_codebook
from clas_nlp.errors import BadCodebook, BadModel, UnreadableReport
from clas_nlp.reading import Report, parse_report
from clas_nlp.recurring import Inspection, inspections_jsonl
from clas_nlp.recurring import recurring as recurring_here
from clas_nlp.tagging import Tagger

pyspark = pytest.importorskip("pyspark", reason="pyspark is not installed: '.[spark]'")
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("no Java here: Spark needs Java 17 or later", allow_module_level=True)

import clas_nlp.spark  # noqa: E402

FICTIONAL = ROOT / "tests" / "reports_fictional"
NAMES = ("ashmere_2013", "ashmere_2015", "dudley", "dudley_copy")
GERMAN = "Die Kinder werden in der Schule nicht nach ihren Wünschen gefragt. " * 10
BAD = {"empty": "", "german": GERMAN, "missing": None}


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    # Workers run the Python of the tests, and find the clas_nlp that is tested.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "3")
        .config("spark.driver.memory", "1g")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.executorEnv.PYTHONPATH", str(ROOT))
        .getOrCreate()
    )
    yield session
    session.stop()


def _text(name: str) -> str:
    if name.startswith("dudley"):
        # Its first quarter: the header table and two chapters.
        text = (REPORTS / "dudley.txt").read_text(encoding="utf-8")
        return text[: len(text) // 4]
    return (FICTIONAL / f"{name}.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def here(tagger: Tagger) -> list[Inspection]:
    """The inspections as one machine tags them, in the order of their ids."""
    reports: list[Report] = [parse_report(_text(name), name) for name in NAMES]
    return [Inspection.from_report(r, tagger.tag(r), tagger.codebook) for r in reports]


@pytest.fixture(scope="module")
def tagged(spark: Any) -> Any:
    rows = [(f"{n}.txt", n, _text(n)) for n in NAMES]
    rows += [(f"{n}.txt", n, content) for n, content in BAD.items()]
    frame = spark.createDataFrame(rows, "file string, name string, text string").repartition(4)
    model = ROOT / "models" / "default"
    found = clas_nlp.spark.tag(frame, report="name", keep=["file"], details=True, model=model)
    assert found.rdd.getNumPartitions() > 1
    return found.persist()


def _plain(value: Any) -> Any:
    """Rows of Spark as dictionaries, without what is null."""
    if hasattr(value, "asDict"):
        value = value.asDict()
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if one is not None}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def test_rows_are_those_of_one_machine(tagged: Any, here: list[Inspection]) -> None:
    rows = [_plain(row) for row in tagged.where("error is null").collect()]
    wanted = [_plain(json.loads(line)) for line in inspections_jsonl(here).splitlines()]
    assert {row.pop("file") for row in rows} == {f"{name}.txt" for name in NAMES}
    rows.sort(key=lambda row: (row["report"], row["start"]))
    assert rows == wanted
    assert any(row["themes"] for row in rows)


def test_a_bad_report_is_one_row_with_the_reason(tagged: Any) -> None:
    rows = {row["report"]: row for row in tagged.where("error is not null").collect()}
    assert {name: row["error"] for name, row in rows.items()} == {
        "empty": "empty: the file is empty; expected the text of a report",
        "german": "german: the text is not English; nothing was tagged",
        "missing": "missing: no text; expected a report",
    }
    for name, row in rows.items():
        assert row["file"] == f"{name}.txt"
        assert row["id"] is None
        assert row["themes"] is None


def test_without_details_the_columns_are_those_of_the_json_lines(
    spark: Any, here: list[Inspection]
) -> None:
    frame = spark.createDataFrame([(bytearray(_text("ashmere_2013").encode()),)], "content binary")
    found = clas_nlp.spark.tag(frame, text="content")
    row = here[0].paragraphs[0].to_row()
    assert found.columns == [*row, "error"]
    rows = found.collect()
    assert [r["text"] for r in rows] == [p.text for p in here[0].paragraphs]
    assert len({r["report"] for r in rows}) == 1, "a report without a name is named by its content"


def test_recurring_is_that_of_one_machine(tagged: Any, here: list[Inspection]) -> None:
    by = ["theme", "service", "section", "year", "inspection"]
    found = clas_nlp.spark.recurring(tagged, by=by).toPandas()
    wanted = recurring_here(here, by=by)
    assert wanted["inspections"].max() == 3, "the copy of Dudley counts once"
    assert wanted["weaknesses"].sum() > 0
    assert list(found.columns) == list(wanted.columns)
    for column in ("by", "inspections_with_weakness", "share", "weaknesses"):
        # The order; rows that are equal in all of these have none.
        assert found[column].tolist() == pytest.approx(wanted[column].tolist())
    keys = ["by", "group", "theme"]
    found, wanted = (f.sort_values(keys).reset_index(drop=True) for f in (found, wanted))
    quoted = [
        [[(e["inspection"], e["paragraph"], e["text"]) for e in map(_plain, row)] for row in rows]
        for rows in (
            found["evidence"],
            [[{f: getattr(e, f) for f in e.__slots__} for e in row] for row in wanted["evidence"]],
        )
    ]
    assert quoted[0] == quoted[1]
    # Spark has no whole numbers with gaps for pandas: they come as figures with a point.
    whole = {name: kind for name, kind in wanted.dtypes.items() if str(kind) == "Int64"}
    pd.testing.assert_frame_equal(
        found.drop(columns="evidence").astype(whole),
        wanted.drop(columns="evidence"),
        check_dtype=False,
        rtol=1e-9,
    )


def test_recurring_takes_the_same_options(tagged: Any, here: list[Inspection]) -> None:
    theme = load_codebook().theme_ids[2]
    options: dict[str, Any] = {"theme": theme, "kinds": ["finding"], "min_inspections": 1}
    found = clas_nlp.spark.recurring(tagged, "service", evidence=1, **options).toPandas()
    wanted = recurring_here(here, "service", evidence=1, **options)
    assert sorted(found["group"]) == sorted(wanted["group"])
    assert max(map(len, found["evidence"])) == 1


def test_what_is_wrong_is_said_before_spark_runs(spark: Any, tagged: Any, tmp_path: Path) -> None:
    frame = spark.createDataFrame([("x", "y")], "text string, id string")
    with pytest.raises(ValueError, match=r"^no column 'body'; found text, id$"):
        clas_nlp.spark.tag(frame, text="body")
    with pytest.raises(ValueError, match="column 'id' cannot be kept"):
        clas_nlp.spark.tag(frame, keep=["id"])
    with pytest.raises(BadModel, match="no such model folder"):
        clas_nlp.spark.tag(frame, model=tmp_path / "none")
    with pytest.raises(ValueError, match="unknown grouping 'colour'"):
        clas_nlp.spark.recurring(tagged, by="colour")
    with pytest.raises(ValueError, match="no column 'report'; found text, id; expected a frame"):
        clas_nlp.spark.recurring(frame)
    with pytest.raises(UnreadableReport, match="no inspections"):
        clas_nlp.spark.recurring(tagged.where("report = 'empty'"))
    from pyspark.sql import functions as f

    other = tagged.withColumn(
        "codebook", f.when(f.col("report") == "dudley", "another").otherwise(f.col("codebook"))
    )
    with pytest.raises(BadCodebook, match="counts over both would mean nothing"):
        clas_nlp.spark.recurring(other.where("report != 'dudley_copy'"))


def test_the_lines_that_spark_writes_are_read(tagged: Any, tmp_path: Path) -> None:
    from clas_nlp.recurring import read_inspections

    tagged.where("report = 'ashmere_2015'").drop("file").coalesce(1).write.json(str(tmp_path / "o"))
    (written,) = (tmp_path / "o").glob("*.json")
    (inspection,) = read_inspections(written)
    assert inspection.year == 2015
    assert inspection.has_all_probabilities
