"""Messages on settings, for operators: errors in values, and warnings about valid values.

Knows the fields of `Settings` and the environment. Never repeats a value, which may be a secret.
"""

import difflib
import os
from collections.abc import Sequence
from typing import Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from service.settings import SECRET_LENGTH_MIN, ContractName, Settings

DEPRECATED = {
    "SERVICE_TRUSTED_DOCUMENTS": "SERVICE_PERSISTED_DOCUMENTS",
    "SERVICE_TRUSTED_DOCUMENTS_ONLY": "SERVICE_PERSISTED_DOCUMENTS_ONLY",
}
"""Variables that were renamed, with their new names. Every command warns of an old name."""
DEPRECATED_UNTIL = "2027-12-31"
"""Last day on which the names of `DEPRECATED` work."""
NO_DOCUMENTS_ADVICE = (
    "SERVICE_PERSISTED_DOCUMENTS_ONLY is true and SERVICE_PERSISTED_DOCUMENTS names no file, so every GraphQL document"
    " is refused: name the file, or unset SERVICE_PERSISTED_DOCUMENTS_ONLY."
)
"""Advice if `Settings.refuses_every_document`."""
_OWN_ERROR = "Value error, "
"""Start of pydantic's message for a ValueError of a validator of ours."""


def deprecated_variables() -> list[str]:
    """Return the deprecated variables that the environment sets."""
    return [name for name in DEPRECATED if os.environ.get(name)]


def unknown_variables() -> dict[str, str | None]:
    """Return the unknown variables with the prefix SERVICE_, each with the known name that it resembles."""
    known = {f"SERVICE_{name}".upper() for name in Settings.model_fields} | DEPRECATED.keys()
    unknown = sorted(name for name in os.environ if name.upper().startswith("SERVICE_") and name.upper() not in known)
    return {name: next(iter(difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.8)), None) for name in unknown}


def warnings_of(settings: Settings) -> list[str]:
    """Return what an operator should know of settings that are valid: deprecated, unknown or ignored ones."""
    deprecated = [
        f"{name} is deprecated: set {DEPRECATED[name]} instead. The old name works until {DEPRECATED_UNTIL}."
        for name in deprecated_variables()
    ]
    unknown = [
        f"{name} is no setting of this service and has no effect" + (f"; is {near} meant?" if near else ".")
        for name, near in unknown_variables().items()
    ]
    ineffective = [f"SERVICE_DATABASE_URL: {text}." for text in settings.database.warnings]
    if settings.read_database_url != settings.replica_url:
        ineffective.append("SERVICE_READ_DATABASE_URL has no effect: a SQLite file has no replicas.")
    return [*deprecated, *unknown, *ineffective]


def faults_of(error: ValidationError) -> str:
    """Return one sentence for each wrong variable, with its name and the values that it may have, never its value."""
    return "; ".join(f"{_variable(each['loc'])}: {_advice(each['loc'], each['msg'])}" for each in error.errors())


def values_of(field: FieldInfo) -> str | None:
    """Return the values that the setting may have, in words, or None if its description says more."""
    kinds = get_args(field.annotation) or (field.annotation,)
    if get_origin(field.annotation) is Literal:
        return _choice(kinds)
    if bool in kinds:
        return "true or false"
    if int in kinds:
        low = next(each.ge for each in field.metadata if isinstance(each, Ge))
        high = next(each.le for each in field.metadata if isinstance(each, Le))
        return f"a whole number from {low} to {high}"
    return None


def _choice(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _variable(place: tuple[int | str, ...]) -> str:
    """Return the name of the variable whose value was refused: a deprecated name if only this one is set."""
    if not place:
        return "SERVICE_PAGE_SIZE_DEFAULT"  # the only rule that concerns two settings
    name = "SERVICE_" + str(place[0]).upper().removeprefix("SERVICE_")
    former = next((former for former, present in DEPRECATED.items() if present == name), name)
    return former if os.environ.get(former) and not os.environ.get(name) else name


def _advice(place: tuple[int | str, ...], message: str) -> str:
    if message.startswith(_OWN_ERROR):
        return message.removeprefix(_OWN_ERROR)
    name = str(place[0]).lower().removeprefix("service_")
    if name.startswith("secret"):
        return f"write at least {SECRET_LENGTH_MIN} characters"
    if name == "hosts":
        return f"the API of a host is {_choice(get_args(ContractName))}"
    values = values_of(Settings.model_fields[name]) if name in Settings.model_fields else None
    return f"write {values}" if values else message
