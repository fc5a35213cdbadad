import copy
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from service.domain.allocation import AllocationPlan, BatchStock, Take, plan_allocation

FOREST, OCEAN = UUID(int=101), UUID(int=102)
A, B, C, D = (UUID(int=number) for number in range(1, 5))


def batch(batch_id: UUID, vintage: int, available_g: int) -> BatchStock:
    return BatchStock(batch_id, UUID(int=900 + batch_id.int), vintage, available_g)


def test_the_oldest_vintage_is_taken_first_and_then_the_batch_id():
    bundle_stock = [batch(C, 2020, 50), batch(B, 2019, 50), batch(A, 2020, 50), batch(D, 2018, 50)]
    plan = plan_allocation([(FOREST, 160)], {FOREST: bundle_stock}, {})
    assert plan == AllocationPlan((Take(0, D, 50), Take(0, B, 50), Take(0, A, 50), Take(0, C, 10)), (0,))
    assert plan.is_full


def test_a_batch_that_covers_the_line_is_the_only_one_taken():
    bundle_stock = [batch(A, 2019, 50), batch(B, 2020, 50)]
    assert plan_allocation([(FOREST, 50)], {FOREST: bundle_stock}, {}).takes == (Take(0, A, 50),)


def test_what_is_left_right_now_overrides_the_stock_says():
    bundle_stock = [batch(A, 2019, 50), batch(B, 2020, 0), batch(C, 2021, 50)]
    plan = plan_allocation([(FOREST, 60)], {FOREST: bundle_stock}, {A: 0, B: 20})
    assert plan == AllocationPlan((Take(0, B, 20), Take(0, C, 40)), (0,))


def test_missing_grams_are_short_and_the_rest_is_taken():
    plan = plan_allocation([(FOREST, 80), (OCEAN, 10)], {FOREST: [batch(A, 2019, 50)]}, {})
    assert plan == AllocationPlan((Take(0, A, 50),), (30, 10))
    assert not plan.is_full


def test_nothing_is_taken_from_a_project_that_others_wait_for():
    awaited = batch(A, 2019, 50)
    stock = {FOREST: [awaited, batch(B, 2020, 50)], OCEAN: [awaited]}
    plan = plan_allocation([(FOREST, 60), (OCEAN, 10)], stock, {}, awaited={awaited.project_id})
    assert plan == AllocationPlan((Take(0, B, 50),), (10, 10))


def test_two_bundles_that_share_a_batch_do_not_take_it_twice():
    shared = batch(A, 2019, 50)
    stock = {FOREST: [shared], OCEAN: [shared, batch(B, 2020, 50)]}
    plan = plan_allocation([(FOREST, 30), (OCEAN, 30)], stock, {A: 40})
    assert plan == AllocationPlan((Take(0, A, 30), Take(1, A, 10), Take(1, B, 20)), (0, 0))


def test_a_line_without_mass_takes_nothing():
    plan = plan_allocation([(FOREST, 0)], {FOREST: [batch(A, 2019, 50)]}, {})
    assert plan == AllocationPlan((), (0,))
    assert plan.is_full


def test_an_overdrawn_count_gives_nothing():
    plan = plan_allocation([(FOREST, 5)], {FOREST: [batch(A, 2019, 50)]}, {A: -7})
    assert plan == AllocationPlan((), (5,))


batches = st.lists(
    st.builds(
        batch, st.integers(1, 12).map(lambda number: UUID(int=number)), st.integers(2015, 2018), st.integers(0, 40)
    ),
    max_size=12,
    unique_by=lambda stock: stock.batch_id,
)


@given(
    entries=batches,
    offered=st.lists(st.lists(st.booleans(), min_size=12, max_size=12), min_size=3, max_size=3),
    lines=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 120)), max_size=4),
    now=st.dictionaries(st.integers(1, 12).map(lambda number: UUID(int=number)), st.integers(0, 40)),
    awaited=st.sets(st.integers(1, 12)),
)
def test_a_plan_takes_only_what_is_there_and_oldest_first(entries, offered, lines, now, awaited):
    bundles = [UUID(int=100 + number) for number in range(3)]
    stock = {
        bundle: [entry for entry, is_on in zip(entries, flags, strict=False) if is_on]
        for bundle, flags in zip(bundles, offered, strict=True)
    }
    order = [(bundles[bundle], mass_g) for bundle, mass_g in lines]
    shut = {UUID(int=900 + number) for number in awaited}
    left_g = {entry.batch_id: now.get(entry.batch_id, entry.available_g) for entry in entries}
    before = copy.deepcopy((order, stock, now, shut))

    plan = plan_allocation(order, stock, now, shut)

    assert (order, stock, now, shut) == before
    assert plan == plan_allocation(order, {key: batches_of[::-1] for key, batches_of in stock.items()}, now, shut)
    assert all(take.mass_g > 0 for take in plan.takes)
    for index, (bundle, mass_g) in enumerate(order):
        takes = [take for take in plan.takes if take.line == index]
        assert sum(take.mass_g for take in takes) + plan.short_g[index] == mass_g
        ages = {
            entry.batch_id: (entry.vintage, entry.batch_id) for entry in stock[bundle] if entry.project_id not in shut
        }
        taken = [ages[take.batch_id] for take in takes]
        assert taken == sorted(set(taken))
        for take in takes:
            left_g[take.batch_id] -= take.mass_g
        assert min(left_g.values(), default=0) >= 0
        # Only the newest batch touched may keep grams, and none is short while its batches keep grams.
        passed_over = [batch_id for batch_id, age in ages.items() if taken and age < taken[-1]]
        assert not any(left_g[batch_id] for batch_id in passed_over)
        assert {take.batch_id for take in takes} <= ages.keys()
        if plan.short_g[index]:
            assert not any(left_g[batch_id] for batch_id in ages)
    assert plan.is_full == (sum(plan.short_g) == 0)
