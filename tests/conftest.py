from __future__ import annotations

from pathlib import Path

import pytest

from clas_nlp.corpus import Corpus, load_corpus
from clas_nlp.reading import Report, read_report
from clas_nlp.tagging import Tagger, load, save_model
from clas_nlp.tagging.model import Model
from clas_nlp.training import train

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


@pytest.fixture(scope="session")
def without_dudley(corpus: Corpus) -> Model:
    """A small model: the reports alone, no written text, Dudley left out."""
    return train(corpus, hold_out="dudley")


@pytest.fixture(scope="session")
def small_model(without_dudley: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `without_dudley`; copy it before you change it."""
    folder = tmp_path_factory.mktemp("models") / "small"
    save_model(without_dudley, folder, "# A small model\n")
    return folder
