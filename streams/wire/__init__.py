"""Bytes to messages and back: the codec with its refusals, dead letters, and the contract's documents. Pure: no network.

May import `relationship`. Offers: `records` (records as fetched), `arrivals` (records decoded), `codecs`, `rules` (what
types cannot check), `backup_file`, `dead_letters`, `redriving` (what became of them), `lines` (a file of events, line by
line), `ordering` (in the order in which they happened), `contracts` (JSON Schemas and AsyncAPI, generated). `shapes` and
`explain_faults` are used by the codec only, `generated_types` (the forms that code generators take) by the documents.
"""
