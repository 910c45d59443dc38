"""Whether a file that holds a secret is read by nobody else."""

import os
import stat
from typing import Final

#: Of a file of one's own: nothing for its group and for others.
OTHERS: Final = 0o077
#: Of a file that somebody else hands over, who owns it: its group, through which we read it, may read and no more.
OTHERS_OF_ANOTHERS: Final = 0o037


def is_private(found: os.stat_result) -> bool:
    """Tell whether a file with a secret is for nobody else.

    One's own is for its owner alone. Another's may be read by its group: so a kubelet hands secrets over, as root's files
    for the group of the pod's volumes (mode 0440). PostgreSQL has the same rule for its key.
    """
    others = OTHERS if found.st_uid == os.geteuid() else OTHERS_OF_ANOTHERS
    return not stat.S_IMODE(found.st_mode) & others
