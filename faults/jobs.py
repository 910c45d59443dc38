"""One run as a job for a process of its own: runs that wait most of their time share the machine."""

import asyncio
import logging
from typing import Final, NamedTuple

from faults.scenarios import CONTROLS, FAULTS
from faults.scripts.run import Result, carry_out

CONTROL_REST_SECONDS: Final = 20.0  # a control may never come to rest; that is red enough


# Whether a missing safeguard shows depends on what the workers had in hand: a control has so many seeds to go red.
CONTROL_TRIES: Final = 4


class Job(NamedTuple):
    """One run: its seed, and the position of its fault, or of its control, in the list."""

    seed: int
    number: int
    is_control: bool


def carried_out(job: Job) -> Result:
    """Carry one run out in this process."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its retries of topics just made
    if job.is_control:
        return _control(job)
    fault = FAULTS[job.number]
    return asyncio.run(carry_out(fault.script, job.seed, fault.prepared))


def _control(job: Job) -> Result:
    """Try a control with one seed after the other until it is red, as it must be."""
    control = CONTROLS[job.number]
    for seed in range(job.seed, job.seed + CONTROL_TRIES):
        result = asyncio.run(carry_out(control.script, seed, control.without, CONTROL_REST_SECONDS))
        result.notes.append(f"seed {seed}, of at most {CONTROL_TRIES} from {job.seed} on")
        if control.is_red(result):
            break
    return result
