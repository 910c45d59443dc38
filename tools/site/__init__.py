"""The documentation as a site: the repository's own pages, laid out for zensical, built, and every link tried.

`python -m tools.site` does all of it. No page is written for the site: it shows what a code host shows. Offers: `layout`
(which pages, and what becomes of their links), `markdown` (what differs between the two renderers), `built` (whether what
came out is whole and asks no other server for anything).
"""
