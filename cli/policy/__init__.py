"""Policies: check, compare, try, learn and publish them."""
