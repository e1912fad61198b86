"""Photographs the page of `recurring`: `python docs/build_pictures.py`; needs `[test]`, chromium.

The README shows the two real reports. Those have one date between them, so the picture of trends is
of the fictional reports of the tests.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from clas_nlp.reading import read_report
from clas_nlp.recurring import Inspection, accuracy_note, recurring_page
from clas_nlp.tagging import load

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
#: Reports, and the ids of the headings of the first and last section shown.
PICTURES = {
    "recurring.png": (ROOT / "corpus" / "reports", "heat-title", "matrix-title"),
    "trends.png": (ROOT / "tests" / "reports_fictional", "trend-title", "trend-title"),
}
WIDTH, MARGIN = 1100, 16


def photograph(page: Page, first: str, last: str, out: Path) -> None:
    """Takes the picture of a page from one section to another."""
    boxes = [
        page.locator(f"section[aria-labelledby={name}]").bounding_box() for name in (first, last)
    ]
    assert all(boxes)
    top, bottom = boxes[0]["y"], boxes[1]["y"] + boxes[1]["height"]
    clip = {"x": 0, "y": top, "width": WIDTH, "height": bottom - top + MARGIN}
    page.screenshot(path=out, full_page=True, clip=clip)


def main() -> None:
    """Makes the pictures of docs/images."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("no chromium; install it (apt-get install chromium)")
    tagger = load()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, (reports, first, last) in PICTURES.items():
            read = [read_report(file) for file in sorted(reports.glob("*.txt"))]
            inspections = [Inspection.from_report(r, tagger.tag(r), tagger.codebook) for r in read]
            html = Path(folder) / f"{name}.html"
            html.write_text(
                recurring_page(
                    inspections, tagger.codebook, accuracy=accuracy_note(tagger.model.details)
                ),
                encoding="utf-8",
            )
            page = browser.new_page(viewport={"width": WIDTH, "height": 800})
            page.goto(html.as_uri())
            photograph(page, first, last, IMAGES / name)
        browser.close()


if __name__ == "__main__":
    main()
