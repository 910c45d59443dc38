"""Who may come in, as what, and for how long; nothing here knows of a page.

Offers: `users` (the file of users), `oidc_file` and `provider` (logins at an OpenID Connect provider), `sessions` (who is
logged in), `lockout` (how often a password may be tried), `routes` (which page wants which role).
"""
