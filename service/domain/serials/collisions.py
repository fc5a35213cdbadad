"""Overlaps among many batches, found in one pass over their claims in each series."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from service.domain.serials.block import Layout, SerialBlock, UnnumberedBatch
from service.domain.serials.overlap import Claim, claims, range_reading

Block: TypeAlias = SerialBlock | UnnumberedBatch
"""The credits of one batch, numbered or not."""


@dataclass(frozen=True, slots=True)
class _Claimant:
    claim: Claim
    batch_id: UUID
    is_new: bool


def find_overlaps(new: Mapping[UUID, Block], existing: Mapping[UUID, Block]) -> dict[UUID, UUID]:
    """Return, for new batches that overlap another batch, new or existing, the id of one such batch; empty if there are
    no overlaps. Overlaps among existing batches are not reported. All batches are of one mode.
    """
    batches = [(batch_id, block, True) for batch_id, block in new.items()]
    batches += [(batch_id, block, False) for batch_id, block in existing.items() if batch_id not in new]
    series: dict[str, list[_Claimant]] = defaultdict(list)
    ranges: dict[str, list[_Claimant]] = defaultdict(list)
    readings: dict[str, list[_Claimant]] = defaultdict(list)
    for batch_id, block, is_new in batches:
        for claim in claims(block):
            series[claim.key].append(_Claimant(claim, batch_id, is_new))
            if isinstance(block, SerialBlock) and block.layout is Layout.RANGE:
                ranges[claim.key].append(_Claimant(claim, batch_id, is_new))
        if (reading := range_reading(block)) is not None:
            readings[reading.key].append(_Claimant(reading, batch_id, is_new))
    found: dict[UUID, UUID] = {}
    for claimants in series.values():
        _sweep([(each, 0, 0) for each in claimants], found)
    for key, claimants in readings.items():
        _sweep([*((each, 0, 1) for each in claimants), *((each, 1, 0) for each in ranges.get(key, ()))], found)
    return found


def _sweep(claimants: list[tuple[_Claimant, int, int]], found: dict[UUID, UUID]) -> None:
    """Add the overlaps of one series. Each claimant has its kind and the kind that it must not overlap. While claims
    are visited in ascending order, the furthest-reaching claimant of each kind is kept, among all batches and among new
    ones.
    """
    furthest: dict[tuple[int, bool], _Claimant] = {}
    for each, kind, other_kind in sorted(claimants, key=lambda item: (item[0].claim, item[0].batch_id)):
        # An existing batch is compared only with new ones: two existing ones may overlap, because they are older than
        # the rule.
        before = furthest.get((other_kind, not each.is_new))
        if before is not None and before.claim.meets(each.claim) and before.batch_id != each.batch_id:
            late, early = (each, before) if each.is_new else (before, each)
            found.setdefault(late.batch_id, early.batch_id)
        for only_new in (False, True) if each.is_new else (False,):
            reach = furthest.get((kind, only_new))
            if reach is None or reach.claim.last < each.claim.last:
                furthest[kind, only_new] = each
