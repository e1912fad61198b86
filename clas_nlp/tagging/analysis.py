"""From a paragraph's text to what the model looks at: sentences, stems, pattern matches.

Training and tagging both come through here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clas_nlp.codebook import Codebook
from clas_nlp.reading.citations import cited_recommendations, is_reference_only
from clas_nlp.reading.sentences import sentence_pipeline
from clas_nlp.tagging.patterns import PatternMatcher, StemTable, mark_stems, text_hashes


@dataclass(frozen=True, slots=True)
class Mention:
    """A service named in a text.

    Attributes:
        service: index of the service in the codebook.
        feature: index of the pattern feature that found it.
        sentence: index of the sentence.
        token: index of its first token in the sentence.
        before: stems of the two words before it, nearest first ("" where there are none).
    """

    service: int
    feature: int
    sentence: int
    token: int
    before: tuple[str, str]


@dataclass(frozen=True, slots=True)
class AnalysedText:
    """A paragraph's text, analysed.

    Attributes:
        text: the text.
        spans: (start, end) of each sentence.
        stems: the stems of each sentence's words and figures, punctuation left out.
        theme_hits: for each sentence, indexes of the theme-pattern features found in it.
        stance_hits: the same for the stance patterns.
        mentions: the services named, in text order.
        bare_reference: for each sentence, whether it is nothing but a citation.
        cites: for each sentence, whether it cites a recommendation, or a bare citation follows.
    """

    text: str
    spans: list[tuple[int, int]]
    stems: list[list[str]]
    theme_hits: list[list[int]]
    stance_hits: list[list[int]]
    mentions: list[Mention]
    bare_reference: list[bool]
    cites: list[bool]


class TextAnalyser:
    """Analyses texts with one codebook's patterns.

    Args:
        codebook: the codebook.
    """

    def __init__(self, codebook: Codebook) -> None:
        self._nlp = sentence_pipeline()
        self._strings = self._nlp.vocab.strings
        self._stems = StemTable(self._nlp)
        self.themes = PatternMatcher(codebook.theme_patterns, self._nlp, self._stems)
        self.stances = PatternMatcher(codebook.stance_patterns, self._nlp, self._stems)
        self.services = PatternMatcher(codebook.service_patterns, self._nlp, self._stems)
        self._marks = any(m.needs_marks for m in (self.themes, self.stances, self.services))
        self.service_ids = codebook.service_ids
        self._service_of_feature = [
            codebook.service_ids.index(feature.split("/", 1)[0])
            for feature in self.services.features
        ]
        self._word_of_stem: dict[int, str] = {}

    def analyse(self, texts: Iterable[str]) -> Iterator[AnalysedText]:
        """Analyses texts one after the other, in order."""
        for text in texts:
            yield self._analyse(text)

    def _word(self, stem: int) -> str:
        """A stem as the model's vocabulary spells it; empty for punctuation and white space.

        Figures lose their value: that a percentage is given matters, not which.
        """
        raw = self._strings[stem] if stem else ""
        if not any(character.isalnum() for character in raw):
            return ""
        return "0" if any(character.isdigit() for character in raw) else raw

    def _words(self, stems: list[int]) -> list[str]:
        """The word of each stem; see `_word`."""
        table = self._word_of_stem
        try:
            return [table[stem] for stem in stems]
        except KeyError:
            for stem in stems:
                if stem not in table:
                    table[stem] = self._word(stem)
            return [table[stem] for stem in stems]

    def _analyse(self, text: str) -> AnalysedText:
        if not text.strip():
            # spaCy's matchers refuse a doc in which no token has a stem.
            return AnalysedText(text, [], [], [], [], [], [], [])
        doc = self._nlp(text)
        stems = self._stems.stems(doc)
        texts = text_hashes(doc)
        if self._marks:
            mark_stems(doc, stems)
        all_words = self._words(stems)
        spans: list[tuple[int, int]] = []
        words: list[list[str]] = []
        first_tokens: list[int] = []
        sentence_of: list[int] = [0] * len(doc)
        for sentence in doc.sents:
            raw = sentence.text
            stripped = raw.strip()
            if not stripped:
                continue
            start = sentence.start_char + len(raw) - len(raw.lstrip())
            for token in range(sentence.start, sentence.end):
                sentence_of[token] = len(spans)
            spans.append((start, start + len(stripped)))
            first_tokens.append(sentence.start)
            words.append([word for word in all_words[sentence.start : sentence.end] if word])
        theme_hits: list[set[int]] = [set() for _ in spans]
        for feature, start in self.themes.matches(doc, stems, texts):
            theme_hits[sentence_of[start]].add(feature)
        stance_hits: list[set[int]] = [set() for _ in spans]
        for feature, start in self.stances.matches(doc, stems, texts):
            stance_hits[sentence_of[start]].add(feature)
        mentions = [
            self._mention(feature, start, all_words, sentence_of, first_tokens)
            for feature, start in self.services.matches(doc, stems, texts)
        ]
        bare = [is_reference_only(text[start:end]) for start, end in spans]
        cites = [
            not bare[i]
            and (
                bool(cited_recommendations(text[start:end])) or (i + 1 < len(spans) and bare[i + 1])
            )
            for i, (start, end) in enumerate(spans)
        ]
        return AnalysedText(
            text=text,
            spans=spans,
            stems=words,
            theme_hits=[sorted(hits) for hits in theme_hits],
            stance_hits=[sorted(hits) for hits in stance_hits],
            mentions=mentions,
            bare_reference=bare,
            cites=cites,
        )

    def _mention(
        self,
        feature: int,
        start: int,
        words: list[str],
        sentence_of: list[int],
        first_tokens: list[int],
    ) -> Mention:
        sentence = sentence_of[start]
        first = first_tokens[sentence]
        before: list[str] = []
        for token in range(start - 1, first - 1, -1):
            if words[token]:
                before.append(words[token])
                if len(before) == 2:
                    break
        before += [""] * (2 - len(before))
        return Mention(
            self._service_of_feature[feature],
            feature,
            sentence,
            start - first,
            (before[0], before[1]),
        )
