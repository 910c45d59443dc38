"""One run as a job for a process of its own: runs that wait most of their time share the machine."""

import asyncio
import logging
from typing import Final, NamedTuple

from faults.run import Result, carry_out
from faults.scenarios import CONTROLS, FAULTS

CONTROL_REST_SECONDS: Final = 20.0  # a control may never come to rest; that is red enough


class Job(NamedTuple):
    """One run: its seed, and the position of its fault, or of its control, in the list."""

    seed: int
    number: int
    is_control: bool


def carried_out(job: Job) -> Result:
    """Carry one run out in this process."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its retries of topics just made
    if job.is_control:
        control = CONTROLS[job.number]
        return asyncio.run(carry_out(control.script, job.seed, control.without, CONTROL_REST_SECONDS))
    fault = FAULTS[job.number]
    return asyncio.run(carry_out(fault.script, job.seed, fault.prepared))
