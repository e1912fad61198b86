from __future__ import annotations

from pathlib import Path

import pytest

from clas_nlp.corpus import Corpus, load_corpus
from clas_nlp.reading import Report, read_report
from clas_nlp.tagging import Tagger, load

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "corpus"
REPORTS = CORPUS / "reports"


@pytest.fixture(scope="session")
def dorset() -> Report:
    return read_report(REPORTS / "dorset.txt")


@pytest.fixture(scope="session")
def dudley() -> Report:
    return read_report(REPORTS / "dudley.txt")


@pytest.fixture(scope="session", params=["dorset", "dudley"])
def report(request: pytest.FixtureRequest) -> Report:
    return read_report(REPORTS / f"{request.param}.txt")


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return load_corpus([CORPUS / "dorset.jsonl", CORPUS / "dudley.jsonl"])


@pytest.fixture(scope="session")
def tagger() -> Tagger:
    return load(ROOT / "models" / "default")
