"""`python -m clas_nlp` is `clas-nlp`."""

from clas_nlp.cli.app import main

main()
