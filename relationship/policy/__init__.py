"""The policy as data: its file, the check of one, and the flat tables that the fold reads. May import `contract`.

Offers: `compiled` (a policy as the fold reads it), `file` (its TOML, typed), `check` (mistakes in one), `diff`, `edit`,
`firm_text` (a firm's part, written), `units`, `schedule` (which policy is in force when), `schema` and `page` (generated
documents). `text` is the room's own.
"""
