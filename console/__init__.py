"""The page for people: what happens now, an account and why, the base, refusals, deliveries, policies, audit; and changes.

Run by `clientward console`. Pages are made on the server; the browser gets HTML, and JavaScript that we serve ourselves.

- `access`: who may come in, as what, and for how long; which page wants which role.
- `guard`: every request is held to that before a page sees it. `visit`: a request that was let through.
- `jobs`: what runs in the background.
- `live`: one look at the servers for all that watch. `troubles`: what of it is wrong. `pages`: what each page shows.
  `app`: all of it together.

Rules: a page answers nobody whose role its route does not name; a change is a POST with the session's token; text from
outside is escaped by the templates, and nothing is marked safe; no page reads accounts by scanning Redis.
Its libraries come with `clientward[console]`; no worker imports this room. May import: `views`, `actions`, `streams` and
what is below them. From outside one imports `run` (the server) and `access.users` (the file of users, and its errors).
"""
