"""Who may come in, as what, and for how long; nothing here knows of a page or of a server.

Offers: `users` (the file of users), `sessions` (who is logged in), `lockout` (how often a password may be tried), `routes`
(which page wants which role).
"""
