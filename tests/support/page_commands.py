"""Commands of the documents, held to whoever reads them: our command line, Compose's file, Make's, the chart's values."""

import ast
import re
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from chart import parsed
from pages import ROOT
from ruamel.yaml import YAML

#: What a shell has or a machine: their options are theirs.
MACHINE: Final = {".", "cat", "cp", "curl", "export", "grep", "head", "kubectl", "printf", "redis-cli", "sed", "tail"}
#: Packages of others that a page has somebody install.
OTHERS: Final = {"aiohttp", "pyarrow"}
SUBSCRIBERS: Final = ROOT / "examples" / "subscribers"
COMPOSE: Final = YAML(typ="safe").load(ROOT / "docker-compose.yml")


def hold(words: list[str]) -> None:
    """Hold one command to whoever reads it. Raises what that refuses it with."""
    program, rest = Path(words[0]).name or words[0], words[1:]
    readers: dict[str, Callable[[list[str]], object]] = {
        "clientward": parsed, "docker": compose_words, "helm": helm_words, "kubectl": kubectl_words, "make": make_words,
        "pip": pip_words, "python": python_words,
    }  # fmt: skip
    if program in readers:
        readers[program](rest)
    else:
        assert program in MACHINE, words
    for word in rest:
        assert not word.startswith(("examples/", "deploy/helm/")) or (ROOT / word).exists(), word


def python_words(words: list[str]) -> None:
    """Hold a call of Python: an environment, a line of code, or an example with options that it has."""
    if words[:1] == ["-c"]:
        ast.parse(words[1])
    elif words[0] != "-m" and words[0] != "first.py":  # that one is the page's own, and is run
        program = (SUBSCRIBERS / words[0]).read_text(encoding="utf-8")
        assert [word for word in words if word.startswith("--") and f'"{word}"' not in program] == []


def pip_words(words: list[str]) -> None:
    """Hold what is installed: our distributions with extras that there are, and packages that the tests have."""
    assert words[0] == "install"
    extras = re.findall(r"^([a-z]+) = \[", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    for word in words[1:]:
        match = re.fullmatch(r"(clientward|clientward-client|\.)(?:\[([a-z,]+)\])?", word)
        assert match or word in {*OTHERS, "-e", "-m"}, word
        assert match is None or match[2] is None or set(match[2].split(",")) <= set(extras)


def compose_words(words: list[str]) -> None:
    """Hold a call of Compose: services and profiles that its file has, and of our image commands that there are."""
    assert words[0] == "compose"
    rest = words[1:]
    while rest[:1] == ["--profile"]:
        assert any(rest[1] in service.get("profiles", ()) for service in COMPOSE["services"].values())
        rest = rest[2:]
    verb, rest = rest[0], rest[1:]
    named = [word for before, word in pairwise(["", *rest]) if not word.startswith("-") and before != "--scale"]
    if verb in {"exec", "run"}:
        inside = rest[rest.index(named[0]) + 1 :]
        assert named[0] in COMPOSE["services"]
        if inside:
            parsed(inside[1:] if verb == "exec" else inside)
    else:
        assert verb in {"up", "down", "logs"}
        assert set(named) <= COMPOSE["services"].keys()


def kubectl_words(words: list[str]) -> None:
    """Hold a call of kubectl: what runs inside of a pod is ours."""
    if words[0] == "exec":
        inside = words[words.index("--") + 1 :]
        assert inside[0] == "clientward"
        parsed(inside[1:])
    else:
        assert words[0] in {"create", "port-forward", "rollout"}


def make_words(words: list[str]) -> None:
    """Hold a call of make: a target that there is, and variables that it reads."""
    done = subprocess.run(
        ["/usr/bin/env", "make", "--dry-run", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "No rule" not in done.stderr, done.stderr
    files = [ROOT / "Makefile", *ROOT.glob("*/*.mk"), *ROOT.glob("*/*/*.mk")]
    text = "".join(each.read_text(encoding="utf-8") for each in files)
    assert [word for word in words[1:] if f"$({word.partition('=')[0]})" not in text] == []


def helm_words(words: list[str]) -> None:
    """Hold a call of Helm: its values are files that there are, and what is set has a place in the values."""
    values = YAML(typ="safe").load(ROOT / "deploy" / "helm" / "clientward" / "values.yaml")
    for option, word in pairwise(words):
        if option == "--set":
            place: Any = values
            for part in word.partition("=")[0].split("."):
                place = place[part]
