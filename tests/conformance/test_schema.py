"""The schema that the service publishes: designed as others expect it, and no break with the last release."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from service.api.graphql.schema import schema

Script = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).parent.parent.parent
PUBLISHED = ROOT / "schema.graphql"
# As the last release published it: a release copies schema.graphql here as its last step, and nothing else changes it.
# For the first release, which has nobody to break, the two are equal once.
RELEASED = Path(__file__).with_name("released.graphql")
VALUES = [
    "AccessToken",
    "Airport",
    "Beneficiary",
    "BillingDetails",
    "Contact",
    "Country",
    "CreditEntry",
    "CreditNoteLine",
    "Currency",
    "EmissionFactor",
    "EventSeal",
    "Mass",
    "Money",
    "OrderGroup",
    "OrderLine",
    "OrderStats",
    "Party",
    "PortfolioWeight",
    "Posting",
    "Price",
    "PriceLine",
    "PriceTier",
    "ProjectStock",
    "QuoteLine",
    "RateLimit",
    "RegistryRetirement",
    "Retirement",
    "RetirementCertificate",
    "RetirementStatement",
    "RetirementWithoutEvidence",
    "Seller",
    "SerialRange",
    "TaxProfile",
    "TimelineEntry",
    "UnitPrice",
    "Viewer",
    "VintageStock",
    "WebhookAttempt",
]
"""Types without an identity of their own: they are read with what they are part of, never asked for by an id."""
DEPRECATION = re.compile(r'@deprecated\(reason: "(.*)"\)')


def test_the_published_schema_is_well_designed(script: Script):
    done = script("lint.mjs", PUBLISHED, *VALUES)

    assert (done.stdout.splitlines(), done.stderr, done.returncode) == ([], "", 0)


@pytest.mark.parametrize("value", VALUES)
def test_every_value_that_is_named_is_there_and_has_no_id(value: str):
    assert value in schema._schema.type_map
    assert "id" not in schema._schema.type_map[value].fields


def test_nothing_that_callers_use_broke_since_the_last_release(script: Script):
    done = script("compare.mjs", RELEASED, PUBLISHED)

    breaking = [line for line in done.stdout.splitlines() if line.startswith("BREAKING")]
    assert (breaking, done.stderr, done.returncode) == ([], "", 0)


def deprecations_without_a_date(text: str) -> list[str]:
    """The reasons that do not say what to use instead and the day from which on the thing may be gone."""
    return [
        reason
        for reason in [found[1] for found in DEPRECATION.finditer(text)]
        + ["" for _ in re.finditer(r"@deprecated(?!\()", text)]
        if not re.fullmatch(r".*\bUse .+\b(\d{4}-\d{2}-\d{2})\b.*", reason)
    ]


def test_whatever_is_deprecated_says_what_to_use_and_until_when_it_stays():
    assert deprecations_without_a_date(PUBLISHED.read_text()) == []


def test_a_deprecation_without_a_replacement_or_a_date_is_found():
    good = 'a: Int @deprecated(reason: "Use b. Removed after 2027-06-30.")'
    bad = [
        'c: Int @deprecated(reason: "Use b.")',
        'd: Int @deprecated(reason: "Old. 2027-06-30")',
        "e: Int @deprecated",
    ]

    assert len(deprecations_without_a_date("\n".join([good, *bad]))) == 3
