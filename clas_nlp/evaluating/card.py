"""The model card: what a model is for, what it was made from, and how good it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clas_nlp.evaluating.scores import Evaluation
from clas_nlp.evaluating.tables import score_markdown
from clas_nlp.tagging.model import Model

_FRONT = """---
language: en
license: mit
library_name: clas-nlp
tags:
- safeguarding
- text-classification
- clas-inspections
metrics:
- f1
- average_precision
---

# clas-nlp model

Tags paragraphs of reviews of health services for children looked after and safeguarding with
themes, and gives each theme a stance, a probability, and the sentences that say it.

## Use

For finding and counting what inspectors wrote, with the evidence read by a person. Not for any
decision about a child, a family or a professional, and not as a measure of how good a service is:
it reads reports, it does not see services.
"""


def model_card(model: Model, evaluation: Evaluation | None) -> str:
    """The card as Markdown, with the front matter that model hubs read.

    Args:
        model: the model.
        evaluation: scores on reports that the model, or its like, was trained without.
    """
    details = model.details
    lines = [_FRONT, "## Themes", ""]
    counts = details.get("theme_paragraphs", {})
    lines += [
        f"- **{theme.name}** (`{theme.id}`): {theme.definition} "
        f"{counts.get(theme.id, 0)} training paragraphs."
        for theme in model.codebook.themes
    ]
    sources = details.get("trained_on", {})
    lines += [
        "",
        "## Made from",
        "",
        f"{sum(sources.values())} paragraphs: "
        + ", ".join(f"{name} {count}" for name, count in sources.items())
        + ".",
        "Sources named `written-…` are text written for training, no real report. Reports held "
        f"out: {', '.join(details.get('held_out', [])) or 'none'}. Seed {details.get('seed')}.",
        "The coders are the project's authors, not safeguarding practitioners.",
        "",
        "TF-IDF of stems and the codebook's patterns, logistic regression on sentences, their "
        "neighbours and whole paragraphs; no text is sent anywhere and no weights are fetched.",
        "",
        *(_encoder_lines(details["encoder"]) if model.neural is not None else ()),
        "## Scores",
        "",
    ]
    if evaluation is None:
        lines.append("Not scored: no report was left out.")
    else:
        lines += [
            "Each report was scored by a model trained without it.",
            "",
            score_markdown(evaluation),
        ]
    return "\n".join(lines).rstrip() + "\n"


def _encoder_lines(details: Mapping[str, Any]) -> list[str]:
    return [
        f"Beside them, half and half, an encoder: {details.get('base')}, fine-tuned on "
        f"{details.get('fine_tuned_on')} ({details.get('epochs')} epochs, seed "
        f"{details.get('seed')}). No report was in that, so its half of every score below is that "
        "of the encoder in this folder; only its stances are fitted to the reports that the layers "
        "learnt from. It stays under the licence of what it was made from (all-MiniLM-L6-v2: "
        "Apache 2.0). To use it: pip install 'clas-nlp[neural]'.",
        "",
    ]
