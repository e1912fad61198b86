from __future__ import annotations

from xml.etree import ElementTree

import pytest
from inspection_files import fictional

from clas_nlp.recurring import trend
from clas_nlp.recurring.charts import trend_chart
from clas_nlp.recurring.drawings import drawing, new_figure
from clas_nlp.recurring.tables import plain_rows


def rows(theme: str = "supervision") -> list[dict[str, object]]:
    return [row for row in plain_rows(trend(fictional())) if row["theme"] == theme]


def test_chart_shows_and_says_every_year() -> None:
    chart = trend_chart(rows())
    assert chart
    drawn = ElementTree.fromstring(chart["drawing"])
    assert drawn.get("role") == "img"
    said = {e.get("id"): e.text for e in drawn if e.tag in ("title", "desc")}
    assert drawn.get("aria-labelledby") == " ".join(said)
    assert list(said.values()) == [
        "Safeguarding supervision",
        "Inspections with a weakness, by year. 2013: 2 of 2; 2014: 2 of 2; 2015: 2 of 2; "
        "2016: 2 of 3; 2017: 1 of 2.",
    ]
    assert [row["year"] for row in chart["rows"]] == [2013, 2014, 2015, 2016, 2017]
    parts = {e.get("class"): e for e in drawn.iter("g") if e.get("class")}
    assert set(parts) == {"rule", "whisker", "line", "few"}
    assert len(parts["whisker"].findall("path")) == len(parts["few"].findall(".//use")) == 5


def test_a_point_stands_where_its_share_is() -> None:
    chart = trend_chart([{**row, "few": year == 0} for year, row in enumerate(rows())])
    assert chart
    drawn = ElementTree.fromstring(chart["drawing"])
    marks = [u for c in ("few", "point") for u in drawn.findall(f".//g[@class='{c}']//use")]
    assert len(marks) == 5
    rules = drawn.find(".//g[@class='rule']")
    assert rules is not None
    bottom, _, top = (float(rule.get("d", "").split()[2]) for rule in rules)
    shares = [(bottom - float(mark.get("y", ""))) / (bottom - top) for mark in marks]
    assert shares == pytest.approx([1, 1, 1, 2 / 3, 1 / 2], abs=1e-4)


def test_no_chart_without_two_years() -> None:
    assert trend_chart([]) is None
    assert trend_chart(rows()[:1]) is None


def test_drawing_is_the_same_whatever_the_settings_of_the_machine() -> None:
    import matplotlib

    first = trend_chart(rows())
    with matplotlib.rc_context({"font.size": 30, "svg.fonttype": "path", "lines.marker": "x"}):
        assert trend_chart(rows()) == first


def test_nothing_is_left_that_a_strict_policy_forbids() -> None:
    def figure():  # type: ignore[no-untyped-def]
        made = new_figure((100, 50))
        axes = made.add_subplot()
        axes.plot([1, 2], [3, 4], marker="o", color="red", gid="line")  # clipped
        axes.set_title("a < b & c")
        return made

    text = drawing(figure, "key", "</svg><script>", "&")
    drawn = ElementTree.fromstring(text)
    names = {name for element in drawn.iter() for name in element.attrib}
    assert names <= set("viewBox role aria-labelledby id class href d x y text-anchor".split())
    assert not {e.tag for e in drawn.iter()} & {"style", "script", "metadata", "clipPath"}
    ids = [e.get("id", "") for e in drawn.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    assert all(name.startswith("key-") for name in ids)
    assert {e.get("href") for e in drawn.iter("use")} <= {f"#{name}" for name in ids}
    assert "a &lt; b &amp; c" in text
    assert "<script" not in text
