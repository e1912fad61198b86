"""The neural back end: on a small encoder made here, and on the one in models/neural."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from commands_at_work import outcome
from conftest import CORPUS, ROOT
from typer.testing import CliRunner

from clas_nlp.cli.app import app
from clas_nlp.codebook import load_codebook
from clas_nlp.corpus import Corpus, load_corpus
from clas_nlp.errors import BadCorpus, BadModel
from clas_nlp.evaluating import evaluate
from clas_nlp.neural import NeuralReader
from clas_nlp.neural.calibrating import LEAST_SENTENCES, calibrated
from clas_nlp.neural.encoder import Encoder
from clas_nlp.neural.reader import Heads, batches
from clas_nlp.neural.storage import as_stored, neural_files, neural_from_files
from clas_nlp.reading.sentences import sentence_spans
from clas_nlp.tagging import Tagger, load, load_model, save_model
from clas_nlp.tagging.mixing import mixed_probabilities
from clas_nlp.tagging.model import Model
from clas_nlp.training import train_to_folder
from clas_nlp.training.encoders import encoder_of

tokenizers = pytest.importorskip("tokenizers", reason="the extra 'neural' is not installed")
SHIPPED = ROOT / "models" / "neural"
WIDTH, INNER, LAYERS, HEADS, MOST = 12, 20, 2, 3, 40


def _tokenizer(corpus: Corpus) -> str:
    """A tokenizer of whole words."""
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(unk_token="[UNK]"))
    made.normalizer = tokenizers.normalizers.Lowercase()
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    trainer = tokenizers.trainers.WordLevelTrainer(
        vocab_size=400, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False
    )
    made.train_from_iterator([p.text for p in corpus.paragraphs], trainer)
    made.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return str(made.to_str())


def _weights(words: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)

    def some(*shape: int) -> np.ndarray:
        return random.normal(0, 0.4, shape).astype(np.float32)

    weights = {
        "embeddings.word_embeddings.weight": some(words, WIDTH),
        "embeddings.position_embeddings.weight": some(MOST, WIDTH),
        "embeddings.token_type_embeddings.weight": some(2, WIDTH),
    }
    shapes = {"embeddings.LayerNorm": (WIDTH,)}
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            shapes[f"{layer}.attention.{part}"] = (WIDTH, WIDTH)
        shapes[f"{layer}.attention.output.LayerNorm"] = (WIDTH,)
        shapes[f"{layer}.intermediate.dense"] = (INNER, WIDTH)
        shapes[f"{layer}.output.dense"] = (WIDTH, INNER)
        shapes[f"{layer}.output.LayerNorm"] = (WIDTH,)
    for name, shape in shapes.items():
        weights[f"{name}.weight"], weights[f"{name}.bias"] = some(*shape), some(shape[0])
    return {name: as_stored(array) for name, array in weights.items()}


@pytest.fixture(scope="module")
def reader(corpus: Corpus) -> NeuralReader:
    """A small encoder that has learnt nothing."""
    codebook, random = corpus.codebook, np.random.default_rng(1)
    themes, stances = len(codebook.theme_ids), len(codebook.sentence_stances)

    def head(outputs: int, inputs: int) -> tuple[np.ndarray, np.ndarray]:
        shape = (outputs, inputs)
        return random.normal(0, 1, shape).astype(np.float32), np.zeros(outputs, np.float32)

    heads = Heads(
        head(themes, 2 * WIDTH),
        head(themes * stances, 2 * WIDTH),
        head(len(codebook.service_ids), WIDTH),
    )
    return NeuralReader(Encoder(_weights(400), HEADS), heads, _tokenizer(corpus))


@pytest.fixture(scope="module")
def with_encoder(without_dudley: Model, reader: NeuralReader) -> Model:
    return replace(without_dudley, neural=reader)


@pytest.fixture(scope="module")
def shipped() -> Tagger:
    if not SHIPPED.exists():
        pytest.skip("the source archive has no models/neural")
    return load(SHIPPED)


# ------------------------------------------------------------------ the arithmetic


def test_vectors_are_those_of_transformers() -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    weights = _weights(50)
    config = transformers.BertConfig(
        vocab_size=50,
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=INNER,
        max_position_embeddings=MOST,
    )
    theirs = transformers.BertModel(config, add_pooling_layer=False).eval()
    theirs.load_state_dict({n: torch.from_numpy(a) for n, a in weights.items()}, strict=False)
    tokens = np.random.default_rng(2).integers(4, 50, (3, 17))
    real = np.ones(tokens.shape, dtype=bool)
    real[1, 9:] = False
    with torch.no_grad():
        wanted = theirs(
            input_ids=torch.from_numpy(tokens), attention_mask=torch.from_numpy(real).long()
        ).last_hidden_state.numpy()
    found = Encoder(weights, HEADS).vectors(tokens, real)
    np.testing.assert_allclose(found[real], wanted[real], atol=2e-5)


def test_padding_changes_nothing(reader: NeuralReader) -> None:
    tokens = np.array([[2, 10, 11, 12, 3]])
    alone = reader.encoder.vectors(tokens, np.ones(tokens.shape, dtype=bool))
    longer = np.hstack([tokens, np.full((1, 7), 5)])
    real = np.arange(longer.shape[1])[None] < 5
    beside = reader.encoder.vectors(longer, real)
    np.testing.assert_allclose(alone[0], beside[0, :5], atol=1e-5)


def test_order_of_paragraphs_changes_nothing(reader: NeuralReader, corpus: Corpus) -> None:
    texts = [p.text for p in corpus.paragraphs[:30]]
    spans = [sentence_spans(text) for text in texts]
    forwards = reader.read(texts, spans)
    backwards = reader.read(texts[::-1], spans[::-1])
    np.testing.assert_allclose(forwards.services, backwards.services[::-1], atol=1e-4)
    alone = reader.read(texts[3:4], spans[3:4])
    first = sum(map(len, spans[:3]))
    np.testing.assert_allclose(
        alone.themes, forwards.themes[first : first + len(spans[3])], atol=1e-4
    )
    assert forwards.stances.shape == (6, sum(map(len, spans)), 3)


def test_what_is_too_long_is_left_to_the_layers(reader: NeuralReader) -> None:
    text = " ".join(f"This is sentence {number} of many more." for number in range(12))
    spans = sentence_spans(text)
    scores = reader.read([text], [spans])
    unread = np.isnan(scores.themes).all(axis=1)
    assert not unread[0]
    assert unread[-1]
    linear = np.full(scores.themes.shape, 0.25)
    mixed = mixed_probabilities(linear, scores.themes)
    assert (mixed[unread] == pytest.approx(0.25)) and np.isfinite(mixed).all()
    assert not np.isclose(mixed[0], 0.25).all()


def test_texts_without_words_are_read(reader: NeuralReader) -> None:
    empty = reader.read([], [])
    assert empty.themes.shape == (0, 6)
    assert reader.read([""], [[]]).services.shape == (1, 13)


def test_batches_hold_every_text_once() -> None:
    lengths = [5, 100, 3, 50, 50, 7, 1]
    parts = list(batches(lengths, 100))
    assert sorted(place for part in parts for place in part) == list(range(len(lengths)))
    for part in parts:
        assert len(part) == 1 or len(part) * max(lengths[place] for place in part) <= 100


# ------------------------------------------------------------------ beside the layers


def test_the_mean_of_log_odds() -> None:
    linear, neural = np.array([[0.9, 0.5]]), np.array([[0.0, np.nan]], dtype=np.float32)
    # Odds of nine to one and one to one: three to one.
    assert mixed_probabilities(linear, neural)[0] == pytest.approx([0.75, 0.5])


def test_the_encoder_counts(without_dudley: Model, with_encoder: Model, corpus: Corpus) -> None:
    texts = [p.text for p in corpus.paragraphs[:40]]
    kinds = [p.kind for p in corpus.paragraphs[:40]]
    alone, beside = (
        Tagger(model).tag_texts(texts, kinds=kinds) for model in (without_dudley, with_encoder)
    )
    assert [p.probabilities for p in alone] != [p.probabilities for p in beside]
    for paragraph in beside:
        for tag in paragraph.themes:
            assert tag.evidence
            if paragraph.kind == "recommendation":
                assert tag.stance == "weakness"


def test_stances_are_fitted_to_reports(reader: NeuralReader, corpus: Corpus) -> None:
    fitted = calibrated(reader, corpus.paragraphs, corpus.codebook)
    assert fitted.heads.themes is reader.heads.themes
    labelled = [p for p in corpus.paragraphs if p.labels and p.kind != "recommendation"]
    spans = [sentence_spans(p.text) for p in labelled]
    losses = []
    for one in (reader, fitted):
        scores = one.read([p.text for p in labelled], spans).stances
        chances = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
        first, loss = 0, []
        for paragraph, own in zip(labelled, spans, strict=True):
            for sentence, label in paragraph.labelled_sentences(own):
                theme = corpus.codebook.theme_ids.index(label.theme)
                stance = corpus.codebook.sentence_stances.index(label.stance)
                loss.append(-np.log(chances[theme, first + sentence, stance]))
            first += len(own)
        losses.append(np.nanmean(loss))
    assert losses[1] < losses[0] - 0.1, "no better than an encoder that has learnt nothing"
    few = [p for p in corpus.paragraphs if p.labels][: LEAST_SENTENCES // 10]
    assert calibrated(reader, few, corpus.codebook) is reader


# ------------------------------------------------------------------ folders


def test_a_model_with_an_encoder_comes_back_whole(with_encoder: Model, tmp_path: Path) -> None:
    save_model(with_encoder, tmp_path / "model")
    back = load_model(tmp_path / "model")
    assert back.neural is not None
    assert with_encoder.neural is not None
    for name, array in with_encoder.neural.encoder.weights.items():
        np.testing.assert_array_equal(array, back.neural.encoder.weights[name])
    save_model(back, tmp_path / "again")
    for file in ("neural.npz", "tokenizer.json", "manifest.json"):
        assert (tmp_path / "model" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


@pytest.mark.parametrize("file", ["neural.npz", "tokenizer.json"])
def test_an_altered_encoder_is_refused(with_encoder: Model, tmp_path: Path, file: str) -> None:
    save_model(with_encoder, tmp_path / "model")
    path = tmp_path / "model" / file
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(BadModel, match=f"{file}: hash .* is not the manifest's"):
        load_model(tmp_path / "model")
    path.unlink()
    with pytest.raises(BadModel, match="not whole"):
        load_model(tmp_path / "model")


def test_arrays_that_do_not_fit_are_refused(reader: NeuralReader) -> None:
    files = neural_files(reader)
    assert neural_from_files(files).outputs == (6, 18, 13)
    weights = dict(reader.encoder.weights)
    with pytest.raises(ValueError, match="5 heads do not divide vectors of 12"):
        Encoder(weights, 5)
    missing = {n: a for n, a in weights.items() if n != "encoder.layer.1.output.dense.bias"}
    with pytest.raises(KeyError):
        Encoder(missing, HEADS)
    crooked = {**weights, "encoder.layer.0.attention.self.key.weight": np.zeros((3, 3), "f4")}
    with pytest.raises(ValueError, match=r"attention.self.key has the shape \(3, 3\)"):
        Encoder(crooked, HEADS)
    heads = replace(reader.heads, services=reader.heads.themes)
    with pytest.raises(ValueError, match="a head has the shape"):
        NeuralReader(reader.encoder, heads, reader.tokenizer)


def test_an_encoder_for_another_codebook_is_refused(
    with_encoder: Model, tmp_path: Path, corpus: Corpus
) -> None:
    save_model(with_encoder, tmp_path / "model")
    codebook = corpus.codebook
    other = replace(corpus, codebook=replace(codebook, services=codebook.services[:-1]))
    with pytest.raises(BadModel, match=r"another codebook \(other service ids.*--fine-tune"):
        encoder_of(tmp_path / "model", other)


# ------------------------------------------------------------------ training


def test_training_takes_over_an_encoder(with_encoder: Model, tmp_path: Path) -> None:
    save_model(with_encoder, tmp_path / "old")
    words = ["train", str(CORPUS / "dorset.jsonl"), str(CORPUS / "dudley.jsonl")]
    out = tmp_path / "new"
    done = CliRunner().invoke(app, [*words, "--encoder", f"{tmp_path / 'old'}", "--out", f"{out}"])
    assert done.exit_code == 0, done.output
    new = load_model(out)
    assert new.neural is not None
    assert with_encoder.neural is not None
    assert new.neural.encoder.heads == HEADS
    # Fitted anew, to both reports.
    old_stances = with_encoder.neural.heads.stances[0]
    assert not np.array_equal(new.neural.heads.stances[0], old_stances)
    assert "an encoder" in (out / "README.md").read_text(encoding="utf-8")


def test_a_model_without_an_encoder_has_none_to_give(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match="the model has no encoder; name one that has"):
        train_to_folder([CORPUS], tmp_path / "m", encoder=ROOT / "models" / "default")
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--encoder", "x", "--fine-tune"], "choose one"),
        (["--base", "x"], "add --fine-tune"),
    ],
)
def test_options_that_do_not_go_together(options: list[str], said: str, tmp_path: Path) -> None:
    out = tmp_path / "m"
    done = CliRunner().invoke(app, ["train", str(CORPUS), "--out", str(out), *options])
    assert done.exit_code == 2
    assert said in " ".join(done.output.replace("│", " ").split())
    assert not out.exists()


def test_reports_alone_are_nothing_to_fine_tune_on(tmp_path: Path) -> None:
    reports = [CORPUS / "dorset.jsonl", CORPUS / "dudley.jsonl"]
    with pytest.raises(BadCorpus, match="no text with the origin 'written'"):
        train_to_folder(reports, tmp_path / "m", fine_tune=True)


def test_fine_tuning_learns(tmp_path: Path, corpus: Corpus) -> None:
    pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from clas_nlp.neural.fine_tuning import FineTuningSettings, fine_tune

    base = tmp_path / "base"
    transformers.BertModel(
        transformers.BertConfig(
            vocab_size=400,
            hidden_size=24,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=48,
            max_position_embeddings=128,
        ),
        add_pooling_layer=False,
    ).save_pretrained(base)
    (base / "tokenizer.json").write_text(_tokenizer(corpus), encoding="utf-8")
    # Short, so that none is cut.
    short = [p for p in corpus.paragraphs if p.labels and len(p.text) < 500]
    few = replace(corpus, paragraphs=tuple(short)[:40])
    settings = FineTuningSettings(
        epochs=60, encoder_rate=5e-3, head_rate=3e-2, batch_tokens=400, dropout=0.0
    )
    calls: list[tuple[int, int]] = []
    reader = fine_tune(few, base, settings, lambda _, now, total: calls.append((now, total)))
    assert calls[-1][0] == calls[-1][1]
    spans = [sentence_spans(p.text) for p in few.paragraphs]
    scores = reader.read([p.text for p in few.paragraphs], spans)
    ends = np.cumsum([len(own) for own in spans])
    best = np.array([part.max(axis=0) for part in np.split(scores.themes, ends[:-1])])
    truth = np.array([[t in p.themes for t in few.codebook.theme_ids] for p in few.paragraphs])
    assert ((best > 0) == truth).mean() > 0.9
    again = fine_tune(few, base, settings)
    assert neural_files(again) == neural_files(reader)


def test_a_base_that_is_none_is_named(tmp_path: Path, corpus: Corpus) -> None:
    pytest.importorskip("torch")
    from clas_nlp.neural.fine_tuning import fine_tune

    with pytest.raises(BadModel, match=r"no BERT encoder with a tokenizer\.json"):
        fine_tune(corpus, tmp_path)


# ------------------------------------------------------------------ the one in models/neural


def test_it_reads_better_than_the_layers_alone(shipped: Tagger, tagger: Tagger) -> None:
    """On findings of other places, which neither has seen."""
    held_out = load_corpus(CORPUS / "held_out", load_codebook(CORPUS / "codebook"))
    (beside,) = evaluate(held_out, shipped.model).reports
    (alone,) = evaluate(held_out, tagger.model).reports
    assert not beside.seen
    assert beside.macro_f1.value > alone.macro_f1.value
    assert beside.stance_accuracy > alone.stance_accuracy
    assert beside.services_f1 > alone.services_f1
    assert beside.calibration_error < 0.05


def test_it_has_read_no_report(shipped: Tagger) -> None:
    made = shipped.model.details["encoder"]
    written = load_corpus(CORPUS / "written.jsonl").paragraphs
    assert made["fine_tuned_on"] == f"{len(written)} paragraphs written for training"


@pytest.mark.usefixtures("shipped")
def test_the_command_line_reads_with_it(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(
        "A letter.\n\nStaff have no regular one-to-one safeguarding supervision.\n", "utf-8"
    )
    out = tmp_path / "tagged.jsonl"
    done = CliRunner().invoke(
        app, ["tag", f"{tmp_path / 'letter.txt'}", "--model", str(SHIPPED), "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    tags = [tag for row in rows for tag in row["themes"]]
    assert [(tag["theme"], tag["stance"]) for tag in tags] == [("supervision", "weakness")]


def test_without_tokenizers_it_says_what_to_install(
    with_encoder: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_model(with_encoder, tmp_path / "model")
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    shutil.copy(ROOT / "tests" / "reports_fictional" / "ashmere_2013.txt", tmp_path / "r.txt")
    code, errors, trouble = outcome(
        ["tag", f"{tmp_path / 'r.txt'}", "--model", f"{tmp_path}/model"]
    )
    assert (code, trouble) == (2, "")
    assert "pip install 'clas-nlp[neural]'" in errors
