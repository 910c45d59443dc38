"""Webhooks of other systems, to messages on the intake: `POST /hooks/NAME` of `clientward intake`.

Each sender signs in its own way, and says what happened in its own words: the signature is checked on the raw body, and the
body is mapped by SQL as a record of a foreign topic is.

- `file`: the `[hooks.NAME]` of INTAKE.toml, and their secrets. `errors`: what cannot work.
- `signatures`: whether a request is its sender's, and of now. No connection, no clock.
- `mappings/`: what each sender's body says, as SQL.
- `taking`: a request as records to store, or why it is refused.

Its libraries come with `clientward[adapt]`; an intake without hooks does not import this room. May import: `adapting`,
`intake`, `importing`, `streams`, `relationship.contract`. Offers: `taking`, `file`.
"""
