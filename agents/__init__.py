"""The Faust agents and the worker that runs them: thin, since all that is worth reading is in `streams` below.

Python's collector is calmed before anything else is imported: else a tenth of the time to the first decision goes into
looking through modules as they come.
"""

import gc
from typing import Final

# Objects after which Python's collector looks at the young ones: 2 ms of looking, some times a second under full load.
# Left as it is, it walks through all records that wait in a backlog, again and again: a third of the time.
YOUNG_OBJECTS: Final = 50_000

gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
