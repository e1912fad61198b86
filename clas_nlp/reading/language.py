"""Whether a text is English; the codebook and the model know no other language."""

from __future__ import annotations

import re
from collections import Counter

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
_WORD = re.compile(r"[^\W\d_]+")
_LEAST_SHARE = 0.2
#: Shorter texts are given the benefit of the doubt: headings and lists have few function words.
_LEAST_WORDS = 40


def looks_english(text: str) -> bool:
    """Whether at least a fifth of a text's words are common English function words.

    Args:
        text: the text; below forty words the answer is always yes, unless hardly any letter is
            Latin.
    """
    count = latin = function_words = 0
    # Stretches between white space are taken apart once each, however often they occur.
    for stretch, often in Counter(text[:200_000].lower().split()).items():
        for word in (stretch,) if stretch.isalpha() else _WORD.findall(stretch):
            count += often
            if word[0] <= "ɏ":
                latin += often
            if word in _FUNCTION_WORDS:
                function_words += often
    if latin < count / 2:
        return False
    return count < _LEAST_WORDS or function_words >= _LEAST_SHARE * count
