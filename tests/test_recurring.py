from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspection_files import (
    FICTIONAL,
    REPRINT,
    fictional,
    hand_labels,
    inspection,
    real,
    shipped_tagger,
)

import clas_nlp.recurring as package
from clas_nlp.errors import BadCodebook, UnreadableReport
from clas_nlp.reading import InspectionDetails
from clas_nlp.recurring import (
    GROUPINGS,
    Inspection,
    change_between_inspections,
    co_occurrence,
    distinct_inspections,
    inspections_jsonl,
    read_inspections,
    recurring,
    shift,
    trend,
)
from clas_nlp.recurring.intervals import difference_of_shares, expected_count, wilson
from clas_nlp.tagging import Evidence, TaggedParagraph, ThemeTag

CODEBOOK = shipped_tagger().codebook
THEME, OTHER = CODEBOOK.theme_ids[:2]


def made(
    name: str,
    stances: dict[str, list[str]],
    area: str = "",
    day: str = "",
    kind: str = "finding",
    chance: float = 0.9,
    service: str = "",
) -> Inspection:
    """An inspection with one paragraph for each stance of each theme."""
    paragraphs = []
    for theme, given_stances in stances.items():
        for place, stance in enumerate(given_stances):
            text = f"{name} says {theme} {stance} {place}."
            tags: tuple[ThemeTag, ...] = ()
            if stance:
                held = ("weakness", "strength") if stance == "mixed" else (stance,)
                evidence = tuple(Evidence(0, len(text), s, text) for s in held)
                tags = (ThemeTag(theme, stance, chance, evidence),)
            paragraphs.append(
                TaggedParagraph(
                    name,
                    f"{name}-{theme}-{place}",
                    kind,
                    f"1.{place + 1}",
                    "1 Early help",
                    None,
                    0,
                    len(text),
                    text,
                    (service,) if service else (),
                    (),
                    tags,
                    {t: (chance if tags and t == theme else 0.1) for t in CODEBOOK.theme_ids},
                )
            )
    return Inspection(name, InspectionDetails(area, day, day), tuple(paragraphs))


def figures(frame, theme=THEME, **wanted):  # type: ignore[no-untyped-def]
    rows = frame[frame["theme"] == theme]
    for name, value in wanted.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1
    return rows.iloc[0]


# Wilson (1927) as printed in Newcombe (1998), Statistics in Medicine 17:857, table I.
@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_agrees_with_published_intervals(
    count: int, total: int, low: float, high: float
) -> None:
    share, found_low, found_high = wilson(count, total)
    assert share == count / total
    assert (round(found_low, 4), round(found_high, 4)) == (low, high)


def test_wilson_of_nothing_is_nan() -> None:
    assert all(math.isnan(x) for x in wilson(0, 0))


# Newcombe (1998), Statistics in Medicine 17:873, table II, method 10.
@pytest.mark.parametrize(
    ("a", "m", "b", "n", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (10, 10, 0, 10, 0.6075, 1.0),
    ],
)
def test_difference_agrees_with_published_intervals(
    a: int, m: int, b: int, n: int, low: float, high: float
) -> None:
    _, found_low, found_high = difference_of_shares(b, n, a, m)
    assert (round(found_low, 4), round(found_high, 4)) == (low, high)


@given(st.lists(st.floats(0, 1), max_size=60))
def test_expected_count_lies_in_its_interval(chances: list[float]) -> None:
    count, low, high = expected_count(chances)
    assert 0 <= low <= high <= len(chances)
    assert low - 1 <= count <= high + 1


def test_expected_count_of_equal_chances_is_binomial() -> None:
    from scipy.stats import binom

    assert expected_count([0.3] * 50)[1:] == tuple(
        int(x) for x in binom.ppf((0.025, 0.975), 50, 0.3)
    )


def test_counts_and_share() -> None:
    inspections = [
        made("a", {THEME: ["weakness", "mixed", "strength", ""]}, "A", "2014-01-06"),
        made("b", {THEME: ["strength"]}, "B", "2015-01-05"),
        made("c", {THEME: ["weakness"]}, "C", "2016-01-04"),
    ]
    row = figures(recurring(inspections))
    assert (row.inspections_with_weakness, row.inspections) == (2, 3)
    assert (row.share, row.share_low, row.share_high) == pytest.approx(wilson(2, 3))
    assert (row.weaknesses, row.strengths) == (3, 3)
    assert (row.first_year, row.last_year) == (2014, 2016)
    # Three weaknesses at 0.9, none for the strengths, one untagged at 0.1 times (3.5 / 6).
    assert row.expected_weaknesses == pytest.approx(3 * 0.9 + 0.1 * 3.5 / 6)
    other = figures(recurring(inspections), OTHER)
    assert (other.inspections_with_weakness, other.inspections) == (0, 3)


def test_recommendations_count_only_when_asked() -> None:
    inspections = [made("a", {THEME: ["weakness"]}, kind="recommendation")]
    assert figures(recurring(inspections)).weaknesses == 0
    assert figures(recurring(inspections, kinds=("recommendation",))).weaknesses == 1


def test_service_is_counted_where_it_was_judged() -> None:
    inspections = [
        made("a", {THEME: ["weakness"]}, service="maternity"),
        made("b", {THEME: ["strength"]}, service="maternity"),
        made("c", {THEME: ["weakness"]}, service="camhs"),
    ]
    row = figures(recurring(inspections, by="service"), group="maternity")
    assert (row.inspections_with_weakness, row.inspections) == (1, 2)


@pytest.mark.parametrize("by", GROUPINGS)
def test_every_grouping_adds_up(by: str) -> None:
    inspections = fictional()
    overall = recurring(inspections)
    grouped = recurring(inspections, by=by)
    assert (grouped["inspections_with_weakness"] <= grouped["inspections"]).all()
    assert grouped["share_low"].le(grouped["share"]).all()
    for theme in CODEBOOK.theme_ids:
        total = int(grouped.loc[grouped["theme"] == theme, "weaknesses"].sum())
        expected = int(figures(overall, theme).weaknesses)
        # A paragraph may judge two services, an inspection include two providers.
        twice = by in ("service", "provider")
        assert total >= expected if twice else total == expected


def test_groups_that_are_not_stated_stand_apart() -> None:
    frame = recurring(fictional(), by="year")
    assert "No date" in set(frame.loc[frame["group"] == "", "group_name"])
    assert any("fenwold_no_date" in note for note in frame.attrs["notes"])


def test_ordered_by_recurrence_and_cut() -> None:
    frame = recurring(fictional(), min_inspections=7)
    counts = list(frame["inspections_with_weakness"])
    assert counts == sorted(counts, reverse=True)
    assert min(counts) >= 7


def test_evidence_can_be_found_again_in_the_real_reports() -> None:
    texts = {i.id: {p.id: p for p in i.paragraphs} for i in real()}
    frame = recurring(real(), by=("theme", "service"), evidence=None)
    sentences = [s for cell in frame["evidence"] for s in cell]
    assert len(sentences) > 50
    for sentence in sentences:
        paragraph = texts[sentence.inspection][sentence.paragraph]
        assert sentence.text in paragraph.text
        assert sentence.stance == "weakness"
        assert sentence.page == paragraph.page


def test_strongest_evidence_is_spread_over_inspections() -> None:
    row = recurring(fictional()).iloc[0]
    assert len({s.inspection for s in row.evidence}) == len(row.evidence) == 5


def test_the_package_can_be_called() -> None:
    assert package(real()).equals(recurring(real()))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "colour"}, "unknown grouping 'colour'; expected theme, service"),
        ({"theme": "luck"}, "unknown theme 'luck'; expected one of voice_of_child"),
        ({"kinds": ("rumour",)}, "unknown kind 'rumour'; expected one of finding"),
    ],
)
def test_unknown_choices_are_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        recurring(real(), **options)  # type: ignore[arg-type]


def test_no_inspections() -> None:
    with pytest.raises(UnreadableReport, match="no inspections"):
        recurring([])


def test_different_codebooks_are_refused_and_named() -> None:
    first = replace(made("a", {THEME: ["weakness"]}), codebook="a" * 64, source="one.txt")
    second = replace(made("b", {THEME: ["weakness"]}), codebook="b" * 64, source="two.txt")
    with pytest.raises(BadCodebook, match=r"one\.txt .*aaaaaaaaaaaa.*two\.txt .*bbbbbbbbbbbb"):
        recurring([first, second])


def test_theme_outside_the_codebook_is_refused() -> None:
    with pytest.raises(BadCodebook, match="has the theme 'luck'"):
        recurring([made("a", {"luck": ["weakness"]})])


def test_copies_are_counted_once_and_named(tmp_path: Path) -> None:
    copy = tmp_path / "another name.txt"
    copy.write_bytes(FICTIONAL[0].read_bytes())
    kept, notes = distinct_inspections([*fictional(), inspection(copy)])
    assert len(kept) == len(FICTIONAL)
    assert "another name.txt is the same inspection as" in notes[0]
    assert str(FICTIONAL[0]) in notes[0]
    assert "counted once" in recurring([*fictional(), inspection(copy)]).attrs["notes"][0]


def test_two_printings_of_one_visit_are_counted_once() -> None:
    """Other words, another day of publication, but the same area and days of review."""
    kept, notes = distinct_inspections([*fictional(), inspection(REPRINT)])
    assert len(kept) == len(FICTIONAL)
    assert f"{REPRINT} is the same inspection as" in notes[0]
    assert "garrowby_2017.txt (Garrowby 2017); it is counted once" in notes[0]


def test_same_file_name_in_two_folders_is_no_copy() -> None:
    kept, notes = distinct_inspections(
        [made("report", {THEME: ["weakness"]}), replace(made("x", {THEME: [""]}), id="report")]
    )
    assert [i.id for i in kept] == ["report", "report-2"]
    assert notes == []


def test_change_between_inspections() -> None:
    inspections = [
        made("b", {THEME: ["strength"], OTHER: ["weakness"]}, "Ash ", "2016-01-04"),
        made("a", {THEME: ["weakness"], OTHER: ["weakness"]}, "ash", "2013-01-07"),
        made("c", {THEME: ["weakness"], OTHER: ["weakness"]}, "Oak", "2013-01-07"),
    ]
    frame = change_between_inspections(inspections)
    assert list(frame["change"]) == ["gone", "stayed"]
    assert set(frame["earlier"]) == {"a"}
    gone = frame.iloc[0]
    assert gone.later_strengths == 1
    assert {s.stance for s in gone.evidence} == {"weakness", "strength"}
    assert gone.earlier_probability > 0.8 > gone.later_probability
    new = change_between_inspections(
        [inspections[0], made("z", {THEME: ["weakness"]}, "ash", "2019-01-07")]
    )
    assert list(new["change"]) == ["new", "gone"]


def test_change_in_the_fictional_reports() -> None:
    frame = change_between_inspections(fictional())
    pairs = [("ashmere_2013", "ashmere_2015"), ("ashmere_2015", "ashmere_2017")]
    pairs += [("brackwater_2014", "brackwater_2016"), ("calderfold_2013", "calderfold_2016")]
    found = {
        pair: dict(zip(rows["theme"], rows["change"], strict=True))
        for pair, rows in frame.groupby(["earlier", "later"], sort=False)
    }
    assert list(found) == pairs
    assert found[pairs[0]] == {
        "voice_of_child": "new",
        "think_family": "stayed",
        "supervision": "stayed",
        "level_3_training": "stayed",
        "flagging": "stayed",
        "referral_quality": "gone",
    }
    assert [found[pair]["flagging"] for pair in pairs] == ["stayed", "gone", "gone", "stayed"]
    by_service = change_between_inspections(fictional(), by="service", theme="flagging")
    ashmere = by_service[by_service["later"] == "ashmere_2015"]
    assert dict(zip(ashmere["service"], ashmere["change"], strict=True)) == {
        "emergency_department": "stayed",
        "primary_care": "gone",
    }


def test_trend_warns_below_five_inspections() -> None:
    few = [made(f"f{i}", {THEME: ["weakness"]}, day="2014-01-06") for i in range(4)]
    many = [made(f"m{i}", {THEME: ["weakness" if i else ""]}, day="2015-01-05") for i in range(5)]
    frame = trend([*many, *few])
    rows = frame[frame["theme"] == THEME]
    assert list(rows["year"]) == [2014, 2015]
    assert list(rows["few"]) == [True, False]
    assert list(rows["inspections_with_weakness"]) == [4, 4]
    assert "fewer than 5 inspections in 2014" in frame.attrs["notes"][-1]
    difference = figures(shift([*many, *few]))
    assert difference.difference == pytest.approx(-0.2)
    assert difference.difference_low < 0 < difference.difference_high


def test_undated_inspections_are_in_no_trend() -> None:
    assert trend([made("a", {THEME: ["weakness"]})]).empty
    assert shift([made("a", {THEME: ["weakness"]}, day="2014-01-06")]).empty


def test_co_occurrence() -> None:
    both = {THEME: ["weakness"], OTHER: ["weakness"]}
    inspections = [
        made("a", both),
        made("b", both),
        made("c", {THEME: ["weakness"]}),
        made("d", {THEME: [""]}),
    ]
    row = co_occurrence(inspections, theme=(THEME, OTHER)).iloc[0]
    assert (row.both, row.only_first, row.only_second, row.neither) == (2, 1, 0, 1)
    assert row.lift == pytest.approx(2 * 4 / (3 * 2))
    assert row.share_of_either == pytest.approx(2 / 3)
    assert co_occurrence(inspections, "paragraph", theme=(THEME, OTHER)).iloc[0].both == 0


def test_tagged_lines_without_details(tmp_path: Path) -> None:
    file = tmp_path / "tagged.jsonl"
    rows = [p.to_row() for i in real() for p in i.paragraphs]
    for row in rows:
        row.pop("probabilities", None)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    inspections = read_inspections(file)
    assert [(i.id, i.area, i.year) for i in inspections] == [
        ("dorset", "", None),
        ("dudley", "", None),
    ]
    frame, own = recurring(inspections), recurring(real())
    assert list(frame["weaknesses"]) == list(own["weaknesses"])
    assert frame["expected_weaknesses"].isna().all()
    assert any("no probabilities" in note for note in frame.attrs["notes"])
    # The same inspections as reports and as lines: counted once, and the ones with details kept.
    together = recurring([*inspections, *real()])
    assert figures(together, "supervision").inspections == 2
    assert together["expected_weaknesses"].notna().all()


def test_tagged_lines_with_details_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "tagged.jsonl"
    file.write_text(inspections_jsonl(fictional()), encoding="utf-8")
    again = read_inspections(file)
    own = recurring(fictional(), by=("theme", "service", "year", "provider"))
    assert recurring(again, by=("theme", "service", "year", "provider")).equals(own)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "row 1: no JSON"),
        ("[1]", "row 1: no JSON object"),
        ('{"report": "a"}', "row 1: no field 'kind'"),
        (
            '{"report": "a", "id": "1", "kind": "finding", "text": "Yes.", "themes": ['
            '{"theme": "x", '
            '"stance": "weakness", "probability": 7, "evidence": []}]}',
            "probability 7 is not between 0 and 1",
        ),
        (
            '{"report": "a", "id": "1", "kind": "finding", "text": "Yes.", "themes": ['
            '{"theme": "x", '
            '"stance": "weakness", "probability": 1, "evidence": '
            '[{"start": 0, "end": 3, "stance": "weakness", "text": "No."}]}]}',
            "is not what stands there",
        ),
    ],
)
def test_broken_lines_are_named(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "broken.jsonl"
    file.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(UnreadableReport, match=message):
        read_inspections(file)


@pytest.mark.parametrize(
    ("theme", "weak", "weaknesses", "strengths"),
    [
        ("supervision", 10, 13, 9),
        ("think_family", 9, 9, 7),
        ("flagging", 8, 9, 7),
        ("level_3_training", 8, 8, 4),
        ("referral_quality", 8, 9, 9),
        ("voice_of_child", 7, 7, 11),
    ],
)
def test_counts_of_the_hand_given_labels(
    theme: str, weak: int, weaknesses: int, strengths: int
) -> None:
    row = figures(recurring(fictional()), theme)
    assert (row.inspections_with_weakness, row.inspections) == (weak, 12)
    assert (row.weaknesses, row.strengths) == (weaknesses, strengths)


def test_fictional_reports_say_so_and_have_words_of_their_own() -> None:
    assert len(FICTIONAL) == 12
    said: set[str] = set()
    for file in FICTIONAL:
        assert file.read_text(encoding="utf-8").startswith("This report is fiction")
        judged = [p for p in inspection(file).paragraphs if p.kind != "context"]
        assert 12 <= len(judged) <= 25
        sentences = [s.strip() for p in judged for s in p.text.split(".") if len(s.split()) > 4]
        assert not said & set(sentences)
        said.update(sentences)


def test_every_label_has_its_paragraph() -> None:
    carried = {(i.id, p.number or p.id) for i in fictional() for p in i.paragraphs if p.themes}
    assert carried == set(hand_labels())
