"""Measures of the background jobs of a process: what each step did, and when it last had nothing left to do."""

from collections import Counter
from datetime import datetime

from service.kit.measures import Labels

OUTCOMES = ("done", "idle", "unavailable", "refused", "failed")
"""Outcomes of a turn: it did something, found nothing, waits for the database, was refused, or raised an error."""


class StepMeasures:
    """Counts by step."""

    def __init__(self) -> None:
        self.turns: Counter[Labels] = Counter()
        """By step and outcome."""
        self.items: Counter[str] = Counter()
        """Items that were done."""
        self.caught_up_s: dict[str, float] = {}
        """Seconds since 1970 at which the step last found nothing to do; at first, the time at which it began."""

    def begin(self, step: str, now: datetime) -> None:
        """Record that this process runs the step from now on."""
        self.caught_up_s[step] = now.timestamp()
        self.turns.update({(step, outcome): 0 for outcome in OUTCOMES})

    def end_turn(self, step: str, outcome: str, now: datetime, done: int = 0) -> None:
        """Record a turn of the step."""
        self.turns[step, outcome] += 1
        self.items[step] += done
        if outcome == "idle":
            self.caught_up_s[step] = now.timestamp()
