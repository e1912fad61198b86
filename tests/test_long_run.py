from __future__ import annotations

import sys
from pathlib import Path

import pytest
from conftest import ROOT

from clas_nlp.tagging import Tagger


def test_every_report_is_tagged_and_every_bad_file_named(
    tagger: Tagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from long_run import long_run

    run = long_run(60, tagger, tmp_path)
    assert (run.good, run.bad) == (54, 6)
    assert (run.tagged, run.named) == (54, 6)
    assert run.kinds == 6
    assert run.paragraphs > 1_000
    if sys.platform == "linux":
        assert run.flat, run.memory_mb
