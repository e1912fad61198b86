"""Runs the notebook for research teams, and keeps its output: `python docs/build_notebook.py`."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

from clas_nlp.files import write_text

NOTEBOOK = Path(__file__).resolve().parent / "notebooks" / "research_team.ipynb"
#: What a notebook says of itself besides its cells: nothing that changes from machine to machine.
METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}


def executed(notebook: Path = NOTEBOOK) -> nbformat.NotebookNode:
    """The notebook with the output of its cells, run in its own folder.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised an error.
    """
    read = nbformat.read(notebook, as_version=4)
    client = NotebookClient(
        read,
        timeout=300,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(notebook.parent)}},
    )
    client.execute()
    read.metadata = nbformat.from_dict(METADATA)
    return read


if __name__ == "__main__":
    write_text(NOTEBOOK, nbformat.writes(executed()) + "\n")
