"""Types of the columns that Spark is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql.types import StructType


def tagged_schema(details: bool) -> StructType:
    """Types of tagged paragraphs: those of the JSON lines that `tag` writes, and `error`.

    Args:
        details: with what `tag --details` adds.
    """
    from pyspark.sql import types as t

    from clas_nlp.integrations.batches import DETAIL_COLUMNS, ERROR_COLUMN, TAG_COLUMNS

    text, place, share = t.StringType(), t.LongType(), t.DoubleType()
    evidence = _struct({"start": place, "end": place, "stance": text, "text": text})
    theme = _struct(
        {"theme": text, "stance": text, "probability": share, "evidence": t.ArrayType(evidence)}
    )
    other = {
        **dict.fromkeys(("page", "start", "end"), place),
        **dict.fromkeys(("services", "recommendations", "providers"), t.ArrayType(text)),
        "themes": t.ArrayType(theme),
        "probabilities": t.MapType(text, share),
    }
    names = (*TAG_COLUMNS, *(DETAIL_COLUMNS if details else ()), ERROR_COLUMN)
    return _struct({name: other.get(name, text) for name in names})


def recurring_schema() -> StructType:
    """Types of the recurring table; `evidence` holds the fields of `EvidenceSentence`."""
    from pyspark.sql import types as t

    from clas_nlp.recurring.counting import COLUMNS
    from clas_nlp.recurring.mentions import EvidenceSentence

    text, place, share = t.StringType(), t.LongType(), t.DoubleType()
    other = {"page": place, "probability": share, "services": t.ArrayType(text)}
    fields = EvidenceSentence.__dataclass_fields__
    sentence = _struct({name: other.get(name, text) for name in fields})
    known: dict[str, Any] = {
        "string": text,
        "Int64": place,
        "Float64": share,
        "object": t.ArrayType(sentence),
    }
    return _struct({name: known[kind] for name, kind in COLUMNS.items()})


def _struct(columns: dict[str, Any]) -> StructType:
    from pyspark.sql import types as t

    return t.StructType([t.StructField(name, kind, True) for name, kind in columns.items()])
