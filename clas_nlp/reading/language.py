"""Whether a text is English; the codebook and the model know no other language."""

from __future__ import annotations

import re

#: The commonest function words; in English prose they are near half of all words.
_FUNCTION_WORDS = frozenset(
    [
        "the",
        "of",
        "and",
        "to",
        "in",
        "a",
        "is",
        "that",
        "for",
        "it",
        "as",
        "was",
        "with",
        "be",
        "by",
        "on",
        "not",
        "he",
        "his",
        "but",
        "at",
        "are",
        "this",
        "have",
        "from",
        "or",
        "had",
        "an",
        "they",
        "which",
        "one",
        "you",
        "were",
        "all",
        "her",
        "she",
        "there",
        "would",
        "their",
        "we",
        "him",
        "been",
        "has",
        "when",
        "who",
        "will",
        "no",
        "more",
        "if",
        "out",
        "so",
        "what",
        "up",
        "its",
        "about",
        "than",
        "into",
        "them",
        "can",
        "only",
        "other",
        "time",
        "new",
        "some",
        "could",
        "these",
        "may",
        "then",
        "do",
        "any",
        "my",
        "now",
        "such",
        "like",
        "our",
        "also",
        "should",
    ]
)
_LEAST_SHARE = 0.2
#: Shorter texts are given the benefit of the doubt: headings and lists have few function words.
_LEAST_WORDS = 40


def looks_english(text: str) -> bool:
    """Whether at least a fifth of a text's words are common English function words.

    Args:
        text: the text; below forty words the answer is always yes, unless hardly any letter is
            Latin.
    """
    sample = text[:200_000]
    words = re.findall(r"[^\W\d_]+", sample.lower())
    if not words:
        return True
    if not sample.isascii() and sum(word[0] <= "ɏ" for word in words) < len(words) / 2:
        return False
    if len(words) < _LEAST_WORDS:
        return True
    return sum(map(_FUNCTION_WORDS.__contains__, words)) >= _LEAST_SHARE * len(words)
