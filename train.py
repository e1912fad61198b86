"""Trains the default model: `python train.py` writes models/default from corpus/.

The same function as `clas-nlp train`; see `python train.py --help`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from clas_nlp.training import train_to_folder

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Reads the arguments and trains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", nargs="*", type=Path, default=[HERE / "corpus"])
    parser.add_argument("--out", type=Path, default=HERE / "models" / "default")
    parser.add_argument("--hold-out", action="append", default=[])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-cross-check", action="store_true", help="skip the scores in the card")
    parser.add_argument("--encoder", type=Path, help="a model whose encoder to read with too")
    parser.add_argument("--fine-tune", action="store_true", help="fine-tune an encoder instead")
    parser.add_argument("--base", type=Path, help="the BERT encoder to fine-tune")
    given = parser.parse_args()
    train_to_folder(
        given.corpus,
        given.out,
        tuple(given.hold_out),
        given.seed,
        progress=lambda step, done, total: print(f"{step} {done}/{total}", flush=True),
        cross_check=not given.no_cross_check,
        encoder=given.encoder,
        fine_tune=given.fine_tune,
        base=given.base,
    )


if __name__ == "__main__":
    main()
