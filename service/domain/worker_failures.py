"""Items of worker steps that failed: which, how often, and when each is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

RETRY_MAX = timedelta(hours=1)


class WorkerStep(StrEnum):
    """A worker step whose items fail one by one."""

    EXPIRE_HOLDS = "expire_holds"
    MATCH_BACKORDERS = "match_backorders"
    RETIRE_ORDERS = "retire_orders"
    ISSUE_CERTIFICATES = "issue_certificates"
    FILL_SEARCH_KEYS = "fill_search_keys"
    ADVANCE_TEST_ORDERS = "advance_test_orders"


@dataclass(frozen=True, slots=True, order=True)
class ItemKey:
    """One thing that a step does: `item_id` is that of an order, a quote or the account itself, `position` the line
    where a line is meant.
    """

    account_id: UUID
    item_id: UUID
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFailure:
    """An item that failed `attempts` times in a row and is left alone until `retry_at`."""

    step: WorkerStep
    account_id: UUID
    item_id: UUID
    position: int
    attempts: int
    failed_at: datetime
    retry_at: datetime
    error: str

    @property
    def key(self) -> ItemKey:
        """Return the item that failed."""
        return ItemKey(self.account_id, self.item_id, self.position)


def retry_after(attempts: int) -> timedelta:
    """Return how long an item rests after so many failures in a row: 2 s, 4 s, 8 s and so on, at most an hour."""
    return min(timedelta(seconds=2 ** min(attempts, 12)), RETRY_MAX)
