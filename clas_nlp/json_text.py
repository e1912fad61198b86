"""JSON out of files that may hold anything."""

from __future__ import annotations

import json
from typing import Any


class NoJson(ValueError):
    """A text is no JSON that can be read; the message says why, in a few words."""


def json_value(text: str) -> Any:
    """The value that a JSON text stands for.

    Raises:
        NoJson: no JSON, nested too deep, or with a number that no program could mean.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise NoJson(error.msg) from None
    except RecursionError:
        raise NoJson("nested too deep") from None
    except ValueError:  # Python reads no number of thousands of digits; that takes their square
        raise NoJson("a number of too many digits") from None
