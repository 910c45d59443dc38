"""Kafka, Redis and Prometheus of one run, and what stands between them and the workers.

Offers: `stage`, `proxy`, `prometheus`, `probing`.
"""
