"""What is stored of an account: facts derived from messages, the account folded from them, and the record written.

May import `contract` and `policy`. Offers: `facts`, `facts_from_messages`, `account`, `record`, `appending` (what is
done to a record at every event), `packed` (how a record encodes its history), `snapshots` (of the account, along a history).
`layouts` (how a record of an older encoding is read) is for `record` alone.
"""
