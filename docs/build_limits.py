"""Writes figures and mistakes into the pages about quality: `python docs/build_limits.py`.

Run it after the models in models/ were trained. Figures on reports come from the models' cards;
mistakes come from the held-out challenge and nothing else, so that no report is looked at for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clas_nlp.codebook import Codebook
from clas_nlp.corpus import Corpus, LabelledParagraph, load_corpus
from clas_nlp.evaluating import evaluate
from clas_nlp.evaluating.tables import score_markdown
from clas_nlp.files import write_text
from clas_nlp.tagging import TaggedParagraph, Tagger, load

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "limits.md"
ENCODER_PAGE = ROOT / "docs" / "how-to" / "neural.md"
DEFAULT, NEURAL = ROOT / "models" / "default", ROOT / "models" / "neural"
CHALLENGE = ROOT / "corpus" / "held_out" / "challenge.jsonl"
LONGEST = 240
WRONG, MISSED, STANCE = "given wrongly", "missed", "other stance"


def fill(path: Path, blocks: dict[str, str]) -> None:
    """Replaces what stands between each `<!-- name -->` and `<!-- /name -->` of a page."""
    page = path.read_text(encoding="utf-8")
    for name, text in blocks.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*{re.escape(end)}", re.DOTALL)
        found = pattern.search(page)
        if found is None:
            raise ValueError(f"{path}: no {begin} ... {end} to fill")
        before, after = page[: found.start()], page[found.end() :]
        page = f"{before}{begin}\n{text.strip()}\n{end}{after}"
    write_text(path, page)


def card_scores(folder: Path) -> str:
    """The scores in a model's card, headings one level lower."""
    card = (folder / "README.md").read_text(encoding="utf-8")
    scores = card.split("\n## Scores\n", 1)[1].split("\n## ", 1)[0].strip()
    return re.sub(r"^#", "##", scores, flags=re.MULTILINE) if scores.startswith("#") else scores


@dataclass(frozen=True)
class Mistake:
    """A theme given wrongly, missed, or with another stance, on one paragraph."""

    paragraph: str
    theme: str
    kind: str
    detail: str
    probability: float
    sentence: str

    @property
    def sureness(self) -> float:
        """How sure the model was of what it got wrong."""
        return 1 - self.probability if self.kind == MISSED else self.probability


def mistakes(challenge: Corpus, tagger: Tagger) -> str:
    """For each kind of mistake and theme how many there are, and the one made most surely.

    Not all of them: who reads the challenge while writing patterns has nothing left to test with.
    """
    tagged = tagger.tag_texts(
        [p.text for p in challenge.paragraphs],
        kinds=[p.kind for p in challenge.paragraphs],
    )
    found = [
        mistake
        for paragraph, given in zip(challenge.paragraphs, tagged, strict=True)
        for mistake in _mistakes(paragraph, given, tagger.codebook)
    ]
    lines = [
        "| mistake | theme | how many | the one made most surely | prob. | its sentence |",
        "|---|---|---:|---|---:|---|",
    ]
    for kind in (WRONG, MISSED, STANCE):
        for theme in tagger.codebook.themes:
            same = [m for m in found if (m.kind, m.theme) == (kind, theme.id)]
            if same:
                worst = max(same, key=lambda m: m.sureness)
                lines.append(
                    f"| {kind} | {theme.name} | {len(same)} | {worst.paragraph}, {worst.detail} | "
                    f"{worst.probability:.2f} | {_cell(worst.sentence)} |"
                )
    return "\n".join(lines)


def _mistakes(
    paragraph: LabelledParagraph, given: TaggedParagraph, codebook: Codebook
) -> Iterator[Mistake]:
    for theme in codebook.theme_ids:
        tag, true = given.tag(theme), paragraph.themes.get(theme)
        labelled = [
            (x.stance, paragraph.text[x.start : x.end])
            for x in paragraph.labels
            if x.theme == theme
        ]
        evidence = [(e.stance, e.text) for e in tag.evidence] if tag else []
        if tag is None and true is not None:
            kind, detail, sentences = MISSED, true, labelled
        elif tag is not None and true is None:
            kind, detail, sentences = WRONG, tag.stance, evidence
        elif tag is not None and tag.stance != true:
            kind, detail = STANCE, f"{tag.stance} instead of {true}"
            # The sentence that makes the difference: a stance overlooked, or one made up.
            overlooked = [x for x in labelled if x[0] not in {s for s, _ in evidence}]
            made_up = [x for x in evidence if x[0] not in {s for s, _ in labelled}]
            sentences = overlooked or made_up or labelled
        else:
            continue
        sentence = sentences[0][1] if sentences else ""
        probability = given.probabilities[theme]
        yield Mistake(paragraph.id, theme, kind, detail, probability, sentence)


def _cell(text: str) -> str:
    short = text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " …"
    return " ".join(short.replace("|", "\\|").split())


def both_models(scored: dict[Path, list[dict[str, Any]]]) -> str:
    """The scores of the two models side by side, one row for each text and model.

    Args:
        scored: the scores of each model, on the same texts in the same order.
    """
    lines = [
        "| tested on | model | macro-F1 (95% interval) | average precision | stance "
        "| evidence F1 | services F1 | calibration error |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for place, scores in enumerate(scored[DEFAULT]):
        name = scores["report"]
        shown = name.title() if name != "challenge" else "text written for testing"
        for folder, told in ((DEFAULT, "shipped"), (NEURAL, "with the encoder")):
            own = scored[folder][place]
            f1 = own["macro_f1"]
            lines.append(
                f"| {shown if folder is DEFAULT else ''} | {told} | {f1['value']:.2f} "
                f"({f1['low']:.2f} to {f1['high']:.2f}) | {own['mean_average_precision']:.2f} | "
                f"{own['stance_accuracy']:.2f} | {own['evidence_f1']:.2f} | "
                f"{own['services_micro_f1']:.2f} | {own['calibration_error']:.3f} |"
            )
    return "\n".join(lines)


def main() -> None:
    """Fills the pages."""
    taggers = {folder: load(folder) for folder in (DEFAULT, NEURAL)}
    challenge = load_corpus(CHALLENGE)
    evaluated = {folder: evaluate(challenge, t.model) for folder, t in taggers.items()}
    fill(
        PAGE,
        {
            "card": card_scores(DEFAULT),
            "challenge": score_markdown(evaluated[DEFAULT]),
            "mistakes": mistakes(challenge, taggers[DEFAULT]),
        },
    )
    scored = {
        folder: [*tagger.model.details["scores"], *evaluated[folder].to_dict()["reports"]]
        for folder, tagger in taggers.items()
    }
    fill(ENCODER_PAGE, {"encoder": both_models(scored)})


if __name__ == "__main__":
    main()
