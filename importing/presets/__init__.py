"""Mappings for files that widespread systems export: each an SQL file with a head that says what it needs.

Offers: `catalogue` (all of them, by name).
"""
