"""The retirement statement of a year: the certificates of an account, added up by project and by kind."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from service.domain.catalogue import OffsetType
from service.errors import Code, Refused

FIRST_YEAR = 2000
RECORDED = "Shown as retired by a recorded entry of the registry"
EU_COUNTRIES = frozenset(
    {
        *("AUT", "BEL", "BGR", "CYP", "CZE", "DEU", "DNK", "ESP", "EST", "FIN", "FRA", "GRC", "HRV", "HUN", "IRL"),
        *("ITA", "LTU", "LUX", "LVA", "MLT", "NLD", "POL", "PRT", "ROU", "SVK", "SVN", "SWE"),
    }
)
"""ISO 3166 codes of the member states of the European Union."""


@dataclass(frozen=True, slots=True)
class Year:
    """A calendar year (UTC)."""

    number: int

    @property
    def start(self) -> datetime:
        """Return the first moment of the year."""
        return datetime(self.number, 1, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """Return the first moment of the next year."""
        return datetime(self.number + 1, 1, 1, tzinfo=UTC)

    def has(self, time: datetime) -> bool:
        """Return True if the time is in the year (UTC)."""
        return self.start <= time < self.end


def checked_year(number: int, now: datetime) -> Year:
    """Return the year. Refuses `BAD_USER_INPUT` for a year before 2000, or one that has not begun."""
    last = now.astimezone(UTC).year
    if not FIRST_YEAR <= number <= last:
        raise Refused(Code.BAD_USER_INPUT, f"Give a year from {FIRST_YEAR} to {last}.", ("year",))
    return Year(number)


@dataclass(frozen=True, slots=True)
class RetiredOrder:
    """An order that was retired: the facts of its certificate, the time at which it was placed, and the mass of each
    batch, by the text of its id, that registry entries show as retired.
    """

    facts: Mapping[str, Any]
    placed_at: datetime
    recorded_g: Mapping[str, int] = field(default_factory=dict)

    @property
    def retired_at(self) -> datetime:
        """Return the time at which the last of its credits were retired."""
        return datetime.fromisoformat(self.facts["retired_at"])


@dataclass(frozen=True, slots=True)
class ProjectTotal:
    """The mass that was retired of a project in one vintage."""

    project: str
    registry: str
    country: str
    vintage: int
    mass_g: int


@dataclass(frozen=True, slots=True)
class RetirementStatement:
    """Retirements of an account in a year, oldest first; retirements after the year for orders placed in it; and the
    mass of orders placed in the year that is not retired yet.
    """

    year: Year
    retired: tuple[RetiredOrder, ...]
    later: tuple[RetiredOrder, ...]
    pending_g: int

    @classmethod
    def of(cls, year: Year, found: Iterable[RetiredOrder], pending_g: int) -> "RetirementStatement":
        """Return the statement of the year. `found` may include orders of other years, which are left out."""
        by_time = sorted(found, key=lambda each: (each.retired_at, each.facts["number"]))
        return cls(
            year,
            tuple(each for each in by_time if year.has(each.retired_at)),
            tuple(each for each in by_time if each.retired_at >= year.end and year.has(each.placed_at)),
            pending_g,
        )

    @property
    def mass_g(self) -> int:
        """Return the mass that was retired in the year."""
        return sum(batch["mass_g"] for batch in self._batches())

    @property
    def recorded_g(self) -> int:
        """Return the part of the mass that registry entries show as retired."""
        return sum(sum(each.recorded_g.values()) for each in self.retired)

    def projects(self) -> list[ProjectTotal]:
        """Return the totals of the projects and their vintages, by name."""
        masses: Counter[tuple[str, str, str, int]] = Counter()
        for batch in self._batches():
            masses[batch["project_name"], batch["registry"], batch["country"], batch["vintage"]] += batch["mass_g"]
        return [ProjectTotal(*key, mass_g) for key, mass_g in sorted(masses.items())]

    def kinds(self) -> list[tuple[str, int]]:
        """Return the masses by category: climate effect, registry, European Union, Article 6 authorisation, and
        recorded registry entries. A category that no certificate states is left out, except the last.
        """
        masses: Counter[str] = Counter()
        for batch in self._batches():
            mass_g = batch["mass_g"]
            effect = batch.get("offset_type")
            if effect is not None:
                masses[_EFFECTS[OffsetType(effect)]] += mass_g
            masses[f"Registry: {batch['registry']}"] += mass_g
            if batch["country"] in EU_COUNTRIES:
                masses["Projects in the European Union"] += mass_g
            if batch.get("article6_authorisation"):
                masses["With an Article 6 authorisation"] += mass_g
        order = [*_EFFECTS.values(), *sorted(name for name in masses if name.startswith("Registry: "))]
        order += ["Projects in the European Union", "With an Article 6 authorisation"]
        kinds = [(name, masses[name]) for name in order if masses[name]]
        return [*kinds, (RECORDED, self.recorded_g)] if kinds else []

    def _batches(self) -> Sequence[Mapping[str, Any]]:
        return [batch for each in self.retired for batch in each.facts["batches"]]


_EFFECTS = {OffsetType.CARBON_REMOVAL: "Carbon removal", OffsetType.EMISSIONS_REDUCTION: "Emissions reduction"}
