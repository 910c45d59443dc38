"""What can be set, from where it is read, and how the logs look. Of ours it imports the client's certificates and tokens.

Offers: `settings` (all of them, typed), `kafka` (those of its connections), `redis` (a client of it), `load` (from the
environment and files), `sources` (errors of what is set), `private` (whether a file of secrets is), `logs`.
"""
