"""Pages served over HTTP by uvicorn until a signal ends it, for the processes that have some.

Rules: a room that serves makes its application inside of the loop and hands it over; what is common to all stands here. Its
libraries come with the extras of those rooms; no worker imports this one. Offers: `pages` (listening, and serving). May
import: nothing of the product.
"""
