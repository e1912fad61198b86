from __future__ import annotations

import pytest

from clas_nlp.reading import JUDGED_KINDS, Report, sentence_spans


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("One sentence.", ["One sentence."]),
        ("No full stop", ["No full stop"]),
        ("First. Second.", ["First.", "Second."]),
        ("Needs, e.g. Housing, are met. So.", ["Needs, e.g. Housing, are met.", "So."]),
        ("It stopped. (Recommendation 1.3).", ["It stopped.", "(Recommendation 1.3)."]),
        ("It stopped (Recommendation 1.3). Next.", ["It stopped (Recommendation 1.3).", "Next."]),
        ("They said “yes.” She left.", ["They said “yes.”", "She left."]),
        ("He left. “No,” she said.", ["He left.", "“No,” she said."]),
        ("Outcomes:\n• Fed.\n• Clean", ["Outcomes:", "• Fed.", "• Clean"]),
        ("As\n4. Fine motor skills.", ["As", "4. Fine motor skills."]),
        ("Rated 9.4% in 2015. Then 10.", ["Rated 9.4% in 2015.", "Then 10."]),
        ("Most say no. Staff agree.", ["Most say no.", "Staff agree."]),
        ("See no. 4 for it. Yes.", ["See no. 4 for it.", "Yes."]),
        ("Seen by Dr. Smith. Good.", ["Seen by Dr. Smith.", "Good."]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [text[a:b] for a, b in sentence_spans(text)] == expected


def test_sentences_cover_every_word_once(report: Report) -> None:
    for p in report.of_kind(*JUDGED_KINDS):
        spans = sentence_spans(p.text)
        inside = [False] * len(p.text)
        for start, end in spans:
            assert not any(inside[start:end])
            inside[start:end] = [True] * (end - start)
        assert all(inside[i] or c.isspace() for i, c in enumerate(p.text)), p.id
