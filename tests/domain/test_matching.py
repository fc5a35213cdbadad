"""Matching: the earliest line that may take from a batch has its credits, whichever bundle it was ordered through."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.allocation import BatchStock
from service.domain.catalogue import Mode
from service.domain.matching import competing, match, place_in_queue
from service.domain.order import Backorder

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ACCOUNT = UUID(int=1)
FOREST, OCEAN, DESERT = (UUID(int=100 + number) for number in range(3))
P, Q, R, S = (UUID(int=200 + number) for number in range(4))


def waits(order: int, bundle_id: UUID, waiting_g: int, *, minute: int = 0, position: int = 0) -> Backorder:
    return Backorder(
        bundle_id=bundle_id,
        mode=Mode.LIVE,
        account_id=ACCOUNT,
        order_id=UUID(int=order),
        position=position,
        waiting_g=waiting_g,
        created_at=NOON + timedelta(minutes=minute),
    )


def batch(number: int, project_id: UUID, available_g: int, vintage: int = 2020) -> BatchStock:
    return BatchStock(UUID(int=300 + number), project_id, vintage, available_g)


def given_g(queue: list[Backorder], stock: dict[UUID, list[BatchStock]]) -> list[tuple[int, int]]:
    return [(each.backorder.order_id.int, each.mass_g) for each in match(queue, stock)]


def test_the_earlier_line_has_the_shared_credits():
    shared = batch(1, P, 100)
    stock = {FOREST: [shared], OCEAN: [shared]}
    assert given_g([waits(1, FOREST, 80), waits(2, OCEAN, 80)], stock) == [(1, 80), (2, 20)]
    assert given_g([waits(1, OCEAN, 80), waits(2, FOREST, 80)], stock) == [(1, 80), (2, 20)]


def test_a_line_that_stays_short_does_not_keep_others_from_what_it_cannot_take():
    stock = {FOREST: [batch(1, P, 10)], OCEAN: [batch(2, Q, 10)]}
    assert given_g([waits(1, FOREST, 50), waits(2, FOREST, 5), waits(3, OCEAN, 5)], stock) == [(1, 10), (3, 5)]


def test_a_line_takes_the_oldest_vintage_of_all_projects_of_its_bundle():
    young, old = batch(1, P, 10, 2022), batch(2, Q, 10, 2019)
    assert given_g([waits(1, FOREST, 10), waits(2, OCEAN, 10)], {FOREST: [young, old], OCEAN: [old]}) == [(1, 10)]


@pytest.mark.parametrize(
    ("stocked", "groups"),
    [
        ([], []),
        ([(FOREST, P), (OCEAN, Q)], [{FOREST}, {OCEAN}]),
        ([(FOREST, P), (OCEAN, P)], [{FOREST, OCEAN}]),
        ([(FOREST, P), (DESERT, R), (OCEAN, Q), (OCEAN, P)], [{DESERT}, {FOREST, OCEAN}]),
        ([(FOREST, P), (OCEAN, S), (DESERT, R), (FOREST, R), (OCEAN, R)], [{FOREST, OCEAN, DESERT}]),
    ],
)
def test_bundles_that_share_a_stocked_project_compete(stocked, groups):
    found = competing(stocked)
    assert sorted(map(sorted, found)) == sorted(map(sorted, groups))


@given(
    bundles=st.lists(st.sets(st.integers(0, 3)), min_size=3, max_size=3),
    grams=st.lists(st.integers(0, 30), min_size=4, max_size=4),
    lines=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 40), st.integers(0, 3)), max_size=8),
)
def test_nobody_waits_for_credits_that_a_later_line_has(bundles, grams, lines):
    batches = [batch(number, [P, Q, R, S][number], mass_g) for number, mass_g in enumerate(grams)]
    names = [FOREST, OCEAN, DESERT]
    stock = {name: [batches[index] for index in members] for name, members in zip(names, bundles, strict=True)}
    queue = sorted(
        (waits(number, names[bundle], mass_g, minute=minute) for number, (bundle, mass_g, minute) in enumerate(lines)),
        key=place_in_queue,
    )
    filled = {each.backorder.order_id: each for each in match(queue, stock)}

    left = {each.batch_id: each.available_g for each in batches}
    for each in filled.values():
        assert each.mass_g == sum(take.mass_g for take in each.takes)
        for take in each.takes:
            left[take.batch_id] -= take.mass_g
    assert min(left.values()) >= 0
    for index, line in enumerate(queue):
        if line.order_id in filled and not filled[line.order_id].waiting_g:
            continue
        may_take = {each.batch_id for each in stock[line.bundle_id]}
        assert not any(left[batch_id] for batch_id in may_take)
        later = [
            take.batch_id
            for each in queue[index + 1 :]
            if each.order_id in filled
            for take in filled[each.order_id].takes
        ]
        assert may_take.isdisjoint(later)
