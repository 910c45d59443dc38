"""The code blocks of the documents, and the commands that stand in them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "deploy/helm/README.md",
    *sorted(str(each.relative_to(ROOT)) for each in ROOT.glob("docs/**/*.md")),
)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEREDOC = re.compile(r"<<'?(\w+)'?([^\n]*)\n.*?^\1$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"(?:^|\s+)# .*$", re.MULTILINE)
VARIABLE = re.compile(r"[A-Z_]+=.*", re.DOTALL)


class Block(NamedTuple):
    """A block of code: on which page, in which line, in which language."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    """Return the blocks of all pages, of these languages or of every one."""
    texts = {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}
    every = [
        Block(page, text.count("\n", 0, match.start()) + 1, match[1], match[2])
        for page, text in texts.items()
        for match in BLOCK.finditer(text)
    ]
    return [each for each in every if not languages or each.language in languages]


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each simple command of a shell's text, without variables before it, redirections and comments."""
    plain = COMMENT.sub("", HEREDOC.sub(r"\2", text)).replace("\\\n", " ")
    lexer = shlex.shlex(plain, posix=True, punctuation_chars=";&|<>\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    words: list[str] = []
    skips = False
    for token in lexer:
        if token and not token.strip(";&|<>\n"):
            skips = set(token) <= {"<", ">"}
            if not skips and words:
                yield words
                words = []
        elif skips:
            skips = False
        elif words or not VARIABLE.fullmatch(token):
            words.append(token)
    if words:
        yield words
