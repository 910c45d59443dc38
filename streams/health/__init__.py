"""Whether all is well: the doctor's checks, and where an account is still to be found after its erasure.

May import every other room of `streams`. Offers: `doctor`, `finding`, `traces`. `doctor_kafka` and `doctor_redis` are
its own.
"""
