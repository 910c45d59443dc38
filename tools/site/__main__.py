"""Builds the site into `site/`: lays the pages out, has zensical build them strictly, and tries every link."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tools.site.built import faults
from tools.site.layout import Part, lay_out, navigation

ROOT: Final = Path(__file__).parents[2]
WORK: Final = ROOT / ".cache" / "site"
SITE: Final = ROOT / "site"
ENVIRONMENT: Final = ROOT / ".venv-docs"
OWN: Final = Path(__file__).parent


def config(parts: list[Part]) -> str:
    """Return zensical's configuration: what stands in zensical.toml, with the navigation."""
    lines = ['  { "Clientward" = "README.md" },', '  { "All pages" = "docs/README.md" },']
    for part in parts:
        entries = [f"    {{ {json.dumps(page.name)} = {json.dumps(page.path)} }}," for page in part.pages]
        lines += [f"  {{ {json.dumps(part.name)} = [", *entries, "  ] },"]
    own = (OWN / "zensical.toml").read_text(encoding="utf-8")
    return own.replace("nav = []", "\n".join(["nav = [", *lines, "]"]))


def lay_out_all(work: Path, environment: Path) -> list[str]:
    """Lay out all that zensical needs in the folder `work`; return what is wrong with the pages' links, a line each."""
    shutil.rmtree(work, ignore_errors=True)
    missing = lay_out(ROOT, work / "pages")
    shutil.copytree(OWN / "assets", work / "pages" / "assets")
    (mermaid,) = environment.glob("lib/python*/site-packages/mermaidx/assets/mermaid.js")
    shutil.copyfile(mermaid, work / "pages" / "assets" / "mermaid.js")
    (work / "zensical.toml").write_text(config(navigation(ROOT)), encoding="utf-8")
    return [f"{page}: leads to {target}, which is not there" for page, target in missing]


def build(work: Path, environment: Path) -> list[str]:
    """Build the site into `work`/site; return what is wrong with it, a line each."""
    wrong = lay_out_all(work, environment)
    if wrong:
        return wrong
    command = [str(environment / "bin" / "zensical"), "build", "--strict", "--config-file", "zensical.toml"]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)  # noqa: S603 - its own program
    if done.returncode:
        return [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return [f"{page}: {what}" for page, what in faults(work / "site")]


def main() -> int:
    """Build the site; return the exit code."""
    wrong = build(WORK, ENVIRONMENT)
    if wrong:
        sys.stderr.write("\n".join(["the site was not built:", *wrong, ""]))
        return 1
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.copytree(WORK / "site", SITE)
    folder = SITE.relative_to(ROOT)
    pages = len(list(SITE.rglob("*.html")))
    sys.stdout.write(f"{pages} pages in {folder}/, every link tried; `python -m http.server -d {folder}` shows them\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
