"""Who an account is and how to speak to it, for a chat agent: over the Model Context Protocol, or HTTP. Read-only.

Run by `clientward advise`. What is said is what the account's page says, for somebody who has a minute: standing,
confidence, why, what to do, and what to leave.

- `advice`: an account's view as advice, and what is said of an account of which nothing is known. Pure.
- `tool`: the one tool of the MCP server. `keys`: who may ask by HTTP. `app`: both by HTTP.

Rules: nothing here writes; no event and no goal of an account is told, only what follows from them; an id comes back as it
came, and is logged nowhere. Its libraries come with `clientward[advise]`; no worker imports this room. Offers: `run` (the
processes), `keys` (the file of keys, and its errors). May import: `views`, `streams` and what is below them.
"""
