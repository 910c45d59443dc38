"""The documentation's site: which pages it has, what becomes of their Markdown and links, and which faults are found."""

from pathlib import Path

import pytest

from tools.site.__main__ import config
from tools.site.built import faults
from tools.site.layout import CONTENTS, Entry, Part, everything, lay_out, navigation
from tools.site.markdown import for_python_markdown, targets, with_links

ROOT = Path(__file__).parents[2]


def test_every_page_of_the_documentation_is_in_the_navigation_once() -> None:
    """docs/README.md lists each page of docs/, and no page twice; what it lists is there."""
    listed = [page.path for part in navigation(ROOT) for page in part.pages]
    assert len(listed) == len(set(listed))
    written = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")} - {CONTENTS}
    assert written - set(listed) == set()
    assert [path for path in listed if not (ROOT / path).is_file()] == []


def test_every_link_of_every_page_leads_to_a_file() -> None:
    """All that can be reached from the navigation is there, the code that pages point at included."""
    paths, missing = everything(ROOT)
    assert missing == []
    assert "relationship/core.py" in paths


def test_the_configuration_has_the_navigation() -> None:
    """Names and files come as TOML takes them, quotes included."""
    text = config([Part("How to", (Entry('Say "yes"', "docs/yes.md"),))])
    assert '{ "How to" = [\n    { "Say \\"yes\\"" = "docs/yes.md" },\n  ] },' in text


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("A text:\n- one\n- two\n", "A text:\n\n- one\n- two\n"),
        ("- one\n  - inner\n- two\n", "- one\n    - inner\n- two\n"),
        ("1. one\n   goes on\n2. two\n", "1. one\n    goes on\n2. two\n"),
        ("- one\n\n  more of it\n\nA text\n", "- one\n\n    more of it\n\nA text\n"),
        ("```\n- no\n  - list\n```\n", "```\n- no\n  - list\n```\n"),
        ("| `a\\|b` | c\\|d |\n", "| `a|b` | c\\|d |\n"),
    ],
    ids=["after a text", "nested", "continued", "of two paragraphs", "in a fence", "bars in a table"],
)
def test_markdown_comes_out_as_a_code_host_shows_it(written: str, taken: str) -> None:
    """An empty line comes before a list, four spaces nest one, a bar in a table's code is one; what is fenced stays."""
    assert for_python_markdown(written) == taken


def test_links_in_code_are_left_alone() -> None:
    """A picture within a link is two links; what stands in backticks or a fence is none."""
    text = "[a](b.md) `[c](d.md)` [![e](f.png)](g.md)\n```\n[h](i.md)\n```\n"
    assert sorted(targets(text)) == ["b.md", "f.png", "g.md"]
    changed = "[a](x/b.md) `[c](d.md)` [![e](x/f.png)](x/g.md)\n```\n[h](i.md)\n```\n"
    assert with_links(text, lambda target: f"x/{target}") == changed


def test_links_to_code_and_folders_lead_to_pages(tmp_path: Path) -> None:
    """A file of the code is shown on a page, a folder as a list, a picture comes along, and what is missing is told."""
    (tmp_path / "docs" / "why").mkdir(parents=True)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text('"""Says ``` in it."""\n')
    (tmp_path / "docs" / "why" / "1.md").write_text("# Why `not`\n")
    (tmp_path / "docs" / "p.svg").write_text("<svg/>")
    (tmp_path / "README.md").write_text("# Home\n[code](code/a.py#L1) [all](code/) [gone](gone.md)\n")
    (tmp_path / "docs" / "README.md").write_text(
        "# All\n## Start\n- [Home](../README.md)\n- [why](why)\n\n![p](p.svg)\n"
    )
    assert navigation(tmp_path) == [Part("Start", (Entry("Home", "README.md"), Entry("Why not", "docs/why/1.md")))]
    missing = lay_out(tmp_path, tmp_path / "out")
    assert missing == [("README.md", "gone.md")]
    home = (tmp_path / "out" / "README.md").read_text()
    assert "[code](source/code/a.py.md#L1) [all](source/code/index.md)" in home
    assert "````python\n" in (tmp_path / "out" / "source" / "code" / "a.py.md").read_text()
    assert "- [code/a.py](a.py.md)" in (tmp_path / "out" / "source" / "code" / "index.md").read_text()
    assert (tmp_path / "out" / "docs" / "p.svg").exists()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<a href="b/">b</a><h2 id="x"></h2><a href="#x">x</a><img src="p.png">', []),
        ('<a href="https://elsewhere.example/">a person may follow it</a>', []),
        ('<a href="c/">c</a>', ["leads to c/, which is not there"]),
        ('<a href="b/#y">y</a>', ["leads to b/#y, where there is no such heading"]),
        ('<script src="https://cdn.example/a.js"></script>', ["fetches https://cdn.example/a.js from another server"]),
        ('<link rel="stylesheet" href="no.css">', ["fetches no.css, which is not there"]),
        ('<link rel="canonical" href="https://clientward.example/">', []),
    ],
)
def test_faults_of_a_built_site_are_told(body: str, said: list[str], tmp_path: Path) -> None:
    """Links, anchors, and what a browser fetches by itself; what a person may follow leads anywhere."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "index.html").write_text("<h2 id='z'></h2>")
    (tmp_path / "p.png").write_bytes(b"")
    (tmp_path / "index.html").write_text(body)
    assert [fault.what for fault in faults(tmp_path)] == said


def test_a_site_of_no_page_is_a_fault(tmp_path: Path) -> None:
    """A builder that wrote nothing is not taken for one that had nothing to say."""
    assert [fault.what for fault in faults(tmp_path)] == ["has no page"]
