"""Opening zip archives and XML from outside without being harmed by them.

Refused: paths that leave the archive, archives that unpack to gigabytes, passwords, document type
definitions (and with them every entity, external or expanding). Nothing is ever unpacked to disk.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element, ParseError, fromstring
from xml.parsers.expat import ExpatError, ParserCreate

from clas_nlp.errors import BadCorpus

#: Far above any real project of reports, far below what hurts.
MOST_BYTES = 256 * 1024 * 1024
MOST_MEMBERS = 20_000
_ENCRYPTED = 0x1


class SafeArchive:
    """A zip archive, checked before anything is read from it.

    Args:
        path: the file.
        wanted: what it should be, for the messages.

    Raises:
        BadCorpus: it is no zip archive, or one of the hazards above.
    """

    def __init__(self, path: Path, wanted: str) -> None:
        self.path = path
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
        except OSError as error:
            raise BadCorpus(f"{path}: cannot be read ({error.strerror or error})") from None
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise BadCorpus(f"{path}: no zip archive, or a broken one; expected {wanted}") from None
        for member in members:
            if leaves_archive(member.filename):
                raise BadCorpus(
                    f"{path}: the entry {member.filename[:80]!r} leaves the archive; "
                    f"nothing was read; expected {wanted} as its tool writes it"
                )
            if member.flag_bits & _ENCRYPTED:
                raise BadCorpus(
                    f"{path}: the entry {member.filename[:80]!r} is protected by a password; "
                    "save the file without one"
                )
        size = sum(member.file_size for member in members)
        if size > MOST_BYTES or len(members) > MOST_MEMBERS:
            raise BadCorpus(
                f"{path}: unpacks to {size // 2**20} MB in {len(members)} entries; expected at "
                f"most {MOST_BYTES // 2**20} MB in {MOST_MEMBERS}; nothing was read"
            )
        self.names = [member.filename for member in members]
        self._left = MOST_BYTES

    def read(self, name: str) -> bytes:
        """Content of an entry.

        Raises:
            BadCorpus: there is no such entry, it is broken, or larger than it says.
        """
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(name) as file:
                content = file.read(self._left + 1)
        except KeyError:
            raise BadCorpus(f"{self.path}: no entry {name[:80]!r} in the archive") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
            raise BadCorpus(f"{self.path}: the entry {name[:80]!r} is broken ({error})") from None
        self._left -= len(content)
        if self._left < 0:
            raise BadCorpus(
                f"{self.path}: unpacks to more than {MOST_BYTES // 2**20} MB; reading stopped"
            )
        return content


def leaves_archive(name: str) -> bool:
    """Whether a path in an archive points outside it."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in name.split("/", 1)[0]


def safe_xml(content: bytes, where: str) -> Element:
    """Root of an XML document that has no document type definition.

    Args:
        content: the document.
        where: file and entry, for the messages.

    Raises:
        BadCorpus: it is not well-formed, or it declares a document type or entities.
    """
    refuse_doctype(content, where)
    try:
        return fromstring(content)
    except (ParseError, ValueError, LookupError) as error:
        raise BadCorpus(f"{where}: no well-formed XML ({error})") from None


def refuse_doctype(content: bytes, where: str) -> None:
    """Raises where an XML document declares a document type; without one it has no entities.

    Raises:
        BadCorpus: it does, or it is not well-formed.
    """

    def refuse(*_: object) -> None:
        raise BadCorpus(
            f"{where}: declares a document type, through which XML can read files and fill the "
            "memory; expected plain XML; nothing was read"
        )

    parser = ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except (ExpatError, ValueError, LookupError) as error:
        raise BadCorpus(f"{where}: no well-formed XML ({error})") from None
