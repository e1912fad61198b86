"""The codebook: themes, stances, services and rules, as data.

A codebook is a folder of JSON Lines files. Everything that speaks of a theme, stance or service
takes it from here, so a new theme is new rows and new labels, not new code.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from clas_nlp.errors import BadCodebook
from clas_nlp.json_text import NoJson, json_value
from clas_nlp.resources import resource_folder

#: A paragraph whose sentences hold weakness and strength is `mixed`; no sentence is.
MIXED = "mixed"
WEAKNESS = "weakness"
STRENGTH = "strength"
NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme that paragraphs are coded for.

    Attributes:
        id: what files and code call it.
        name: what people read.
        definition: what it is.
        included: what is in, by example.
        excluded: what is out, by example.
        rulings: how borderline cases were decided.
        keywords: stock phrases; the baseline that a model is compared with, nothing else.
    """

    id: str
    name: str
    definition: str
    included: str = ""
    excluded: str = ""
    rulings: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """A service whose practice paragraphs judge."""

    id: str
    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class Stance:
    """A judgement that a sentence holds on a theme."""

    id: str
    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of coding that holds for all themes."""

    id: str
    rule: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern in the format of spaCy's EntityRuler.

    Attributes:
        label: the theme, stance or service that it speaks for.
        id: the feature it belongs to; patterns that mean the same share it.
        pattern: a phrase, matched on stems, or a list of token patterns (LEMMA holds the stem).
    """

    label: str
    id: str
    pattern: str | tuple[dict[str, Any], ...]

    @property
    def feature(self) -> str:
        """Label and id: "supervision/on_request"."""
        return f"{self.label}/{self.id}"


@dataclass(frozen=True)
class Codebook:
    """A whole codebook; see `load_codebook`."""

    themes: tuple[Theme, ...]
    stances: tuple[Stance, ...]
    services: tuple[Service, ...]
    rules: tuple[Rule, ...] = ()
    theme_patterns: tuple[Pattern, ...] = field(default=(), repr=False)
    stance_patterns: tuple[Pattern, ...] = field(default=(), repr=False)
    service_patterns: tuple[Pattern, ...] = field(default=(), repr=False)

    @cached_property
    def theme_ids(self) -> tuple[str, ...]:
        """Ids of the themes, in the codebook's order."""
        return tuple(theme.id for theme in self.themes)

    @cached_property
    def service_ids(self) -> tuple[str, ...]:
        """Ids of the services, in the codebook's order."""
        return tuple(service.id for service in self.services)

    @cached_property
    def sentence_stances(self) -> tuple[str, ...]:
        """The stances that a sentence can have."""
        return tuple(stance.id for stance in self.stances if stance.id != MIXED)

    def theme_name(self, theme_id: str) -> str:
        """The name that people read, for a theme's id."""
        return next((theme.name for theme in self.themes if theme.id == theme_id), theme_id)

    def service_name(self, service_id: str) -> str:
        """The name that people read, for a service's id."""
        return next((s.name for s in self.services if s.id == service_id), service_id)

    def to_dict(self) -> dict[str, Any]:
        """The codebook as plain values, by file name without ending, in a fixed order."""
        return {
            "themes": [_plain(row) for row in self.themes],
            "stances": [_plain(row) for row in self.stances],
            "services": [_plain(row) for row in self.services],
            "rules": [_plain(row) for row in self.rules],
            "theme_patterns": [_plain(row) for row in self.theme_patterns],
            "stance_patterns": [_plain(row) for row in self.stance_patterns],
            "service_patterns": [_plain(row) for row in self.service_patterns],
        }

    @property
    def sha256(self) -> str:
        """Hash of the themes, stances and services: two codebooks that agree on it code alike."""
        rows = {
            "themes": [_plain(row) for row in self.themes],
            "stances": [_plain(row) for row in self.stances],
            "services": [_plain(row) for row in self.services],
            "rules": [_plain(row) for row in self.rules],
        }
        return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def _plain(row: Any) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(row).items()
    }


def paragraph_stance(stances: set[str]) -> str:
    """A paragraph's stance for a theme, from the stances of its evidence sentences.

    Weakness and strength together make mixed; either one outweighs neutral.
    """
    if {WEAKNESS, STRENGTH} <= stances:
        return MIXED
    for stance in (WEAKNESS, STRENGTH):
        if stance in stances:
            return stance
    return NEUTRAL


def load_codebook(folder: str | Path | None = None) -> Codebook:
    """Loads a codebook.

    Args:
        folder: a folder with themes.jsonl, stances.jsonl and services.jsonl, and optionally
            rules.jsonl and the three pattern files; by default the project's own.

    Raises:
        BadCodebook: a file is missing, a row is malformed, or an id stands twice.
    """
    folder = Path(folder) if folder is not None else resource_folder("codebook")
    rows = {
        name: _rows(folder / f"{name}.jsonl", required=name in ("themes", "stances", "services"))
        for name in (
            "themes",
            "stances",
            "services",
            "rules",
            "theme_patterns",
            "stance_patterns",
            "service_patterns",
        )
    }
    return codebook_from_dict(rows, str(folder))


def codebook_beside(path: str | Path) -> Codebook:
    """The codebook that a corpus goes by: `codebook/` in its folder, or else the project's own.

    Args:
        path: a corpus file, or the folder of one.

    Raises:
        BadCodebook: see `load_codebook`.
    """
    path = Path(path)
    folder = (path if path.is_dir() else path.parent) / "codebook"
    return load_codebook(folder if folder.is_dir() else None)


def codebook_from_dict(rows: dict[str, list[dict[str, Any]]], name: str = "codebook") -> Codebook:
    """Builds a codebook from rows as `Codebook.to_dict` gives them.

    Raises:
        BadCodebook: a row lacks a field or has an unknown one, or an id stands twice.
    """
    if not isinstance(rows, dict):
        raise BadCodebook(f"{name}: found {type(rows).__name__}, expected an object of lists")
    made: dict[str, list[Any]] = {}
    kinds: dict[str, Any] = {
        "themes": Theme,
        "stances": Stance,
        "services": Service,
        "rules": Rule,
        "theme_patterns": Pattern,
        "stance_patterns": Pattern,
        "service_patterns": Pattern,
    }
    for key, record in kinds.items():
        made[key] = []
        for number, row in enumerate(rows.get(key, []), start=1):
            try:
                values = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
                made[key].append(record(**values))
            except (TypeError, AttributeError):
                wanted = ", ".join(record.__dataclass_fields__)
                raise BadCodebook(
                    f"{name}: {key}.jsonl row {number} does not have the fields {wanted}"
                ) from None
        if "patterns" not in key:
            ids = [row.id for row in made[key]]
            repeated = sorted({i for i in ids if ids.count(i) > 1})
            if repeated:
                raise BadCodebook(f"{name}: {key}.jsonl has the id {repeated[0]!r} twice")
    codebook = Codebook(**{key: tuple(value) for key, value in made.items()})
    for key, known in (
        ("theme_patterns", set(codebook.theme_ids)),
        ("stance_patterns", set(codebook.sentence_stances)),
        ("service_patterns", set(codebook.service_ids)),
    ):
        for number, row in enumerate(made[key], start=1):
            if row.label not in known:
                raise BadCodebook(
                    f"{name}: {key}.jsonl row {number} has the label {row.label!r}; "
                    f"expected one of {', '.join(sorted(known))}"
                )
    return codebook


def _rows(path: Path, required: bool) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if required:
            raise BadCodebook(f"{path}: no such file; a codebook needs it") from None
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise BadCodebook(f"{path}: cannot be read ({error})") from None
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json_value(line)
        except NoJson as error:
            raise BadCodebook(f"{path}: row {number} is no JSON ({error})") from None
        if not isinstance(row, dict):
            raise BadCodebook(f"{path}: row {number} is no JSON object")
        rows.append(row)
    return rows
