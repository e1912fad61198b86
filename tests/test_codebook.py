from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import CORPUS

from clas_nlp.codebook import (
    MIXED,
    NEUTRAL,
    STRENGTH,
    WEAKNESS,
    Codebook,
    Theme,
    codebook_from_dict,
    load_codebook,
    paragraph_stance,
)
from clas_nlp.errors import BadCodebook

FILES = ("themes", "stances", "services")


@pytest.fixture(scope="module")
def codebook() -> Codebook:
    return load_codebook(CORPUS / "codebook")


def _rows(codebook: Codebook) -> dict[str, list[dict[str, Any]]]:
    return json.loads(json.dumps(codebook.to_dict()))


def _write(folder: Path, rows: dict[str, list[dict[str, Any]]]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in rows.items():
        lines = "".join(json.dumps(row) + "\n" for row in content)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return folder


def test_the_projects_codebook_is_complete(codebook: Codebook) -> None:
    assert len(codebook.themes) == 6
    assert set(codebook.sentence_stances) == {WEAKNESS, STRENGTH, NEUTRAL}
    assert {stance.id for stance in codebook.stances} == {*codebook.sentence_stances, MIXED}
    for theme in codebook.themes:
        assert theme.name
        assert theme.definition
        assert theme.included
        assert theme.excluded
        assert theme.keywords
    assert all(service.name and service.definition for service in codebook.services)
    assert all(rule.rule for rule in codebook.rules)


def test_every_theme_stance_and_service_has_patterns(codebook: Codebook) -> None:
    assert {p.label for p in codebook.theme_patterns} == set(codebook.theme_ids)
    assert {p.label for p in codebook.stance_patterns} <= set(codebook.sentence_stances)
    assert {p.label for p in codebook.service_patterns} == set(codebook.service_ids)


def test_the_default_codebook_is_the_projects_own(codebook: Codebook) -> None:
    assert load_codebook() == codebook


def test_plain_values_and_back(codebook: Codebook) -> None:
    assert codebook_from_dict(_rows(codebook)) == codebook


def test_files_and_back(codebook: Codebook, tmp_path: Path) -> None:
    assert load_codebook(_write(tmp_path / "book", _rows(codebook))) == codebook


def test_only_three_files_are_needed(codebook: Codebook, tmp_path: Path) -> None:
    rows = {name: _rows(codebook)[name] for name in FILES}
    found = load_codebook(_write(tmp_path / "book", rows))
    assert found.themes == codebook.themes
    assert found.rules == found.theme_patterns == ()


def test_hash_speaks_of_coding_and_not_of_patterns(codebook: Codebook) -> None:
    assert replace(codebook, theme_patterns=()).sha256 == codebook.sha256
    other = replace(codebook, themes=(*codebook.themes, Theme("new", "New", "A new theme.")))
    assert other.sha256 != codebook.sha256
    reordered = replace(codebook, themes=codebook.themes[::-1])
    assert reordered.sha256 != codebook.sha256


def test_names_for_people(codebook: Codebook) -> None:
    theme, service = codebook.themes[0], codebook.services[0]
    assert codebook.theme_name(theme.id) == theme.name
    assert codebook.service_name(service.id) == service.name
    assert codebook.theme_name("unheard_of") == "unheard_of"


@pytest.mark.parametrize(
    ("stances", "expected"),
    [
        (set(), NEUTRAL),
        ({NEUTRAL}, NEUTRAL),
        ({WEAKNESS}, WEAKNESS),
        ({STRENGTH}, STRENGTH),
        ({WEAKNESS, NEUTRAL}, WEAKNESS),
        ({STRENGTH, NEUTRAL}, STRENGTH),
        ({WEAKNESS, STRENGTH}, MIXED),
        ({WEAKNESS, STRENGTH, NEUTRAL}, MIXED),
    ],
)
def test_stance_of_a_paragraph(stances: set[str], expected: str) -> None:
    assert paragraph_stance(stances) == expected


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file(name: str, codebook: Codebook, tmp_path: Path) -> None:
    folder = _write(tmp_path / "book", _rows(codebook))
    (folder / f"{name}.jsonl").unlink()
    with pytest.raises(BadCodebook) as error:
        load_codebook(folder)
    assert str(error.value) == f"{folder / name}.jsonl: no such file; a codebook needs it"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{", "row 7 is no JSON"),
        ("[]", "row 7 is no JSON object"),
        ('{"id": "x"}', "row 7 does not have the fields id, name, definition"),
        (
            '{"id": "x", "name": "x", "definition": "x", "colour": "red"}',
            "row 7 does not have the fields id, name, definition",
        ),
    ],
)
def test_a_bad_row(line: str, expected: str, codebook: Codebook, tmp_path: Path) -> None:
    folder = _write(tmp_path / "book", _rows(codebook))
    with (folder / "themes.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(BadCodebook) as error:
        load_codebook(folder)
    assert expected in str(error.value)
    assert "themes.jsonl" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", [*FILES, "rules"])
def test_an_id_twice(name: str, codebook: Codebook) -> None:
    rows = _rows(codebook)
    rows[name].append(rows[name][0])
    with pytest.raises(BadCodebook) as error:
        codebook_from_dict(rows, "book")
    assert str(error.value) == f"book: {name}.jsonl has the id {rows[name][0]['id']!r} twice"


@pytest.mark.parametrize("name", ["theme_patterns", "stance_patterns", "service_patterns"])
def test_a_pattern_for_something_unknown(name: str, codebook: Codebook) -> None:
    rows = _rows(codebook)
    rows[name] = [{"label": "unheard_of", "id": "x", "pattern": "x"}]
    with pytest.raises(BadCodebook) as error:
        codebook_from_dict(rows, "book")
    assert str(error.value).startswith(
        f"book: {name}.jsonl row 1 has the label 'unheard_of'; expected one of "
    )


def test_a_file_that_is_not_utf8(codebook: Codebook, tmp_path: Path) -> None:
    folder = _write(tmp_path / "book", _rows(codebook))
    (folder / "services.jsonl").write_bytes(b'{"id": "caf\xe9"}\n')
    with pytest.raises(BadCodebook, match=r"services\.jsonl: cannot be read"):
        load_codebook(folder)
