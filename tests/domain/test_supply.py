"""Bounds of what is received and set: found missing by planted changes that no test of the domain noticed.

Seen to fail when: a batch of no mass, or of a gram too many, is received; two tiers of one minimum count as rising.
"""

import pytest

from service.domain.amounts import MASS_G_MAX
from service.domain.catalogue import PriceTier
from service.domain.certificate import Interval
from service.domain.registry_evidence import whole_credits
from service.domain.supply import issued_g_of, rising_tier
from service.errors import Code, Refused

TONNE_G = 1_000_000


@pytest.mark.parametrize("mass_g", [-1, 0, MASS_G_MAX + 1])
def test_a_batch_has_a_mass_that_can_be_issued(mass_g: int):
    with pytest.raises(Refused) as refusal:
        issued_g_of(mass_g, "mass")

    assert (refusal.value.code, refusal.value.path) == (Code.QUANTITY_INVALID, ("mass",))


@pytest.mark.parametrize("mass_g", [1, MASS_G_MAX])
def test_the_least_and_the_largest_mass_are_issued(mass_g: int):
    assert issued_g_of(mass_g, "mass") == mass_g


@pytest.mark.parametrize(
    ("tiers", "rises"),
    [
        ([(0, 5), (10, 5)], None),
        ([(0, 5), (10, 6)], 1),
        ([(10, 6), (0, 5)], 0),
        ([(0, 5), (0, 6)], None),
        ([(0, 5), (10, 4), (20, 5)], 2),
    ],
)
def test_a_tier_rises_above_that_of_a_smaller_minimum(tiers: list[tuple[int, int]], rises: int | None):
    assert rising_tier([PriceTier(*tier) for tier in tiers]) == rises


def test_whole_credits_that_meet_are_one_interval():
    """Three touch one another, so that the second and third extend the first; the fourth stands alone."""
    parts = [(2_500_000, 2_600_000), (500_000, 1_200_000), (2_000_000, 2_500_001), (5_000_000, 5_000_001)]

    found = whole_credits(Interval(*part) for part in parts)

    assert found == [Interval(0, 3 * TONNE_G), Interval(5 * TONNE_G, 6 * TONNE_G)]
