"""Measures of requests: how many, how long and how refused, by API and operation.

Written by the request limits once for each request, and read by the metrics.
"""

from collections import Counter
from collections.abc import Mapping

from service.api.request_facts import Facts
from service.errors import Code
from service.kit.measures import Distribution, Distributions, Labels

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds, in seconds, of the classes into which durations are counted."""
UNKNOWN = "unknown"
NO_CODE = "none"
ALARMING = tuple(map(str, (Code.INTERNAL_SERVER_ERROR, Code.UNAVAILABLE)))
_OTHER = ("pages", "other")


class RequestMeasures:
    """Counts of requests. `areas` gives the API, and the operation of a request whose operation is not known, by the
    start of the path; other paths are pages.
    """

    def __init__(self, areas: Mapping[str, tuple[str, str]]) -> None:
        self._areas = dict(areas)
        self._starts = sorted(areas, key=len, reverse=True)
        self._answers: dict[tuple[str, str, int, str], Distribution] = {}
        """Durations by API, operation, HTTP status, and the code of the first refusal: one entry for each request."""
        # Counts start at 0, because for an alert a count that first appears as 1 is not an increase.
        self.refusals: Counter[Labels] = Counter({(api, code): 0 for api, _ in areas.values() for code in ALARMING})
        """Number of requests that were refused, wholly or in part, by API and code. A request counts once for each
        code.
        """

    @property
    def counts(self) -> dict[Labels, int]:
        """Return the counts by API, operation, HTTP status, and the code of the first refusal."""
        return {
            (area, operation, str(status), code): sum(answers.counts)
            for (area, operation, status, code), answers in self._answers.items()
        }

    @property
    def durations(self) -> Distributions:
        """Return the durations by API and operation."""
        durations = Distributions(SECONDS)
        for (area, operation, *_), answers in self._answers.items():
            durations[area, operation].merge(answers)
        return durations

    def record(self, path: str, facts: Facts, seconds: float) -> None:
        """Count a request."""
        area, operation = self._areas.get(path) or self._area(path)
        operation = facts.get("operation", operation)
        codes = facts.get("codes")
        labels = (area, operation, facts["status"], codes[0] if codes else NO_CODE)
        answers = self._answers.get(labels)
        if answers is None:
            answers = self._answers[labels] = Distribution(SECONDS)
        answers.add(seconds)
        if codes:
            self.refusals.update([(area, code) for code in codes])

    def _area(self, path: str) -> tuple[str, str]:
        start = next((each for each in self._starts if path.startswith(each)), None)
        return _OTHER if start is None else self._areas[start]
