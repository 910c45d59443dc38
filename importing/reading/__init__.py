"""A file of any form becomes a table of text: CSV of any encoding and separator, xlsx, ods, iCalendar, Parquet, JSON.

The table lies in a DuckDB file of its own in a temporary folder, so that ten million rows need no more memory than a
hundred, and every cell keeps the text that stands in the file. `_file` and `_line` say where a row stands.

Offers: `bench` (the table and its folder), `load` (files into it), `calendars` (the window of days that is taken of one).
"""
