"""Messages as they are stored: their JSON, compressed with a dictionary of what every one of them says.

A decision is 4 kB of JSON, most of it names of fields, of dimensions and of plays: with the dictionary, some 700 bytes.
"""

import zlib
from typing import Final

from relationship.contract.enums import INDUSTRIES, STATUSES
from relationship.contract.names import DIMENSIONS

# zlib finds what stands last in the dictionary cheapest. A change of it is a new `tables.VERSION`.
_DIMENSIONS: Final = ",".join(
    f'{{"name":"{name}","value":0.0,"weight":6.0,"contribution":0.0,"evidence":["p-1"]}}' for name in DIMENSIONS
)
_DICTIONARY: Final = (
    " ".join((*INDUSTRIES, *STATUSES))
    + '"actions":[""],"stop":[""]},"service_model":"","marketing":"'
    + '"kind":"entered","active":{"status":"customer","score":0.0,"policy":{"id":"clientward-default","version":"1"}},'
    + '"shadow":{"status":"candidate","publication":"policy-shadow/","approximate":false,'
    + '"action":"override","outcome":"done","detail":null,"by":"ops","occurred_at":"2026-01-01T00:00:00Z",'
    + '"why":"Its first agreement or purchase: the purchase of goods of ","what_next":" planning meetings of an hour in '
    + "person, which it asks for and whose outcomes are met, a week apart, the first between  would make it a candidate; "
    + "silence until "
    + ' would make it lapsed.",'
    + '{"account_id":"a","status":"customer","since":"2026-01-01T00:00:00Z","score":0.0,"confidence":0.998,'
    + '"segment":{"industry":"consulting","party":"business","scope":"external","market":"consumer","standing":"regular"},'
    + '"play":"serve_at_scale","policy":{"id":"clientward-default","version":"1"},"transition_seq":1,"held_until":null,'
    + '"as_of":"2026-01-01T00:00:00Z","schema_version":"1.0"}'
    + f'"dimensions":[{_DIMENSIONS}],"'
    + '{"event_id":"rc-","account_id":"","transition_seq":1,"from":"prospect","to":"customer","direction":"promotion",'
    + '"effective_at":"2026-01-01T00:00:00Z","decided_at":"2026-01-01T00:00:00Z","score":0.0,"confidence":0.99,'
).encode()
# The quickest level: higher ones save a tenth and cost thrice the time.
_LEVEL: Final = 1


def packed(body: bytes) -> bytes:
    """Return a message's JSON as it is stored."""
    compressor = zlib.compressobj(_LEVEL, zdict=_DICTIONARY)
    return compressor.compress(body) + compressor.flush()


def unpacked(stored: bytes) -> bytes:
    """Return the JSON of what is stored."""
    return zlib.decompressobj(zdict=_DICTIONARY).decompress(stored)
