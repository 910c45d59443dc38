"""A file's bytes as text: which encoding it has, and on which line a byte stands that is none of it.

A byte order mark decides, then UTF-8 where all of it is. What is not UTF-8 is windows-1252 (Latin-1 with what Windows put
into its gaps) where every byte above ASCII is then a letter or a sign that people write; otherwise it is a bad byte. A
file with UTF-8 letters before the first such byte is UTF-8 with a bad byte in it.
"""

import codecs
import gzip
import io
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from importing.errors import ImportingError

BLOCK: Final = 1 << 20  # bytes read at once
GZIP: Final = b"\x1f\x8b"
MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Signs beyond letters that files in windows-1252 have.
SIGNS: Final = frozenset("€£§°«»“”„‘’‚–—…®©™²³½¼¾µ·•¿¡´ºª¨×±\xa0\xad")
#: Letters of windows-1252 that stand where bytes of binary data and of other encodings fall, and hardly in a text.
UNLIKELY: Final = frozenset("ÿþÞðÐ")
PYTHON_NAMES: Final = {"windows-1252": "cp1252", "latin1": "latin-1"}


def is_gzip(path: Path) -> bool:
    """Tell whether a file is compressed by gzip."""
    with path.open("rb") as file:
        return file.read(2) == GZIP


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file, and unpack it where it is compressed."""
    return gzip.open(path, "rb") if is_gzip(path) else path.open("rb")  # type: ignore[return-value]


def find_encoding(path: Path) -> str:
    """Return the name of a file's encoding. Raises ImportingError, which names the line of a bad byte."""
    with open_bytes(path) as file:
        head = file.read(4096)
        for mark, name in MARKS:
            if head.startswith(mark):
                return name
        if wide := _without_mark(head):
            return wide
        file.seek(0)
        return _utf8_or_not(path, file)


def _without_mark(head: bytes) -> str | None:
    """Tell UTF-16 without a mark by its zero bytes, which stand on one side of nearly every pair."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(len(head) // 2, 1)
    if odd > half * 0.6 and even < half * 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.6 and odd < half * 0.1 else None


def _utf8_or_not(path: Path, file: IO[bytes]) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, wide, block = 1, False, b""
    try:
        while block := file.read(BLOCK):
            text = decoder.decode(block)
            wide = wide or not text.isascii()
            lines += text.count("\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        good = error.object[: error.start].decode("utf-8", "ignore")
        line = lines + good.count("\n")
        rest = error.object[error.start :] + file.read(BLOCK)
        if not wide and good.isascii() and _is_windows(rest):
            return "cp1252"
        raise bad_byte(path, line, error.object[error.start : error.start + 1], "utf-8") from error
    return "utf-8"


def _is_windows(raw: bytes) -> bool:
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        return False
    high = {each for each in text if not each.isascii()}
    return all(each in SIGNS or (unicodedata.category(each)[0] == "L" and each not in UNLIKELY) for each in high)


def bad_byte(path: Path, line: int, byte: bytes, encoding: str) -> ImportingError:
    """Return the error of a byte that is none of its file's encoding."""
    return ImportingError(
        f"{path}: line {line}: byte 0x{byte.hex()} is not {encoding.upper()}: mend it, or name the file's own "
        "encoding, as in --encoding latin-1"
    )


class Progress:
    """How many bytes of a file were read; compressed ones count as they lie on the disk."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw

    def tell(self) -> int:
        """Return the place in the file."""
        return self._raw.tell()


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[tuple[IO[str], Progress]]:
    """Give a file as text, line ends as they are. Raises ImportingError for an encoding that there is not."""
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise ImportingError(f"no encoding {encoding!r}; give a name such as utf-8, latin-1 or cp1250") from error
    with path.open("rb") as raw:
        data = gzip.GzipFile(fileobj=raw) if is_gzip(path) else raw
        with io.TextIOWrapper(data, encoding=encoding, newline="") as text:
            yield text, Progress(raw)
