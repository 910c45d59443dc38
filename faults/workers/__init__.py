"""The worker processes of one run: armed to end or pause themselves, or without one safeguard.

Offers: `group` (them all), `worker` (the program), `arms`, `controls` (the safeguards, each with what a worker is
without it).
"""
