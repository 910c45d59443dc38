"""Serving: events taken over HTTP, for whoever has no Kafka."""
