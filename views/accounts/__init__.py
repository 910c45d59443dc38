"""One account: what it is and why, what it was, what happened to it, where it is still to be found after its erasure.

Offers: `stored` (the questions, answered from Redis), `account` (an account's record as an answer: pure), `course` (its
score over time: pure), `erasure`.
"""
