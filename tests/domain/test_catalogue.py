from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.catalogue import HUNDREDTHS_IN_WHOLE, Weight, selection_of
from service.errors import Code, Refused

A, B, C = (UUID(int=number) for number in range(1, 4))


def test_given_weights_are_kept_in_order():
    assert selection_of([(B, 500), (A, 9_500)]) == (Weight(B, 500), Weight(A, 9_500))


def test_without_weights_the_split_is_equal_and_its_remainder_goes_to_the_first():
    assert selection_of([(A, None)]) == (Weight(A, 10_000),)
    assert selection_of([(C, None), (A, None), (B, None)]) == (Weight(C, 3_334), Weight(A, 3_333), Weight(B, 3_333))


@given(st.integers(1, 60))
def test_an_equal_split_is_whole_and_differs_by_a_hundredth_at_most(count: int):
    hundredths = [weight.hundredths for weight in selection_of([(UUID(int=number), None) for number in range(count)])]
    assert sum(hundredths) == HUNDREDTHS_IN_WHOLE
    assert hundredths == sorted(hundredths, reverse=True)
    assert hundredths[0] - hundredths[-1] <= 1


@pytest.mark.parametrize(
    "asked",
    [
        [],
        [(A, 5_000), (B, None)],
        [(A, 5_000), (B, 4_999)],
        [(A, 5_000), (B, 5_001)],
        [(A, 10_000), (B, 0)],
        [(A, 10_001), (B, -1)],
        [(A, 100)],
    ],
)
def test_bundles_that_do_not_make_a_whole_are_refused(asked: list[tuple[UUID, int | None]]):
    with pytest.raises(Refused) as refusal:
        selection_of(asked)
    assert refusal.value.code is Code.SELECTION_INVALID


def test_a_bundle_named_twice_is_refused_where_it_is_named_again():
    with pytest.raises(Refused) as refusal:
        selection_of([(A, 5_000), (B, 2_500), (A, 2_500)])
    assert refusal.value.code is Code.SELECTION_INVALID
    assert refusal.value.path == (2,)
