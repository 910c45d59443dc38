"""What can be set, from where it is read, and how the logs look. Imports nothing else of ours.

Offers: `settings` (all of them, typed), `load` (from the environment and files), `sources` (errors of what is set), `logs`.
"""
