"""Patterns of serial numbers, one or two for each form; they match folded text (characters.py). Groups that name a fact
of the credits (`period_from`, `period_to`, `year`, `unit`, `mark`) are read by facts.py.

A range is `prefix first joiner last suffix`; a whole serial is `prefix number suffix`. Blanks beside a dash are allowed
everywhere, because pasted texts have them. The number of fields between the ends of a serial is not checked: registries
added and dropped some over the years.
"""

import re

from service.domain.serials.forms import SerialForm

_DASH = " ?- ?"
_FIELD = "[^ -]+"
_NUMBER = "[0-9]+"
_DATE = "[0-9]{8}"
_COUNTRY = "[A-Z]{2}"
_UUID = "[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}"
_DASHED = f"(?P<first>{_NUMBER})(?P<joiner>{_DASH})(?P<last>{_NUMBER})"
_TO = f"(?P<first>{_NUMBER})(?P<joiner> ?TO ?|{_DASH})(?P<last>{_NUMBER})"
_FIELDS = f"(?:{_FIELD}{_DASH})+"
"""One or more fields, each followed by a dash."""
_YEAR_AND_BATCH = f"(?P<year>[0-9]{{4}}){_DASH}{_NUMBER}{_DASH}"
_PERIOD = f"(?P<period_from>{_DATE}){_DASH}(?P<period_to>{_DATE})"

_SERIES = "CDC(?:_[A-Z0-9]+)*?(?:_(?P<year>(?:19|20)[0-9]{2}))?(?:_BFC?)?"
_COLUMN = " ?[,;|] ?| "
"""Separators of the columns of a table, as files and spreadsheets write them."""


def _compile(*parts: str) -> re.Pattern[str]:
    return re.compile("".join(parts))


RANGES: dict[SerialForm, tuple[re.Pattern[str], ...]] = {
    SerialForm.VERRA: (
        _compile(
            f"(?P<prefix>{_NUMBER}{_DASH}){_DASHED}(?P<suffix>{_DASH}(?:VCS{_DASH})?VCU{_DASH}{_FIELDS}{_PERIOD}",
            f"(?:{_DASH}[A-Z0-9])?)",
        ),
    ),
    SerialForm.GOLD_STANDARD: (_compile(f"(?P<prefix>GS[0-9]{_DASH}{_FIELDS}{_YEAR_AND_BATCH}){_DASHED}(?P<suffix>)"),),
    SerialForm.CAR: (_compile(f"(?P<prefix>CAR{_DASH}{_FIELDS}{_YEAR_AND_BATCH}){_TO}(?P<suffix>)"),),
    SerialForm.ACR: (_compile(f"(?P<prefix>ACR{_DASH}{_FIELDS}{_YEAR_AND_BATCH}){_TO}(?P<suffix>)"),),
    SerialForm.ART: (_compile(f"(?P<prefix>(?:ART|FCPF){_DASH}{_FIELDS}{_YEAR_AND_BATCH}){_TO}(?P<suffix>)"),),
    SerialForm.BIOCARBON: (
        _compile(
            f"(?P<prefix>(?:BCR|PCR){_DASH}{_FIELDS}(?P<period_from>[0-9]{{4}}){_DASH}(?P<period_to>[0-9]{{4}}){_DASH})",
            f"{_DASHED}(?P<suffix>)",
        ),
    ),
    SerialForm.CERCARBONO: (
        _compile(
            f"(?P<prefix>{_SERIES}(?:{_COLUMN}))(?P<first>{_NUMBER})(?P<joiner>{_DASH}| TO |{_COLUMN})",
            f"(?P<last>{_NUMBER})(?P<suffix>)",
        ),
    ),
    SerialForm.PURO: (_compile(f"(?P<prefix>(?:PURO_[^ ]*_(?P<year>[0-9]{{4}})_)?{_UUID}_){_DASHED}(?P<suffix>)"),),
    SerialForm.MARKIT: (
        _compile(
            f"(?P<prefix>{_FIELD}{_DASH}(?P<unit>{_FIELD}){_DASH}{_COUNTRY}{_DASH}{_NUMBER}{_DASH}{_PERIOD}{_DASH})",
            f"{_DASHED}(?P<suffix>{_DASH}MER{_DASH}{_NUMBER}{_DASH}(?P<mark>[AP]))",
        ),
    ),
    SerialForm.ERS: (_compile(f"(?P<prefix>ERS{_DASH}{_FIELDS}{_YEAR_AND_BATCH}){_DASHED}(?P<suffix>)"),),
    SerialForm.NATIONAL: (
        _compile(
            f"(?P<prefix>{_COUNTRY}{_DASH}ITMO{_DASH}{_FIELDS}(?P<year>[0-9]{{4}}){_DASH}{_NUMBER}{_DASH})",
            f"{_DASHED}(?P<suffix>)",
        ),
        _compile(
            f"(?P<prefix>CA[0-9]+{_DASH}{_COUNTRY}{_DASH}{_COUNTRY}{_DASH}{_FIELD}{_DASH}){_DASHED}",
            f"(?P<suffix>{_DASH}(?P<year>[0-9]{{4}}))",
        ),
    ),
}
"""Patterns of ranges that contain the text around the numbers only once."""

SERIALS: dict[SerialForm, tuple[re.Pattern[str], ...]] = {
    SerialForm.PLAIN: (_compile(f"(?P<prefix>.*[^0-9])(?P<number>{_NUMBER})(?P<suffix>)"),),
    SerialForm.CERCARBONO: (_compile(f"(?P<prefix>{_SERIES}(?:{_COLUMN}))(?P<number>{_NUMBER})(?P<suffix>)"),),
    SerialForm.PURO: (_compile("(?P<prefix>[0-9]{18})(?P<number>[0-9]{12})(?P<suffix>)"),),
    SerialForm.KYOTO: (
        _compile(
            f"(?P<prefix>{_COUNTRY}{_DASH}[1-7]{_DASH})(?P<number>[0-9]{{1,15}})",
            f"(?P<suffix>{_DASH}{_NUMBER}{_DASH}{_NUMBER}{_DASH}{_NUMBER}{_DASH}{_NUMBER})",
        ),
    ),
}
"""Patterns of the serial of one credit with one number. In all other forms one credit is written as a range of two
equal numbers.
"""

PLAIN_RANGE = _compile(f"(?P<prefix>.*[^0-9]){_TO}(?P<suffix>)")
BETWEEN_SERIALS = re.compile(f" ?[,;] ?| ?TO ?|{_DASH}| ")
"""Separators between two whole serials."""
