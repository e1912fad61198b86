"""Writes docs/codebook.md from corpus/codebook: `python docs/build_codebook.py`."""

from __future__ import annotations

from pathlib import Path

from clas_nlp.codebook import Codebook, load_codebook
from clas_nlp.files import write_text

ROOT = Path(__file__).resolve().parent.parent


def codebook_page(codebook: Codebook) -> str:
    """The codebook as a Markdown page."""
    lines = [
        "# Codebook",
        "",
        "<!-- Made from corpus/codebook by docs/build_codebook.py: change it there. -->",
        "",
        "The unit is one paragraph: a finding, a case example, a good-practice example or a "
        "recommendation. It carries none, one or several themes; most carry none. Each theme is "
        "backed by evidence: the sentences that say it, each with a stance.",
        "",
        "## Themes",
    ]
    for theme in codebook.themes:
        lines += ["", f"### {theme.name}", "", f"`{theme.id}`. {theme.definition}", ""]
        if theme.included:
            lines.append(f"- **In:** {theme.included}")
        if theme.excluded:
            lines.append(f"- **Out:** {theme.excluded}")
        lines += [f"- **Ruling:** {ruling}" for ruling in theme.rulings]
    lines += ["", "## Stance", "", "| id | name | what it means |", "|---|---|---|"]
    lines += [_row(stance.id, stance.name, stance.definition) for stance in codebook.stances]
    lines += ["", "## Rules", ""]
    lines += [f"- {rule.rule}" for rule in codebook.rules]
    lines += ["", "## Services", "", "| id | name | covers |", "|---|---|---|"]
    lines += [_row(service.id, service.name, service.definition) for service in codebook.services]
    return "\n".join(lines) + "\n"


def _row(name: str, *cells: str) -> str:
    shown = [f"`{name}`", *(cell.replace("|", "\\|") for cell in cells)]
    return f"| {' | '.join(shown)} |"


if __name__ == "__main__":
    page = codebook_page(load_codebook(ROOT / "corpus" / "codebook"))
    write_text(ROOT / "docs" / "codebook.md", page)
