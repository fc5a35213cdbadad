"""Items of worker steps that failed: their keys, counts, and times of the next attempt."""

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
    """Key of an item that a step processes: `item_id` is the id of an order, a quote or the account itself, `position`
    the order line if the item is one.
    """

    account_id: UUID
    item_id: UUID
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFailure:
    """An item that failed `attempts` times in a row and is skipped until `retry_at`."""

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
        """Return the key of the item that failed."""
        return ItemKey(self.account_id, self.item_id, self.position)


def retry_after(attempts: int) -> timedelta:
    """Return the pause before the next attempt after this many failures in a row: 2 s, 4 s, 8 s and so on, at most an
    hour.
    """
    return min(timedelta(seconds=2 ** min(attempts, 12)), RETRY_MAX)
