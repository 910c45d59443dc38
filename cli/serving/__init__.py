"""Serving: events taken over HTTP, for whoever has no Kafka, and from topics of others."""
