from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from inspection_files import fictional, real

from clas_nlp.reading import Report, parse_report
from clas_nlp.recurring import accuracy_note, recurring_page, report_page
from clas_nlp.recurring.marking import page_paragraphs, pieces
from clas_nlp.tagging import Tagger

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ATTACK = '</script><script>alert(1)</script><img src=x onerror=alert(1)> & "quotes"'


def many(count: int) -> list[Any]:
    """Copies of the real inspections that count as different ones."""
    found = []
    for number in range(count):
        one = real()[number % 2]
        first, *rest = one.paragraphs
        details = replace(
            one.details,
            area=f"Area {number // 2}",
            review_start=f"20{10 + number % 8}-03-0{1 + number % 2}",
        )
        paragraphs = (replace(first, text=f"{first.text} {number}"), *rest)
        found.append(replace(one, id=f"r{number}", details=details, paragraphs=paragraphs))
    return found


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory, dudley: Report, tagger: Tagger) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    report = report_page(dudley, tagger.tag(dudley), tagger.codebook)
    (folder / "report.html").write_text(report, encoding="utf-8")
    inspections = [*real(), *fictional()]
    page = recurring_page(inspections, tagger.codebook)
    (folder / "recurring.html").write_text(page, encoding="utf-8")
    large = recurring_page(many(60), tagger.codebook)
    (folder / "large.html").write_text(large, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["report", "recurring"])
def test_page_is_self_contained_under_its_policy(pages: Path, name: str) -> None:
    page = (pages / f"{name}.html").read_text(encoding="utf-8")
    policy = html.unescape(re.search(r'Policy" content="([^"]+)"', page).group(1))  # type: ignore[union-attr]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for kind, tag in (("style", "style"), ("script", "script")):
        content = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert len(content) == 1
        digest = base64.b64encode(hashlib.sha256(content[0].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert not re.search(r"(?:src|href)=[\"'](?!#)", page)
    assert " style=" not in page
    assert not re.search(r"<[^>]+ on\w+=", page)


def test_text_of_reports_is_escaped(tagger: Tagger) -> None:
    text = f"1. {ATTACK}\n\n1.1 Midwives have no safeguarding supervision {ATTACK}.\n"
    report = parse_report(text, ATTACK)
    tagged = tagger.tag(report)
    from clas_nlp.recurring import Inspection

    for page in (
        report_page(report, tagged, tagger.codebook),
        recurring_page([Inspection.from_report(report, tagged)], tagger.codebook),
    ):
        assert page.count("<script") == 2
        assert "<img" not in page
        content = re.search(r'id="content">(.*?)</script>', page, re.DOTALL)
        assert content
        json.loads(content.group(1))


def test_pieces_join_to_the_text(report: Report, tagger: Tagger) -> None:
    anchors = {p.number: p.id for p in report.of_kind("recommendation")}
    linked = 0
    for paragraph in tagger.tag(report):
        found = pieces(paragraph, anchors, tagger.codebook)
        assert "".join(piece["text"] for piece in found) == paragraph.text
        marked = {m["theme"] for piece in found for m in piece["marks"] if m["ends"]}
        assert marked == {tag.theme for tag in paragraph.themes if tag.evidence}
        linked += len({piece["link"] for piece in found} - {""})
    assert linked > 40


def test_every_citation_is_a_link(report: Report, tagger: Tagger) -> None:
    known = {p.number for p in report.of_kind("recommendation")}
    for paragraph in page_paragraphs(report, tagger.tag(report), tagger.codebook):
        own = next(p for p in report.paragraphs if p.id == paragraph["id"])
        links = {piece["text"] for piece in paragraph["pieces"] if piece["link"]}
        spelled = {n for n in own.recommendations if n in known and n in own.text}
        assert links == spelled


def test_accuracy_note_says_what_is_known() -> None:
    assert "was not measured" in accuracy_note({})
    assert "trained on dorset:" in accuracy_note({"trained_on": {"dorset": 9}}, ["dorset", "x"])
    score = {
        "report": "dudley",
        "seen_in_training": False,
        "stance_accuracy": 0.8,
        "macro_f1": {"value": 0.7, "low": 0.62, "high": 0.78},
    }
    assert "dudley: macro-F1 0.70 (0.62–0.78), right stance 80%" in accuracy_note(
        {"scores": [score]}
    )


def test_empty_report_has_a_page(tagger: Tagger) -> None:
    report = parse_report("Nothing much.\n", "short")
    assert "<h1>short</h1>" in report_page(report, tagger.tag(report), tagger.codebook)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(params=["light", "dark"])
def opened(request: pytest.FixtureRequest, browser: Any, pages: Path) -> Iterator[Any]:
    """Opens a page; at the end the console must be empty and nothing fetched."""
    context = browser.new_context(color_scheme=request.param)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda asked: said.append(asked.url) if asked.url[:5] != "file:" else None)

    def open_page(name: str) -> Any:
        page.goto((pages / f"{name}.html").as_uri())
        return page

    yield open_page
    context.close()
    assert said == []


def violations(page: Any) -> list[str]:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed"
    )
    result = axe.Axe().run(page)
    return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in result.response["violations"]]


@pytest.mark.browser
def test_report_page_in_a_browser(opened: Any) -> None:
    page = opened("report")
    assert violations(page) == []
    everything = page.locator(".paragraph:visible").count()
    page.select_option("#theme", "supervision")
    page.select_option("#stance", "weakness")
    shown = page.locator(".paragraph:visible")
    assert 0 < shown.count() < everything
    assert page.locator("#status").inner_text().startswith(f"{shown.count()} of {everything}")
    for tags in shown.evaluate_all("all => all.map(p => p.dataset.tags)"):
        assert re.search(r"supervision:(weakness|mixed)", tags)
    assert violations(page) == []
    link = page.locator(".words a:visible").first
    target = link.get_attribute("href")[1:]
    link.click()
    # The recommendation may be hidden by the filter; the link brings it back, and the focus to it.
    assert page.locator(f'[id="{target}"]').is_visible()
    assert page.evaluate("document.activeElement.id") == target


@pytest.mark.browser
def test_recurring_page_in_a_browser(opened: Any) -> None:
    page = opened("recurring")
    assert violations(page) == []
    cell = page.locator("#heat button").first
    cell.focus()
    page.keyboard.press("Enter")
    assert page.locator("#dialog").is_visible()
    assert page.locator("#list li").count() > 0
    assert "Weakness" in page.locator("#list li").first.inner_text()
    assert violations(page) == []
    page.select_option("#dialog-stance", "")
    page.keyboard.press("Escape")
    assert not page.locator("#dialog").is_visible()
    assert cell.evaluate("cell => cell === document.activeElement")


@pytest.mark.browser
def test_each_cell_opens_as_many_paragraphs_as_it_counts(opened: Any) -> None:
    page = opened("recurring")
    for button in page.locator("#matrix button").all()[:12]:
        counted = int(re.search(r"▼(\d+)", button.inner_text().replace(" ", "")).group(1))  # type: ignore[union-attr]
        button.click()
        page.select_option("#dialog-stance", "weakness")
        assert page.locator("#list li").count() >= counted
        page.click("#close")


@pytest.mark.browser
def test_sixty_reports_in_a_browser(opened: Any) -> None:
    page = opened("large")
    page.locator("#heat button").first.click()
    assert page.locator("#list li").count() <= 100
    assert page.locator("#matrix tbody tr").count() == 60


@pytest.mark.browser
@pytest.mark.parametrize("name", ["report", "recurring"])
def test_narrow_window_and_print(opened: Any, name: str) -> None:
    page = opened(name)
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.emulate_media(media="print")
    assert page.locator("table").first.is_visible()
    assert not page.locator("button.plain:visible, select:visible").count()
    assert len(page.pdf()) > 10_000


@pytest.mark.browser
def test_what_is_folded_up_is_printed(opened: Any) -> None:
    page = opened("recurring")
    assert page.locator("details[open]").count() == 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0


@pytest.mark.browser
def test_charts_have_their_colours_and_a_table(opened: Any) -> None:
    page = opened("recurring")
    charts = page.locator("figure")
    assert charts.count() == 6
    assert charts.locator("table").count() == 6
    look = "e => [getComputedStyle(e).stroke, getComputedStyle(e).fill]"
    line = page.locator("svg .line path").first.evaluate(look)
    hollow = page.locator("svg .few use").first.evaluate(look)
    assert line[1] == "none"
    assert hollow[0] == line[0] != hollow[1]
