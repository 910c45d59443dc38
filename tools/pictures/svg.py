"""SVG by hand: a card that is light or dark as the reader's system is, and the shapes that the pictures are made of.

A picture on a page cannot see which colours the page has; so it brings a ground of its own.
"""

from html import escape
from typing import Final

STYLE: Final = """\
text { font: 13px system-ui, sans-serif; fill: #1f2937; }
.small { font-size: 11px; fill: #64748b; }
.bold { font-weight: 600; }
.end { text-anchor: end; }
.middle { text-anchor: middle; }
.ground { fill: #ffffff; stroke: #e2e8f0; }
.track { fill: #eef2f7; }
.rule { stroke: #94a3b8; stroke-dasharray: 4 4; fill: none; }
.mark { stroke: #94a3b8; fill: none; }
.line { stroke: #3f51b5; stroke-width: 2; fill: none; stroke-linejoin: round; }
.contact { fill: #3f51b5; }
.bought { stroke: #94a3b8; }
.prospect { fill: #cbd5e1; }
.customer { fill: #94a3b8; }
.candidate { fill: #d9a021; }
.client { fill: #2f8f63; }
.lapsed { fill: #c2544d; }
@media (prefers-color-scheme: dark) {
  text { fill: #e5e7eb; }
  .small { fill: #9aa7b8; }
  .ground { fill: #14171c; stroke: #2a3038; }
  .track { fill: #232932; }
  .line { stroke: #8f9df5; }
  .contact { fill: #8f9df5; }
  .customer { fill: #7c8a9d; }
}"""


def document(width: int, height: int, title: str, told: str, parts: list[str]) -> bytes:
    """Return a picture. `told` says in a sentence what it shows, for whoever hears it instead."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-labelledby="title told">'
    )
    ground = f'<rect class="ground" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>'
    names = f'<title id="title">{escape(title)}</title><desc id="told">{escape(told)}</desc>'
    return "\n".join([head, names, f"<style>{STYLE}</style>", ground, *parts, "</svg>", ""]).encode()


def text(x: float, y: float, said: str, style: str = "") -> str:
    """Return words at a place."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}">{escape(said)}</text>'


def rect(x: float, y: float, width: float, height: float, style: str) -> str:
    """Return a rectangle with round corners."""
    return f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="3"/>'


def line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    """Return a straight line."""
    return f'<path class="{style}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'


def dot(x: float, y: float, style: str) -> str:
    """Return a point."""
    return f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>'
