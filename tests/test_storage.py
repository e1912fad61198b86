from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clas_nlp.corpus import Corpus
from clas_nlp.errors import BadModel
from clas_nlp.tagging import Tagger, load, load_model, save_model
from clas_nlp.tagging.model import Model

FILES = ("manifest.json", "codebook.json", "vocabulary.json", "weights.npz")
CONTENTS = FILES[1:]


@pytest.fixture
def folder(small_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_model, tmp_path / "model"))


def _refusal(folder: Path) -> str:
    with pytest.raises(BadModel) as error:
        load_model(folder)
    message = str(error.value)
    assert message.isprintable(), "one line"
    assert str(folder) in message
    return message


def _vouch(folder: Path) -> None:
    """Makes the manifest vouch for the files as they are, as someone who means harm would."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for name in CONTENTS:
        manifest["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    _write_manifest(folder, manifest)


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    # A manifest's own hash, where there is one, is over its other keys.
    if "sha256" in manifest:
        rest = {key: value for key, value in manifest.items() if key != "sha256"}
        raw = json.dumps(rest, ensure_ascii=False, sort_keys=True).encode()
        manifest["sha256"] = hashlib.sha256(raw).hexdigest()
    text = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8", newline="")


def _change_manifest(folder: Path, **changes: Any) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    _write_manifest(folder, {**manifest, **changes})


def _change_arrays(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    with np.load(folder / "weights.npz") as stored:
        arrays = {name: stored[name] for name in stored.files}
    change(arrays)
    np.savez(folder / "weights.npz", **arrays)
    _vouch(folder)


# ------------------------------------------------------------------ round trip


def test_a_model_read_back_gives_identical_tags(
    without_dudley: Model, small_model: Path, corpus: Corpus
) -> None:
    texts = [p.text for p in corpus.paragraphs]
    kinds = [p.kind for p in corpus.paragraphs]
    before = Tagger(without_dudley).tag_texts(texts, kinds=kinds)
    after = load(small_model).tag_texts(texts, kinds=kinds)
    assert before == after
    assert any(p.themes for p in after)


def test_a_model_written_again_is_the_same_byte_for_byte(small_model: Path, tmp_path: Path) -> None:
    save_model(load_model(small_model), tmp_path / "again", "# A small model\n")
    for name in (*FILES, "README.md"):
        assert (tmp_path / "again" / name).read_bytes() == (small_model / name).read_bytes()


def test_the_folder_holds_these_files_alone(small_model: Path) -> None:
    assert sorted(p.name for p in small_model.iterdir()) == sorted([*FILES, "README.md"])


def test_what_the_manifest_says(small_model: Path, corpus: Corpus, without_dudley: Model) -> None:
    manifest = json.loads((small_model / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["format"] == "clas-nlp model"
    assert manifest["format_version"] == 1
    assert manifest["seed"] == 0
    assert manifest["held_out"] == ["dudley"]
    assert manifest["trained_on"] == {"dorset": 201}
    assert manifest["corpus_sha256"] == dict(corpus.hashes)
    assert manifest["themes"] == list(corpus.codebook.theme_ids)
    assert manifest["codebook_sha256"] == corpus.codebook.sha256
    assert set(manifest["thresholds"]["themes"]) == set(corpus.codebook.theme_ids)
    assert set(manifest["packages"]) == {"numpy", "scipy", "scikit-learn", "spacy"}
    assert load_model(small_model).details == without_dudley.details


def test_the_models_codebook_is_its_own(small_model: Path, corpus: Corpus) -> None:
    assert load_model(small_model).codebook == corpus.codebook


def test_the_card_may_be_edited(folder: Path) -> None:
    (folder / "README.md").write_text("# Ours now\n", encoding="utf-8")
    load_model(folder)
    (folder / "README.md").unlink()
    load_model(folder)


def test_weights_are_plain_arrays(small_model: Path) -> None:
    with zipfile.ZipFile(small_model / "weights.npz") as archive:
        for name in archive.namelist():
            assert name.endswith(".npy")
            np.load(io.BytesIO(archive.read(name)), allow_pickle=False)


# ------------------------------------------------------------------ folders that are not whole


def test_no_folder(tmp_path: Path) -> None:
    missing = tmp_path / "none"
    assert _refusal(missing) == (
        f"{missing}: no such model folder; train one with `clas-nlp train`"
    )


def test_a_file_instead_of_a_folder(folder: Path) -> None:
    assert "no such model folder" in _refusal(folder / "weights.npz")


def test_an_empty_folder(tmp_path: Path) -> None:
    assert _refusal(tmp_path) == f"{tmp_path}: no manifest.json, so this is no whole model folder"


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file(name: str, folder: Path) -> None:
    (folder / name).unlink()
    assert name in _refusal(folder)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0, 0.001, 0.3, 0.5, 0.8, 1])
def test_an_altered_byte(name: str, share: float, folder: Path) -> None:
    raw = bytearray((folder / name).read_bytes())
    place = min(int(share * len(raw)), len(raw) - 1)
    raw[place] ^= 0x02
    (folder / name).write_bytes(raw)
    assert name in _refusal(folder)


@pytest.mark.parametrize("old", ['"themes": {', '"evidence": {', '"services": '])
def test_an_altered_threshold(old: str, folder: Path) -> None:
    path = folder / "manifest.json"
    text = path.read_text(encoding="utf-8")
    place = text.index("0.", text.index(old, text.index('"thresholds"'))) + 2
    figure = "9" if text[place] != "9" else "1"
    path.write_text(text[:place] + figure + text[place + 1 :], encoding="utf-8")
    assert "manifest.json" in _refusal(folder)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_a_file_cut_short(name: str, share: float, folder: Path) -> None:
    raw = (folder / name).read_bytes()
    (folder / name).write_bytes(raw[: int(share * len(raw))])
    assert name in _refusal(folder)


@pytest.mark.parametrize("version", [2, 99, "1", None, 0])
def test_another_format_version(version: Any, folder: Path) -> None:
    _change_manifest(folder, format_version=version)
    assert _refusal(folder) == (
        f"{folder / 'manifest.json'}: model format {version!r}, this version of clas-nlp reads 1; "
        "update clas-nlp or train the model again"
    )


@pytest.mark.parametrize("content", ["[]", "null", "7", '{"format": "other"}', '"x"', "{}"])
def test_a_manifest_of_something_else(content: str, folder: Path) -> None:
    (folder / "manifest.json").write_text(content, encoding="utf-8")
    assert "manifest.json" in _refusal(folder)


@pytest.mark.parametrize("key", ["files", "thresholds", "themes"])
@pytest.mark.parametrize("value", [None, [], {}, "x", 7])
def test_a_manifest_with_a_part_amiss(key: str, value: Any, folder: Path) -> None:
    _change_manifest(folder, **{key: value})
    _refusal(folder)


def test_a_manifest_nested_without_end(folder: Path) -> None:
    (folder / "manifest.json").write_text("[" * 200_000, encoding="utf-8")
    assert "manifest.json" in _refusal(folder)


# ------------------------------------------------------------------ contents that do not fit


def _without_a_column(arrays: dict[str, Any]) -> None:
    arrays["sentence_weights"] = arrays["sentence_weights"][:, :-1]


def _without_a_theme(arrays: dict[str, Any]) -> None:
    arrays["sentence_weights"] = arrays["sentence_weights"][:-1]
    arrays["sentence_bias"] = arrays["sentence_bias"][:-1]


def _without_a_bias(arrays: dict[str, Any]) -> None:
    arrays["stance_bias"] = arrays["stance_bias"][:-1]


def _without_an_array(arrays: dict[str, Any]) -> None:
    del arrays["judging_weights"]


def _without_a_layer(arrays: dict[str, Any]) -> None:
    arrays["context_weights"] = arrays["context_weights"][:-1]
    arrays["context_bias"] = arrays["context_bias"][:-1]


def _flat(arrays: dict[str, Any]) -> None:
    arrays["paragraph_weights"] = arrays["paragraph_weights"].ravel()


def _fewer_frequencies(arrays: dict[str, Any]) -> None:
    arrays["sentence_idf"] = arrays["sentence_idf"][:-1]


def _words(arrays: dict[str, Any]) -> None:
    arrays["sentence_bias"] = np.array(["a"] * len(arrays["sentence_bias"]))


@pytest.mark.parametrize(
    "change",
    [
        _without_a_column,
        _without_a_theme,
        _without_a_bias,
        _without_an_array,
        _without_a_layer,
        _flat,
        _fewer_frequencies,
        _words,
    ],
)
def test_arrays_that_do_not_fit(change: Callable[[dict[str, Any]], None], folder: Path) -> None:
    _change_arrays(folder, change)
    _refusal(folder)


def test_figures_that_are_none(folder: Path) -> None:
    def change(arrays: dict[str, Any]) -> None:
        arrays["sentence_weights"][0, 0] = np.nan

    _change_arrays(folder, change)
    _refusal(folder)


@pytest.mark.parametrize("limit", ["high", None, -0.1, 1.5, float("nan")])
def test_thresholds_that_are_no_probabilities(limit: Any, folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    theme = manifest["themes"][0]
    manifest["thresholds"]["themes"][theme] = limit
    _write_manifest(folder, manifest)
    _refusal(folder)


class _Run:
    """Runs code when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_pickles_are_never_run(folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "code-was-run"
    with zipfile.ZipFile(folder / "weights.npz") as stored:
        contents = {name: stored.read(name) for name in stored.namelist()}
    buffer = io.BytesIO()
    np.save(buffer, np.array([_Run(mark)], dtype=object), allow_pickle=True)
    contents["sentence_weights.npy"] = buffer.getvalue()
    with zipfile.ZipFile(folder / "weights.npz", "w") as archive:
        for name, raw in contents.items():
            archive.writestr(name, raw)
    _vouch(folder)
    _refusal(folder)
    assert not mark.exists()


@pytest.mark.parametrize("content", ["npy", "pickle", "text", "empty zip"])
def test_weights_of_another_kind(content: str, folder: Path) -> None:
    buffer = io.BytesIO()
    if content == "npy":
        np.save(buffer, np.zeros(3))
    elif content == "pickle":
        pickle.dump({"sentence_weights": 1}, buffer)
    elif content == "text":
        buffer.write(b"weights")
    else:
        zipfile.ZipFile(buffer, "w").close()
    (folder / "weights.npz").write_bytes(buffer.getvalue())
    _vouch(folder)
    _refusal(folder)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.3, 0.5, 0.6, 0.7, 0.9, 0.995, 0.9999])
@pytest.mark.parametrize("mask", [0x01, 0xFF])
def test_damaged_weights_that_the_manifest_vouches_for(
    share: float, mask: int, folder: Path
) -> None:
    raw = bytearray((folder / "weights.npz").read_bytes())
    raw[int(share * len(raw))] ^= mask
    (folder / "weights.npz").write_bytes(raw)
    _vouch(folder)
    try:
        load_model(folder)
    except BadModel as error:
        assert str(error).isprintable()


@pytest.mark.parametrize(
    "content", ["[]", "7", '{"sentence": 7}', '{"sentence": [], "paragraph": []}', "["]
)
def test_a_vocabulary_that_is_none(content: str, folder: Path) -> None:
    (folder / "vocabulary.json").write_text(content, encoding="utf-8")
    _vouch(folder)
    _refusal(folder)


def test_a_vocabulary_with_a_word_twice(folder: Path) -> None:
    path = folder / "vocabulary.json"
    words = json.loads(path.read_text(encoding="utf-8"))
    words["sentence"][1] = words["sentence"][0]
    path.write_text(json.dumps(words), encoding="utf-8")
    _vouch(folder)
    _refusal(folder)


def _codebook(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "codebook.json").read_text(encoding="utf-8"))
    return content


def test_a_codebook_with_another_theme(folder: Path) -> None:
    content = _codebook(folder)
    content["themes"].append({"id": "neglect", "name": "Neglect", "definition": "Needs unmet."})
    (folder / "codebook.json").write_text(json.dumps(content), encoding="utf-8")
    _vouch(folder)
    assert "codebook.json has" in _refusal(folder)


def test_a_codebook_with_fewer_patterns(folder: Path) -> None:
    content = _codebook(folder)
    content["theme_patterns"] = content["theme_patterns"][:10]
    (folder / "codebook.json").write_text(json.dumps(content), encoding="utf-8")
    _vouch(folder)
    assert "layer has the shape" in _refusal(folder)


@pytest.mark.parametrize("content", ["[]", "7", "{}", '{"themes": 7}', '{"themes": [7]}', "{"])
def test_a_codebook_that_is_none(content: str, folder: Path) -> None:
    (folder / "codebook.json").write_text(content, encoding="utf-8")
    _vouch(folder)
    _refusal(folder)


def test_an_interrupted_save_keeps_the_old_model(
    without_dudley: Model, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clas_nlp import folders

    written: list[Path] = []
    write = folders.write_bytes

    def stopping(path: Path, content: bytes) -> None:
        if written:
            raise KeyboardInterrupt
        written.append(path)
        write(path, content)

    monkeypatch.setattr(folders, "write_bytes", stopping)
    with pytest.raises(KeyboardInterrupt):
        save_model(without_dudley, folder)
    load_model(folder)
    assert list(folder.parent.iterdir()) == [folder]


# ------------------------------------------------------------------ tampering


def _ranges(size: int, count: int) -> list[tuple[int, int]]:
    """(start, end) of as many ranges, of one byte or more, that together cover a file."""
    edges = sorted({size * part // count for part in range(count + 1)})
    return list(itertools.pairwise(edges))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["flipped", "zeroed", "cut out", "repeated"])
def test_every_range_of_every_file_is_guarded(name: str, how: str, folder: Path) -> None:
    path = folder / name
    raw = path.read_bytes()
    for start, end in _ranges(len(raw), 10):
        piece = raw[start:end]
        changed = {
            "flipped": bytes(byte ^ 0x20 for byte in piece),
            "zeroed": bytes(len(piece)),
            "cut out": b"",
            "repeated": piece * 2,
        }[how]
        path.write_bytes(raw[:start] + changed + raw[end:])
        assert name in _refusal(folder), (start, end)
    path.write_bytes(raw)
    load_model(folder)


def _lines_to(mark: bytes, raw: bytes) -> int:
    """Lines up to the one that holds a mark, that one included."""
    return raw[: raw.index(mark)].count(b"\n") + 1


def _seed_twice(raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    place = _lines_to(b'"seed"', raw)
    return b"".join([*lines[:place], *lines[place - 1 :]])


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (_seed_twice, lambda raw: _lines_to(b'"seed"', raw) + 1),
        (lambda raw: raw + b"\n", lambda raw: raw.count(b"\n") + 1),
        (lambda raw: raw[:-1], lambda raw: raw.count(b"\n")),
        (lambda raw: raw.replace(b"\n", b"\r\n"), lambda _: 1),
        (lambda raw: raw.replace(b'"format":', b'"format": '), lambda _: 2),
        (lambda raw: raw.replace(b"clas-nlp model", b"clas-nlp\\u0020model"), lambda _: 2),
        (lambda raw: json.dumps(json.loads(raw)).encode(), lambda _: 1),
        (lambda raw: b'{\n "format": "other",' + raw[1:], lambda _: 2),
    ],
)
def test_a_manifest_that_says_the_same_in_other_bytes(
    change: Callable[[bytes], bytes], line: Callable[[bytes], int], folder: Path
) -> None:
    path = folder / "manifest.json"
    raw = path.read_bytes()
    changed = change(raw)
    assert changed != raw
    assert json.loads(changed) == json.loads(raw)
    path.write_bytes(changed)
    assert _refusal(folder) == (
        f"{path}: line {line(raw)} is not as `clas-nlp train` writes it, though it says the same; "
        "the file was edited or its line ends changed, so copy or train the model again"
    )


@pytest.mark.parametrize("depth", [200, 900, 5_000, 100_000])
def test_a_manifest_with_a_deep_part(depth: int, folder: Path) -> None:
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    deep = "[" * depth + "]" * depth
    (folder / "manifest.json").write_text(f'{{"x": {deep},{text[1:]}', encoding="utf-8")
    assert "manifest.json" in _refusal(folder)


# ------------------------------------------------------------------ too much, or without end


@pytest.mark.skipif(os.name != "posix", reason="named pipes and devices are POSIX's")
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ["a pipe", "a device", "a folder", "a link to nothing"])
def test_a_file_that_is_none(name: str, kind: str, folder: Path) -> None:
    path = folder / name
    path.unlink()
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a device":
        path.symlink_to("/dev/zero")
    elif kind == "a folder":
        path.mkdir()
    else:
        path.symlink_to(folder / "gone")
    assert name in _refusal(folder)


def test_a_model_may_be_a_link(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    assert load_model(link).codebook == load_model(folder).codebook


@pytest.mark.parametrize("name", FILES)
def test_a_file_larger_than_any_models(name: str, folder: Path) -> None:
    os.truncate(folder / name, 501_000_000)
    assert _refusal(folder) == (
        f"{folder / name}: 501 MB, more than any model's file has; copy or train the model again"
    )


def _npz(folder: Path, name: str, content: bytes) -> None:
    """Puts other bytes in the place of an array."""
    with zipfile.ZipFile(folder / "weights.npz") as stored:
        contents = {entry: stored.read(entry) for entry in stored.namelist()}
    contents[f"{name}.npy"] = content
    with zipfile.ZipFile(
        folder / "weights.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1
    ) as archive:
        for entry, raw in contents.items():
            archive.writestr(entry, raw)
    _vouch(folder)


def test_weights_that_are_a_zip_bomb(folder: Path) -> None:
    _npz(folder, "sentence_bias", bytes(510_000_000))
    assert "weights.npz unpacks to 5" in _refusal(folder)


@pytest.mark.parametrize("size", [10**10, 10**15, 2**62, 2**70, -1])
def test_an_array_that_says_it_is_larger_than_it_is(size: int, folder: Path) -> None:
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({size},), }}".ljust(117) + "\n"
    content = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + bytes(40)
    _npz(folder, "sentence_bias", content)
    _refusal(folder)
