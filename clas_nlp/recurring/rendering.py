"""Templates into one self-contained page, with a content policy that allows nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING, Any

from clas_nlp.codebook import MIXED, NEUTRAL, STRENGTH, WEAKNESS, Codebook

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from clas_nlp.recurring.tables import chance, percent, points, year_span

    environment = Environment(
        loader=PackageLoader("clas_nlp.recurring"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=percent, chance=chance, points=points)
    environment.globals["year_span"] = year_span
    return environment


def render_page(template: str, script: str, content: Any, **values: Any) -> str:
    """Renders a page as one file.

    Styles and script stand in the page and are allowed by their hashes, nothing else is: no
    network, no frame, no form, no script in report text even if an escape were missed.

    Args:
        template: name of the page's template.
        script: name of its own script, among the templates; what all pages share comes after it.
        content: plain values for the script, put into the page as JSON.
        values: what the template shows.
    """
    environment = _environment()
    style = _source(environment, "page.css")
    code = f"{_source(environment, script)}\n{_source(environment, 'page.js')}"
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(code)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    text = environment.get_template(template).render(
        policy=policy, style=_safe(style), script=_safe(code), content=_json(content), **values
    )
    # Text of a report may hold half a character from a broken conversion; a page cannot.
    return text.encode("utf-8", "replace").decode("utf-8")


def _source(environment: Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0].strip()


def _safe(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _json(content: Any) -> Any:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return _safe(text)


#: Signs that stand beside colours; a stance of a codebook without a sign gets the last.
STANCE_SIGNS = {WEAKNESS: "▼", STRENGTH: "▲", MIXED: "◆", NEUTRAL: "●"}


def stances(codebook: Codebook) -> list[dict[str, str]]:
    """Id, name and sign of each stance, for a page's key and filters."""
    return [
        {"id": s.id, "name": s.name, "sign": STANCE_SIGNS.get(s.id, "●")} for s in codebook.stances
    ]
