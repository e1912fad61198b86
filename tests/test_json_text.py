from __future__ import annotations

import pytest

from clas_nlp.json_text import NoJson, json_value


@pytest.mark.parametrize("text", ['{"id": 1, "text": "é"}', "[]", "null", "1e3", '"a"'])
def test_json_is_read(text: str) -> None:
    import json

    assert json_value(text) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ('{"a": ', "Expecting value"),
        ('{"a": "b', "Unterminated string starting at"),
        ("[" * 100_000, "nested too deep"),
        ('{"a":' * 100_000, "nested too deep"),
        # Found by benchmarks/fuzz.py in label-studio.json, seed 1318.
        ('{"id": ' + "9" * 10_000 + "}", "a number of too many digits"),
    ],
)
def test_what_is_none_is_refused_in_a_few_words(text: str, reason: str) -> None:
    with pytest.raises(NoJson, match=f"^{reason}$"):
        json_value(text)
