"""Serials on certificates: whole, as the registry writes them, and none that belong to another batch."""

import json
from dataclasses import replace

import pytest

from service.documents.certificate import certificate_texts
from service.domain.certificate import Certificate, Interval
from service.domain.serials.block import UnnumberedBatch
from service.domain.serials.forms import SerialForm
from service.domain.serials.reading import read_pair, read_range
from service.kit.canonical_json import canonical_json
from tests.domain.test_certificate import BATCH, CERTIFICATE

VERRA = "9801-122000101-122000200-VCS-VCU-1491-VER-IN-1-612-01012019-31122019-0"


def certificate(block: object, *intervals: tuple[int, int]) -> Certificate:
    batch = replace(BATCH, block=block, intervals=tuple(Interval(*each) for each in intervals))
    return replace(CERTIFICATE, batches=(batch,))


def printed(stated: Certificate) -> list[str]:
    """Return the serials as page and PDF print them."""
    (batch,) = certificate_texts(json.loads(canonical_json(stated.facts)))["batches"]
    return batch["serials"]


@pytest.mark.parametrize(
    ("form", "text", "interval", "written"),
    [
        (SerialForm.VERRA, VERRA, (0, 1_000_000), VERRA.replace("122000200", "122000101")),
        (SerialForm.VERRA, VERRA, (1_500_000, 3_000_001), VERRA.replace("122000101-122000200", "122000102-122000104")),
        (
            SerialForm.VERRA,
            "0001-000001-000100-VCS-VCU-003-VER-US-0003-01012020-31122020-1",
            (99_000_000, 100_000_000),
            "0001-000100-000100-VCS-VCU-003-VER-US-0003-01012020-31122020-1",
        ),
        (
            SerialForm.CAR,
            "CAR-1-US-1336-31-983-KS-2025-9206-1 to 5000",
            (0, 1),
            "CAR-1-US-1336-31-983-KS-2025-9206-1 to 1",
        ),
        (
            SerialForm.KYOTO,
            "RW-5-1463954-2-2-0-7015 - RW-5-1467610-2-2-0-7015",
            (0, 2_000_000),
            "RW-5-1463954-2-2-0-7015 - RW-5-1463955-2-2-0-7015",
        ),
        (
            SerialForm.CERCARBONO,
            "CDC_2_1_1_321_14_1, 0, 999",
            (0, 2_000_000),
            "CDC_2_1_1_321_14_1, 0, 1",
        ),
    ],
)
def test_a_part_is_written_as_the_registry_writes_it(
    form: SerialForm, text: str, interval: tuple[int, int], written: str
):
    stated = certificate(read_range(form, text), interval)
    facts = json.loads(canonical_json(stated.facts))

    assert facts["batches"][0]["written"] == [written]
    assert len(facts["batches"][0]["serials"]) == 1
    first, last = facts["batches"][0]["serials"][0]
    parts = {
        (1_500_000, 3_000_001): [
            f"Of credit {first} only its last 500 kg",
            f"Of credit {last} only its first 1 g",
        ],
        (0, 1): [f"Of credit {first} only its first 1 g"],
    }
    assert printed(stated) == [written, *parts.get(interval, [])]


@pytest.mark.parametrize(
    ("intervals", "lines"),
    [
        ([(0, 1_000_000)], "{0}"),
        ([(0, 999_999)], "{0}|Of credit {a} only its first 999.999 kg"),
        ([(1, 1_000_000)], "{0}|Of credit {a} only its last 999.999 kg"),
        ([(400_000, 800_000)], "{0}|Of credit {a} only 400 kg after its first 400 kg"),
        ([(1_999_999, 2_000_000)], "{1}|Of credit {b} only its last 1 g"),
        (
            [(0, 5), (7, 9)],
            "{0}|Of credit {a} only its first 5 g|{0}|Of credit {a} only 2 g after its first 7 g",
        ),
        ([(0, 2_000_000)], "{0-1}"),
        (
            [(999_999, 1_000_001)],
            "{0-1}|Of credit {a} only its last 1 g|Of credit {b} only its first 1 g",
        ),
    ],
)
def test_a_part_of_a_serial_says_which_grams_it_is(intervals: list[tuple[int, int]], lines: str):
    named = {"{0}": "1 to 1", "{1}": "2 to 2", "{0-1}": "1 to 2", "{a}": "1 to 1", "{b}": "2 to 2"}
    plain = {"{0}": "X-1", "{1}": "X-2", "{0-1}": "X-1 to X-2", "{a}": "X-1", "{b}": "X-2"}
    car = certificate(read_range(SerialForm.CAR, "CAR-1-US-1336-31-983-KS-2025-9206-1 to 9"), *intervals)
    batch = replace(certificate(None, *intervals).batches[0], serial_prefix="X-", serial_start=1)
    old = replace(CERTIFICATE, batches=(batch,))

    expected, short = lines, lines
    for place, numbers in named.items():
        expected = expected.replace(place, f"CAR-1-US-1336-31-983-KS-2025-9206-{numbers}")
        short = short.replace(place, plain[place])
    assert printed(car) == expected.split("|")
    assert printed(old) == short.split("|")


def test_a_pair_of_one_serial_is_written_once():
    block = read_pair(SerialForm.PURO, "643002406555908611000000140219", "643002406555908611000000140238")

    assert certificate(block, (0, 5)).batches[0].written == ("643002406555908611000000140219",)
    assert certificate(block, (0, 2_000_000)).batches[0].written == (
        "643002406555908611000000140219 to 643002406555908611000000140220",
    )


def test_credits_without_serials_are_stated_by_their_reference():
    stated = certificate(UnnumberedBatch("iss_1ABC", 5_000_000), (0, 7), (9, 20))
    facts = json.loads(canonical_json(stated.facts))["batches"][0]

    assert (facts["serials"], facts["written"]) == ([], ["iss_1ABC", "iss_1ABC"])
    assert printed(stated) == [
        *("reference iss_1ABC", "Of the mass under this reference only its first 7 g"),
        *("reference iss_1ABC", "Of the mass under this reference only 11 g after its first 9 g"),
    ]


def test_a_batch_of_prefix_and_number_has_no_written_serials():
    assert "written" not in json.loads(canonical_json(CERTIFICATE.facts))["batches"][0]
    assert CERTIFICATE.fingerprint == "9416013118a717051a081e166eed23fec15be328e75a7c8cea2b4f07d4aa61de"
