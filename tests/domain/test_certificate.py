import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.catalogue import Mode
from service.domain.certificate import Certificate, Interval, RetiredBatch, certificate_number

SELLER = {
    "legal_name": "Meridian",
    "address": None,
    "country": "DE",
    "tax_number": None,
    "registration_number": None,
    "retirement_statement": None,
}
BATCH = RetiredBatch(
    batch_id=UUID(int=1),
    project_id=UUID(int=2),
    project_name="Rimba Raya",
    country="IDN",
    registry="Verra",
    vintage=2019,
    serial_prefix="VCS-674-",
    serial_start=5000,
    intervals=(Interval(0, 999_999), Interval(3_500_000, 5_000_001)),
    details={"methodology": None},
)
CERTIFICATE = Certificate(
    number="CR-0000-0000-0000",
    token="secret",
    mode=Mode.LIVE,
    seller=SELLER,
    recipient="Acme",
    order_id=UUID(int=3),
    order_number="0HZ4XK7M2QJ9A",
    retired_at=datetime(2026, 5, 1, tzinfo=UTC),
    issued_at=datetime(2026, 5, 2, tzinfo=UTC),
    batches=(BATCH,),
)


def test_a_gram_has_the_serial_of_its_tonne():
    # Grams 0..999 998 lie in tonne 0; 3 500 000..5 000 000 in tonnes 3, 4 and the first gram of 5.
    assert BATCH.serials == (("VCS-674-5000", "VCS-674-5000"), ("VCS-674-5003", "VCS-674-5005"))


@given(st.integers(0, 10**15), st.integers(1, 10**9), st.integers(0, 10**12))
def test_serials_name_exactly_the_tonnes_that_the_interval_touches(start, length, serial_start):
    batch = replace(BATCH, serial_prefix="", serial_start=serial_start, intervals=(Interval(start, start + length),))

    ((first, last),) = batch.serials

    touched = range(start // 10**6, -(-(start + length) // 10**6))
    assert (int(first) - serial_start, int(last) - serial_start) == (touched[0], touched[-1])


def test_masses_add_up():
    assert BATCH.mass_g == 999_999 + 1_500_001
    assert replace(CERTIFICATE, batches=(BATCH, BATCH)).mass_g == 5_000_000


@pytest.mark.parametrize("bounds", [(5, 5), (6, 5), (-1, 5)])
def test_an_interval_holds_a_gram(bounds):
    with pytest.raises(ValueError, match="at least one gram"):
        Interval(*bounds)


def test_no_gram_is_stated_twice():
    with pytest.raises(ValueError, match="retired once"):
        replace(BATCH, intervals=(Interval(0, 10), Interval(9, 12)))
    assert replace(BATCH, intervals=(Interval(0, 10), Interval(10, 12))).mass_g == 12


def test_nothing_retired_is_no_certificate():
    with pytest.raises(ValueError, match="retired grams"):
        replace(BATCH, intervals=())
    with pytest.raises(ValueError, match="states what was retired"):
        replace(CERTIFICATE, batches=())


def test_a_number_is_the_orders_own_and_repeats():
    # SHA-256 of sixteen bytes 00..00 01 begins 16 hex digits 'head'; its first 60 bits in groups of five.
    order_id = UUID(int=1)
    head = hashlib.sha256(order_id.bytes).hexdigest()[:15]
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    bits = f"{int(head, 16):060b}"
    spelled = "".join(alphabet[int(bits[i : i + 5], 2)] for i in range(0, 60, 5))

    number = certificate_number(order_id)

    assert number.replace("-", "") == "CR" + spelled
    assert re.fullmatch(r"CR(-[0-9A-HJKMNP-TV-Z]{4}){3}", number)
    assert certificate_number(UUID(int=2)) != number == certificate_number(UUID(int=1))


def test_the_fingerprint_is_the_hash_of_the_facts_as_published():
    published = {
        "kind": "assignment",
        "seller": SELLER,
        "batches": [
            {
                "batch_id": "00000000-0000-0000-0000-000000000001",
                "country": "IDN",
                "intervals": [[0, 999_999], [3_500_000, 5_000_001]],
                "mass_g": 2_500_000,
                "project_id": "00000000-0000-0000-0000-000000000002",
                "project_name": "Rimba Raya",
                "registry": "Verra",
                "methodology": None,
                "serials": [["VCS-674-5000", "VCS-674-5000"], ["VCS-674-5003", "VCS-674-5005"]],
                "vintage": 2019,
            }
        ],
        "issued_at": "2026-05-02T00:00:00.000000Z",
        "mass_g": 2_500_000,
        "mode": "live",
        "number": "CR-0000-0000-0000",
        "order_id": "00000000-0000-0000-0000-000000000003",
        "order_number": "0HZ4XK7M2QJ9A",
        "recipient": "Acme",
        "beneficiary": "Acme",
        "retired_at": "2026-05-01T00:00:00.000000Z",
    }
    text = json.dumps(published, separators=(",", ":"), sort_keys=True)

    assert CERTIFICATE.fingerprint == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"number": "CR-0000-0000-0001"},
        {"mode": Mode.TEST},
        {"recipient": "Acme Ltd"},
        {"order_number": "0HZ4XK7M2QJ9B"},
        {"issued_at": datetime(2026, 5, 3, tzinfo=UTC)},
        {"batches": (replace(BATCH, serial_start=5001),)},
        {"batches": (replace(BATCH, intervals=(Interval(1, 2_500_001),)),)},
    ],
)
def test_another_fact_is_another_fingerprint(change):
    assert replace(CERTIFICATE, **change).fingerprint != CERTIFICATE.fingerprint


def test_the_secret_token_is_no_fact():
    assert replace(CERTIFICATE, token="other").fingerprint == CERTIFICATE.fingerprint
    assert "secret" not in str(CERTIFICATE.facts)
