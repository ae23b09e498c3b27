"""Free what trained models leave behind."""

from __future__ import annotations

import gc
import time

# Of the processor time of all trainings.
_SHARE = 0.1


class CycleCollector:
    """Frees the reference cycles that models hold, which Python alone finds late.

    To find them Python looks at every object, which takes a tenth to a quarter of a second with Keras loaded. So after
    small trainings nothing is collected until they took ten times as long.
    """

    def __init__(self) -> None:
        self._took = 0.0
        self._ended = time.process_time()

    def __reduce__(self) -> tuple[type[CycleCollector], tuple[()]]:
        """Begin anew in another process, which has a clock of its own."""
        return CycleCollector, ()

    def collect(self) -> None:
        """Free them, unless that was done a short time ago."""
        begun = time.process_time()
        if self._took > _SHARE * (begun - self._ended):
            return
        gc.collect()
        self._ended = time.process_time()
        self._took = self._ended - begun
