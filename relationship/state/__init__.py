"""What is kept of an account: facts from messages, the account that they add up to, and the record that is stored.

May import `contract` and `policy`. Offers: `facts`, `facts_from_messages`, `account`, `record`, `packed` (how a record holds
its history).
"""
