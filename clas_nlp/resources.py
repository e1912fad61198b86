"""Where the codebook and the default model lie: in the wheel, or in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
#: In an installed wheel both lie under the package; in a checkout, where people edit them.
_PLACES: dict[str, tuple[Path, Path]] = {
    "codebook": (_PACKAGE / "_shipped" / "codebook", _PACKAGE.parent / "corpus" / "codebook"),
    "model": (_PACKAGE / "_shipped" / "model", _PACKAGE.parent / "models" / "default"),
}


def resource_folder(name: str) -> Path:
    """Folder of a shipped resource: "codebook" or "model".

    The shipped copy comes first; where there is none, the checkout's folder is named whether it
    exists or not, so that the loader's message can say what is missing.
    """
    shipped, checkout = _PLACES[name]
    return shipped if shipped.is_dir() else checkout
