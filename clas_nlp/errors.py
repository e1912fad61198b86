"""The errors that clas-nlp raises on purpose; the command line makes each one line, exit code 2."""

from __future__ import annotations


class ClasNlpError(Exception):
    """Something about the input is wrong; the message says what, where, and what to do."""


class UnreadableReport(ClasNlpError):
    """A report file is empty, binary, in an unknown encoding, or cannot be opened."""


class BadCorpus(ClasNlpError):
    """A corpus has rows that do not fit the codebook or their own text.

    Attributes:
        problems: one line for each bad row, each naming file and row.
    """

    def __init__(self, message: str, problems: list[str] | None = None) -> None:
        super().__init__(message)
        self.problems = problems or []

    @classmethod
    def of(cls, problems: list[str]) -> BadCorpus:
        """The error for some problems: its message is the first, and how many more there are."""
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return cls(problems[0] + more, problems)


class BadCodebook(ClasNlpError):
    """A codebook file is missing, malformed or contradicts itself."""


class BadModel(ClasNlpError):
    """A model folder is missing, incomplete, altered or of another format version."""


class TooFewLabels(ClasNlpError):
    """A corpus has too few labelled paragraphs of a theme to learn it."""
