"""Deliveries without Kafka: run them, see how they do, and help an endpoint that fails."""
