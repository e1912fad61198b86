"""Model folders: what lies in them, how they are written, and what loading checks.

    manifest.json      format version, thresholds, making, hash of every other file
    codebook.json      the model's own copy of the codebook
    vocabulary.json    words of the two vocabularies
    weights.npz        arrays, no pickles
    neural.npz, tokenizer.json    an encoder, where the model has one; see `clas_nlp.neural`
    README.md          the model card

Loading never runs code from the folder: JSON and arrays only; every file's hash is
checked, and the manifest has to be byte for byte as it was written.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clas_nlp.arrays import packed_arrays, unpacked_arrays
from clas_nlp.codebook import codebook_from_dict
from clas_nlp.errors import BadCodebook, BadModel
from clas_nlp.folders import write_folder
from clas_nlp.neural.storage import NEURAL_FILES, neural_files, neural_from_files
from clas_nlp.reading.records import JUDGED_KINDS
from clas_nlp.tagging.features import PLACE_COLUMNS
from clas_nlp.tagging.manifest import (
    FORMAT_VERSION,
    json_bytes,
    manifest_hash,
    read_manifest,
    vouched_file,
)
from clas_nlp.tagging.model import Model, Thresholds
from clas_nlp.tagging.scoring import LinearLayer, stance_columns
from clas_nlp.tagging.services import FEATURES as SERVICE_FEATURES
from clas_nlp.tagging.vocabulary import Vocabulary

_CHECKED = ("codebook.json", "vocabulary.json", "weights.npz")


def save_model(model: Model, folder: str | Path, card: str = "") -> None:
    """Writes a model folder; half a folder never loads.

    The new folder is whole and flushed before it takes the old one's place: on Linux in one step,
    elsewhere file by file, the manifest last. See `clas_nlp.folders.write_folder`.

    Args:
        model: the model.
        folder: made where it is missing.
        card: text of the model card, README.md.
    """
    contents = {
        "codebook.json": json_bytes(model.codebook.to_dict()),
        "vocabulary.json": json_bytes(
            {
                "sentence": list(model.sentence_words.index),
                "paragraph": list(model.paragraph_words.index),
            }
        ),
        "weights.npz": _arrays(model),
        **(neural_files(model.neural) if model.neural else {}),
    }
    manifest = {
        "format": "clas-nlp model",
        "format_version": FORMAT_VERSION,
        "themes": list(model.codebook.theme_ids),
        "codebook_sha256": model.codebook.sha256,
        "thresholds": {
            "themes": dict(zip(model.codebook.theme_ids, model.thresholds.themes, strict=True)),
            "evidence": dict(zip(model.codebook.theme_ids, model.thresholds.evidence, strict=True)),
            "services": model.thresholds.services,
        },
        **model.details,
        "files": {name: hashlib.sha256(raw).hexdigest() for name, raw in contents.items()},
    }
    manifest["sha256"] = manifest_hash(manifest)
    contents["README.md"] = card.encode("utf-8")
    contents["manifest.json"] = json_bytes(manifest)
    write_folder(Path(folder), contents)


def load_model(folder: str | Path) -> Model:
    """Loads a model folder.

    Raises:
        BadModel: the folder or a file is missing, a file was altered or cut short, the format is
            newer than this version, or shapes do not fit one another.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BadModel(f"{folder}: no such model folder; train one with `clas-nlp train`")
    manifest = read_manifest(folder)
    neural = NEURAL_FILES if NEURAL_FILES[0] in manifest["files"] else ()
    raw = {name: vouched_file(folder, name, manifest) for name in (*_CHECKED, *neural)}
    try:
        codebook = codebook_from_dict(json.loads(raw["codebook.json"]), str(folder))
        words = json.loads(raw["vocabulary.json"])
        arrays = _load_arrays(raw["weights.npz"])
        if list(manifest["themes"]) != list(codebook.theme_ids):
            raise BadModel(
                f"{folder}: manifest.json has the themes {', '.join(manifest['themes'])}, "
                f"codebook.json has {', '.join(codebook.theme_ids)}; train the model again"
            )
        limits = manifest["thresholds"]
        thresholds = Thresholds(
            themes=tuple(float(limits["themes"][t]) for t in codebook.theme_ids),
            evidence=tuple(float(limits["evidence"][t]) for t in codebook.theme_ids),
            services=float(limits["services"]),
        )
        if not all(
            0 <= limit <= 1
            for limit in (*thresholds.themes, *thresholds.evidence, thresholds.services)
        ):
            raise ValueError("a threshold is no probability")
        model = Model(
            codebook=codebook,
            sentence_words=_vocabulary(words["sentence"], arrays["sentence_idf"]),
            paragraph_words=_vocabulary(words["paragraph"], arrays["paragraph_idf"]),
            sentence_layer=_layer(arrays, "sentence"),
            context_layers=_layers(arrays, "context"),
            paragraph_layer=_layer(arrays, "paragraph"),
            pooling_layers=_layers(arrays, "pooling"),
            stance_layer=_layer(arrays, "stance"),
            stance_pooling_layer=_layer(arrays, "stance_pooling"),
            service_layer=_layer(arrays, "service"),
            judging_layer=_layer(arrays, "judging"),
            thresholds=thresholds,
            neural=neural_from_files(raw) if neural else None,
            details={
                key: value
                for key, value in manifest.items()
                if key
                not in (
                    "format",
                    "format_version",
                    "themes",
                    "codebook_sha256",
                    "thresholds",
                    "files",
                    "sha256",
                )
            },
        )
    except BadCodebook as error:
        raise BadModel(str(error)) from None
    except (
        ArithmeticError,  # also OverflowError, of a size that no memory has
        AttributeError,
        EOFError,
        KeyError,
        MemoryError,
        OSError,
        RuntimeError,  # also RecursionError and NotImplementedError, from a damaged archive
        TypeError,
        ValueError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise BadModel(
            f"{folder}: the model does not hold what its format promises "
            f"({type(error).__name__}: {error}); train it again"
        ) from None
    _check_shapes(model, folder)
    return model


def _arrays(model: Model) -> bytes:
    arrays: dict[str, NDArray[np.float64]] = {
        "sentence_idf": model.sentence_words.idf,
        "paragraph_idf": model.paragraph_words.idf,
    }
    for name in ("sentence", "paragraph", "stance", "stance_pooling", "service", "judging"):
        layer: LinearLayer = getattr(model, f"{name}_layer")
        arrays[f"{name}_weights"], arrays[f"{name}_bias"] = layer.weights, layer.bias
    for name in ("context", "pooling"):
        layers: tuple[LinearLayer, ...] = getattr(model, f"{name}_layers")
        arrays[f"{name}_weights"] = np.concatenate([x.weights for x in layers])
        arrays[f"{name}_bias"] = np.concatenate([x.bias for x in layers])
    return packed_arrays({name: array.astype(np.float32) for name, array in arrays.items()})


def _load_arrays(raw: bytes) -> dict[str, NDArray[np.float64]]:
    return {n: a.astype(np.float64) for n, a in unpacked_arrays(raw, "weights.npz").items()}


def _vocabulary(words: list[str], idf: NDArray[np.float64]) -> Vocabulary:
    if len(words) != len(idf):
        raise ValueError(f"{len(words)} words and {len(idf)} frequencies")
    return Vocabulary({word: column for column, word in enumerate(words)}, idf)


def _layer(arrays: dict[str, NDArray[np.float64]], name: str) -> LinearLayer:
    return LinearLayer(arrays[f"{name}_weights"], arrays[f"{name}_bias"])


def _layers(arrays: dict[str, NDArray[np.float64]], name: str) -> tuple[LinearLayer, ...]:
    weights, bias = arrays[f"{name}_weights"], arrays[f"{name}_bias"]
    return tuple(LinearLayer(weights[[i]], bias[[i]]) for i in range(len(bias)))


def _check_shapes(model: Model, folder: Path) -> None:
    """Compares every array with what the codebook and the vocabularies ask for."""
    themes, services = len(model.codebook.theme_ids), len(model.codebook.service_ids)
    theme_features = len({p.feature for p in model.codebook.theme_patterns})
    stance_features = len({p.feature for p in model.codebook.stance_patterns})
    service_feature_count = len({p.feature for p in model.codebook.service_patterns})
    kinds = len(JUDGED_KINDS)
    words = len(model.sentence_words.index)
    sentence = words + 4 * theme_features + stance_features + PLACE_COLUMNS
    stance = words + 3 * stance_features + PLACE_COLUMNS + themes
    paragraph = len(model.paragraph_words.index) + theme_features + service_feature_count
    stances = len(model.codebook.sentence_stances)
    for name, layer, outputs, width in (
        ("sentence", model.sentence_layer, themes, sentence),
        ("paragraph", model.paragraph_layer, themes, paragraph),
        ("stance", model.stance_layer, stances, stance),
        (
            "stance pooling",
            model.stance_pooling_layer,
            len(model.codebook.stances),
            stance_columns(stances),
        ),
        ("service", model.service_layer, services, paragraph),
        ("judging", model.judging_layer, 1, SERVICE_FEATURES),
        *((f"context {i}", layer, 1, 6) for i, layer in enumerate(model.context_layers)),
        *((f"pooling {i}", layer, 1, 5 + kinds) for i, layer in enumerate(model.pooling_layers)),
    ):
        if layer.weights.shape != (outputs, width) or layer.bias.shape != (outputs,):
            raise BadModel(
                f"{folder}: the {name} layer has the shape {layer.weights.shape}, the codebook and "
                f"vocabulary ask for {(outputs, width)}; train the model again"
            )
    if model.neural is not None:
        given, wanted = model.neural.outputs, (themes, themes * stances, services)
        if given != wanted:
            raise BadModel(
                f"{folder}: the encoder gives {given} figures for themes, stances and services, "
                f"the codebook asks for {wanted}; train the model again"
            )
    for name, layers in (("context", model.context_layers), ("pooling", model.pooling_layers)):
        if len(layers) != themes:
            raise BadModel(
                f"{folder}: {len(layers)} {name} layers for {themes} themes; train the model again"
            )
