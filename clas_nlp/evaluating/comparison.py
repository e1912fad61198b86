"""What a comparison of two models holds: figures of both, and the tags that changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clas_nlp.evaluating.scores import Interval

if TYPE_CHECKING:
    import pandas as pd

BETTER, WORSE, UNCLEAR = "better", "worse", "no clear difference"
#: Verdict where neither model has anything to score.
NOTHING = "nothing to compare"
ONLY_OLD, ONLY_NEW = "only the old model knows it", "only the new model knows it"
#: Verdict on a tag that changed from one wrong one to another.
BOTH_WRONG = "both wrong"
#: What stands for the stance of a theme that is not there.
NO_TAG = "none"
#: Measures by theme, and over all shared themes, in the order shown.
THEME_MEASURES = ("f1", "precision", "recall")
OVERALL_MEASURES = ("macro_f1", "stance", "evidence", "services", "calibration")
#: Measures of error: less is better.
LESS_IS_BETTER = ("calibration",)


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """One figure of both models.

    Attributes:
        measure: one of `THEME_MEASURES` or `OVERALL_MEASURES`; see `Figures`.
        theme: id of the theme, or empty for figures over all shared themes.
        support: how many paragraphs the figure is about: those that carry the theme; those that
            carry any, for stance, evidence and mean F1; all, for services and calibration.
        old: the old model's figure; NaN where it has none.
        new: the new model's.
        difference: new less old, with its 95% interval.
        verdict: better or worse where the interval leaves out 0, else no clear difference.
    """

    measure: str
    theme: str
    support: int
    old: float
    new: float
    difference: Interval
    verdict: str


@dataclass(frozen=True, slots=True)
class TagChange:
    """A theme of a paragraph that the two models tag otherwise.

    Attributes:
        report: id of the report.
        id: id of the paragraph.
        number: the number printed before it, or empty.
        theme: id of the theme.
        old: the old model's stance, or "none" where it does not give the theme.
        new: the new model's.
        labelled: the stance by the labels, or "none".
        verdict: better or worse where the new tag is nearer to the label, or farther from it, than
            the old one; else both are wrong. A theme rightly given with another stance is nearer
            than none.
        evidence: the sentences by the model that gives the theme, the new one first.
    """

    report: str
    id: str
    number: str
    theme: str
    old: str
    new: str
    labelled: str
    verdict: str
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class ModelComparison:
    """Two models on the same labelled paragraphs.

    Attributes:
        reports: ids of the reports compared on, in order.
        paragraphs: how many paragraphs.
        themes: themes that both models know and the labels may have.
        only_old: themes that only the old model knows.
        only_new: themes that only the new model knows.
        unlabelled: themes that both know, but the corpus's codebook does not; not compared.
        redefined: shared themes that the two codebooks describe otherwise.
        seen_by_old: reports that the old model was trained on.
        seen_by_new: reports that the new model was trained on.
        figures: by theme, then over all shared themes.
        changes: the tags that changed, in the corpus's order.
    """

    reports: tuple[str, ...]
    paragraphs: int
    themes: tuple[str, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    unlabelled: tuple[str, ...]
    redefined: tuple[str, ...]
    seen_by_old: tuple[str, ...]
    seen_by_new: tuple[str, ...]
    figures: tuple[ComparedFigure, ...]
    changes: tuple[TagChange, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the figures must know."""
        lines = [
            f"{report}: the {which} model was trained on it; its figures are no test"
            for which, seen in (("old", self.seen_by_old), ("new", self.seen_by_new))
            for report in seen
        ]
        for what, themes in (
            ("known to the old model only", self.only_old),
            ("known to the new model only", self.only_new),
            (
                "known to both models and not to the labels' codebook; left out",
                self.unlabelled,
            ),
            ("described otherwise in the two models' codebooks", self.redefined),
        ):
            if themes:
                lines.append(f"{', '.join(themes)}: {what}")
        return tuple(lines)

    def figure(self, measure: str, theme: str = "") -> ComparedFigure:
        """The figure of a measure, for a theme or over all shared ones.

        Raises:
            KeyError: there is none.
        """
        for found in self.figures:
            if (found.measure, found.theme) == (measure, theme):
                return found
        raise KeyError((measure, theme))

    def to_frame(self) -> pd.DataFrame:
        """One row for each figure."""
        import pandas as pd

        columns = ["theme", "measure", "support", "old", "new", "difference", "low", "high"]
        rows = [
            {
                **asdict(found),
                "difference": found.difference.value,
                "low": found.difference.low,
                "high": found.difference.high,
            }
            for found in self.figures
        ]
        frame = pd.DataFrame(rows, columns=[*columns, "verdict"])
        frame.attrs["notes"] = list(self.notes)
        return frame

    def changes_frame(self) -> pd.DataFrame:
        """One row for each tag that changed; the evidence is a tuple of sentences."""
        import pandas as pd

        columns = list(TagChange.__dataclass_fields__)
        return pd.DataFrame([asdict(change) for change in self.changes], columns=columns)

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain values, figures rounded to four digits."""
        content = asdict(self)
        for found in content["figures"]:
            interval = found.pop("difference")
            found |= {"difference": interval["value"], "low": interval["low"]}
            found |= {"high": interval["high"], "verdict": found.pop("verdict")}
            for name, value in found.items():
                if isinstance(value, float):
                    found[name] = None if np.isnan(value) else round(value, 4)
        return {**content, "notes": list(self.notes)}
