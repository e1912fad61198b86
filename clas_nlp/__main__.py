"""`python -m clas_nlp` is `clas-nlp`: the entry point, which answers Ctrl-C from the start."""

from __future__ import annotations

import sys


def run() -> None:
    """Runs the command line; what it imports takes a moment in which it may be stopped."""
    try:
        from clas_nlp.cli.app import main
    except KeyboardInterrupt:
        sys.stderr.write("clas-nlp: stopped; nothing half-written was left behind\n")
        sys.exit(130)
    main()


if __name__ == "__main__":
    run()
