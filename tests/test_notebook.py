"""The notebook for research teams runs as it stands, and its kept output may be shown."""

from __future__ import annotations

import importlib.util
import json

import pytest
from conftest import REPORTS, ROOT

NOTEBOOK = ROOT / "docs" / "notebooks" / "research_team.ipynb"
#: A notebook is for reading: more output than this nobody reads.
MOST_BYTES = 100_000


def texts(notebook: dict[str, object]) -> dict[str, str]:
    """What the cells show as plain text, by the cell's id."""
    shown = {}
    for cell in notebook["cells"]:  # type: ignore[attr-defined]
        parts = []
        for output in cell.get("outputs", []):
            assert output["output_type"] in ("execute_result", "stream"), output
            parts.append(output.get("text", "") or output["data"]["text/plain"])
        shown[cell["id"]] = "".join("".join(part) for part in parts)
    return shown


@pytest.fixture(scope="module")
def kept() -> dict[str, object]:
    notebook: dict[str, object] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return notebook


@pytest.mark.slow
def test_the_notebook_runs(kept: dict[str, object]) -> None:
    pytest.importorskip("ipykernel")
    place = ROOT / "docs" / "build_notebook.py"
    spec = importlib.util.spec_from_file_location("build_notebook", place)
    assert spec is not None
    assert spec.loader is not None
    builder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    shown = texts(builder.executed(NOTEBOOK))
    # Figures move with the shipped model; what does not is the same as what was kept.
    assert shown.keys() == texts(kept).keys()
    assert {own for own, text in shown.items() if text} == {
        own for own, text in texts(kept).items() if text
    }
    whole = "\n".join(shown.values())
    assert "42 differences settled, 409 paragraphs" in whole
    assert "project.qdpx" in whole
    assert "of 12" in whole
    assert "macro_f1" in whole


def test_its_output_is_kept_small_and_holds_no_report_text(kept: dict[str, object]) -> None:
    assert NOTEBOOK.stat().st_size < MOST_BYTES
    shown = texts(kept)
    assert sum(bool(text) for text in shown.values()) >= 8
    words = " ".join("\n".join(shown.values()).split())
    for report in sorted(REPORTS.glob("*.txt")):
        said = " ".join(report.read_text(encoding="utf-8").split()).split()
        pieces = {" ".join(said[at : at + 8]) for at in range(len(said) - 8)}
        assert not [piece for piece in pieces if piece in words], report


def test_it_says_nothing_of_the_machine_that_ran_it(kept: dict[str, object]) -> None:
    metadata = kept["metadata"]
    assert isinstance(metadata, dict)
    assert set(metadata) == {"kernelspec", "language_info"}
    assert metadata["language_info"] == {"name": "python"}
    source = json.dumps(kept)
    assert str(ROOT) not in source
    assert "/tmp/" not in source
