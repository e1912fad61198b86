"""Recurring: many inspections side by side, action plans, and the pages that show them.

inspections = [Inspection.from_report(report, tagger.tag(report), tagger.codebook), ...]
frame = clas_nlp.recurring(inspections, by="service")
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from clas_nlp.recurring.action_plan import action_plan
from clas_nlp.recurring.change import change_between_inspections
from clas_nlp.recurring.counting import GROUPINGS, recurring, title_of
from clas_nlp.recurring.inspections import Inspection, distinct_inspections
from clas_nlp.recurring.mentions import (
    COUNTED_KINDS,
    Comparison,
    EvidenceSentence,
    compare,
    evidence_frame,
)
from clas_nlp.recurring.pages import accuracy_note, recurring_page, report_page
from clas_nlp.recurring.sheets import action_sheet, frames_sheet, recurring_sheet
from clas_nlp.recurring.tables import action_table, frame_csv, frame_json, frame_table
from clas_nlp.recurring.tagged_files import inspections_jsonl, read_inspections
from clas_nlp.recurring.together import co_occurrence
from clas_nlp.recurring.years import shift, trend

__all__ = [
    "COUNTED_KINDS",
    "GROUPINGS",
    "Comparison",
    "EvidenceSentence",
    "Inspection",
    "accuracy_note",
    "action_plan",
    "action_sheet",
    "action_table",
    "change_between_inspections",
    "co_occurrence",
    "compare",
    "distinct_inspections",
    "evidence_frame",
    "frame_csv",
    "frame_json",
    "frame_table",
    "frames_sheet",
    "inspections_jsonl",
    "read_inspections",
    "recurring",
    "recurring_page",
    "recurring_sheet",
    "report_page",
    "shift",
    "title_of",
    "trend",
]


class _CallablePackage(ModuleType):
    """Importing this package sets `clas_nlp.recurring` to it, where people expect the function."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        return recurring(*args, **options)


sys.modules[__name__].__class__ = _CallablePackage
