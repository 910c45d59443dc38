"""All that touches Kafka or Redis: settings, topics, codecs, dead letters, transport, sensors, embedded servers.

May import: the standard library, third-party libraries, `relationship`, `clientward_client` and `clientward_store`. Never
`agents` or `cli`. Nothing connects at import.
"""
