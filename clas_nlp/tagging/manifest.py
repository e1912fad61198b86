"""The manifest of a model folder: what it has to be, byte for byte, and what it vouches for."""

from __future__ import annotations

import hashlib
import json
from os.path import commonprefix
from pathlib import Path
from typing import Any

from clas_nlp.arrays import MOST_BYTES
from clas_nlp.errors import BadModel

FORMAT_VERSION = 1


def json_bytes(value: Any) -> bytes:
    """A value as the JSON files of a model folder hold it."""
    return _json_text(value).encode()


def _json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def manifest_hash(manifest: dict[str, Any]) -> str:
    """Hash of everything in a manifest but the hash itself."""
    rest = {key: value for key, value in manifest.items() if key != "sha256"}
    raw = json.dumps(rest, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    return hashlib.sha256(raw).hexdigest()


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a model folder.

    Raises:
        BadModel: it is missing, no manifest, of another format version, or not as it was written.
    """
    path = folder / "manifest.json"
    if not path.exists():
        raise BadModel(f"{folder}: no manifest.json, so this is no whole model folder")
    found = _file(path)
    try:
        text = found.decode("utf-8")
        manifest = json.loads(text)
        written = _json_text(manifest)
        stated = manifest_hash(manifest) if isinstance(manifest, dict) else ""
    except (ValueError, RecursionError) as error:
        raise BadModel(f"{path}: cannot be read as JSON ({error})") from None
    if not isinstance(manifest, dict) or manifest.get("format") != "clas-nlp model":
        raise BadModel(f"{path}: this is no clas-nlp model")
    version = manifest.get("format_version")
    if version != FORMAT_VERSION:
        raise BadModel(
            f"{path}: model format {version!r}, this version of clas-nlp reads {FORMAT_VERSION}; "
            "update clas-nlp or train the model again"
        )
    if manifest.get("sha256") != stated:
        raise BadModel(
            f"{path}: its hash is not the one it states; "
            "the file was changed or cut short, so copy or train the model again"
        )
    if text != written:
        # The hash is over what it says, which a doubled line or other blanks leave as it was.
        line = commonprefix([text, written]).count("\n") + 1  # noqa: RUF071 (characters)
        raise BadModel(
            f"{path}: line {line} is not as `clas-nlp train` writes it, though it says the same; "
            "the file was edited or its line ends changed, so copy or train the model again"
        )
    for key in ("files", "thresholds"):
        if not isinstance(manifest.get(key), dict):
            raise BadModel(f"{path}: {key!r} is missing; train the model again")
    return manifest


def vouched_file(folder: Path, name: str, manifest: dict[str, Any]) -> bytes:
    """The bytes of a file that the manifest vouches for.

    Raises:
        BadModel: it is missing, too large, or not the file that the manifest means.
    """
    raw = _file(folder / name)
    found = hashlib.sha256(raw).hexdigest()
    expected = str(manifest["files"].get(name, "nothing"))
    if found != expected:
        raise BadModel(
            f"{folder / name}: hash {found[:12]} is not the manifest's {expected[:12]}; "
            "the file was changed or cut short, so copy or train the model again"
        )
    return raw


def _file(path: Path) -> bytes:
    """A file's bytes; what has no end, such as a device or a named pipe, is never opened."""
    try:
        if path.exists() and not path.is_file():
            raise BadModel(f"{path}: no file; expected one of a model's, so copy the model again")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise BadModel(
                f"{path}: {size // 1_000_000} MB, more than any model's file has; copy or train "
                "the model again"
            )
        return path.read_bytes()
    except OSError as error:
        raise BadModel(f"{path}: {error.strerror or error}; the model is not whole") from None
