"""Figures of matplotlib as SVG that can stand in a page without any style of their own.

matplotlib writes colours and sizes into `style` attributes, which the page's content policy forbids
and which know nothing of dark mode, print or forced colours. So they are taken out, and the parts
of a figure that have a `gid` get it as their class, for the page's style sheet.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure

#: matplotlib measures SVG in points, 72 to the inch; here one stands for a pixel.
_PER_INCH = 72
_ANCHOR = re.compile(r"text-anchor:\s*(\w+)")


def new_figure(size: tuple[int, int]) -> Figure:
    """An empty figure of a size in pixels, drawn by no window."""
    from matplotlib.figure import Figure

    return Figure(figsize=(size[0] / _PER_INCH, size[1] / _PER_INCH))


def drawing(make: Callable[[], Figure], key: str, title: str, description: str) -> Markup:
    """Draws a figure as SVG for a page.

    Whatever settings of matplotlib the machine has, the same figure gives the same text.

    Args:
        make: makes the figure; called under matplotlib's own defaults.
        key: begins the ids within the drawing; one for each drawing of a page.
        title: what it is called.
        description: what it says, in words.
    """
    from markupsafe import Markup
    from matplotlib import style

    settings = {"svg.fonttype": "none", "svg.hashsalt": key}
    written = io.StringIO()
    with style.context(["default", settings]):
        make().savefig(written, format="svg", transparent=True)
    root = ElementTree.fromstring(written.getvalue())
    _strip(root, key)
    box = root.get("viewBox", "")
    root.attrib.clear()
    root.attrib.update(
        {"viewBox": box, "role": "img", "aria-labelledby": f"{key}-title {key}-description"}
    )
    for tag, name, text in (("desc", "description", description), ("title", "title", title)):
        element = ElementTree.Element(tag, {"id": f"{key}-{name}"})
        element.text = text
        root.insert(0, element)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _strip(element: ElementTree.Element, key: str) -> None:
    """Leaves shapes, places, and the names of parts; takes the rest out, from the leaves up."""
    element.tag = _local(element.tag)
    element.text = (element.text or "").strip()
    element.tail = ""
    kept: dict[str, str] = {}
    for name, value in element.attrib.items():
        name = _local(name)
        if name == "id" and element.tag == "path":
            kept["id"] = f"{key}-{value}"  # a marker's shape, drawn by <use>
        elif name == "id" and not re.search(r"[\d.]", value):
            kept["class"] = value
        elif name == "href":
            kept["href"] = f"#{key}-{value[1:]}"
        elif name == "d":
            kept["d"] = " ".join(value.split())
        elif name == "style" and (anchor := _ANCHOR.search(value)):
            kept["text-anchor"] = anchor.group(1)
        elif name in ("x", "y", "viewBox"):
            kept[name] = value
    element.attrib.clear()
    element.attrib.update(kept)
    for child in list(element):
        _strip(child, key)
        held = child.text or child.attrib or len(child)
        if not held or child.tag in ("metadata", "style", "clipPath"):
            element.remove(child)


def _local(name: str) -> str:
    """A name without its namespace: inline in HTML it needs none."""
    return name.rsplit("}", 1)[-1]
