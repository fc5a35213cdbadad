"""Conditions of an export, written as texts: the members of the filter of its GraphQL list, with dots between levels.

`createdAt.gte=2026-01-01T00:00:00Z`, `status=PLACED` (once for each state), `mass.gte.amount=1.5`,
`metadata.0.key=site`. Values are read and refused by the schema, so that an export and a GraphQL list with the same
conditions select the same rows.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from graphql import (
    GraphQLError,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
)
from graphql.utilities import coerce_input_value, validate_input_value

from service.api.graphql.inputs.order_filters import METADATA_CONDITIONS_MAX, OrderFilterInput
from service.api.graphql.inputs.seller_lists import InvoiceFilterInput, LedgerFilterInput, PaymentFilterInput
from service.api.graphql.schema import schema
from service.domain.listing import EVERY_JOURNAL, EVERY_ORDER, MoneyFilter
from service.errors import Code, Refused
from service.kit.members import letters_of, shown_path
from service.plans.conversion import converter_of

Path = tuple[str | int, ...]


class ListFilter:
    """Conditions of one GraphQL list, given as named texts. `read` converts the input to the domain's filter,
    `everything` is the filter without conditions.
    """

    def __init__(self, kind: type, read: Callable[[Any], Any], everything: Any) -> None:
        self.name = kind.__name__
        self.everything = everything
        self._input: GraphQLInputObjectType = schema._schema.type_map[self.name]  # type: ignore[assignment]  # noqa: SLF001 - as plans/
        self._convert = converter_of(schema, kind)
        self._read = read

    def of(self, texts: Sequence[tuple[str, str]]) -> Any:
        """Return the filter of named texts. Refuses `BAD_USER_INPUT` for an unknown name, for two values of a member
        that has one, and for a value that the GraphQL filter refuses; the path names the text.
        """
        given: dict[str, Any] = {}
        for name, text in texts:
            _put(given, name, text, self._input)
        if not given:
            return self.everything
        value = _lists(given, self._input)
        validate_input_value(value, self._input, _refuse, hide_suggestions=True)
        coerced = coerce_input_value(value, self._input)
        try:
            return self._read(self._convert(coerced) if self._convert else coerced)
        except Refused as refusal:
            refusal.path = refusal.path[1:]  # removes the argument `filter`, which is not part of a name here
            raise

    def names(self) -> Iterator[tuple[str, GraphQLInputField]]:
        """Return the name of each text that the filter may have, with its field in the schema."""
        return _names(self._input, "")


ORDERS = ListFilter(OrderFilterInput, OrderFilterInput.order_filter, EVERY_ORDER)
LEDGER = ListFilter(LedgerFilterInput, LedgerFilterInput.wanted, EVERY_JOURNAL)
INVOICES = ListFilter(InvoiceFilterInput, InvoiceFilterInput.wanted, MoneyFilter())
PAYMENTS = ListFilter(PaymentFilterInput, PaymentFilterInput.wanted, MoneyFilter())


def _names(kind: GraphQLInputObjectType, prefix: str) -> Iterator[tuple[str, GraphQLInputField]]:
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if isinstance(inner, GraphQLInputObjectType):
            yield from _names(inner, f"{prefix}{name}.0." if _is_list(field.type) else f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def _is_list(kind: Any) -> bool:
    return isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)


def _put(given: dict[Any, Any], name: str, text: str, kind: GraphQLInputObjectType) -> None:
    """Set the text at the place of its name. Positions in lists are kept as keys of a dictionary, because they arrive
    in any order.
    """
    steps, place = name.split("."), given
    while True:
        step = steps.pop(0)
        field = kind.fields.get(step)
        if field is None:
            _refuse_name(name, step, kind)
        inner, is_list = get_named_type(field.type), _is_list(field.type)
        if not isinstance(inner, GraphQLInputObjectType):
            if steps:
                _refuse_name(name, step, kind)
            _put_value(place, step, text, name, is_list=is_list)
            return
        place, kind = place.setdefault(step, {}), inner
        if is_list:
            if not (steps and steps[0] in _PLACES):
                _refuse_name(name, step, kind)
            place = place.setdefault(int(steps.pop(0)), {})
        if not steps:
            _refuse_name(name, step, kind)


_PLACES = frozenset(map(str, range(METADATA_CONDITIONS_MAX)))


def _put_value(place: dict[Any, Any], step: str, text: str, name: str, *, is_list: bool) -> None:
    if is_list:
        place.setdefault(step, []).append(text)
    elif place.setdefault(step, text) != text:
        raise Refused(Code.BAD_USER_INPUT, f"There are two different values of {name}.", (name,))


def _refuse_name(name: str, step: str, kind: GraphQLInputObjectType) -> NoReturn:
    known = next((each for each in kind.fields if letters_of(each) == letters_of(step) and each != step), None)
    advice = f"Send one of {', '.join(kind.fields)}." if known is None else f"Write {known} for {shown_path([step])}."
    raise Refused(Code.BAD_USER_INPUT, f"Unknown parameter {shown_path([name])}. {advice}", (shown_path([name]),))


def _lists(given: dict[Any, Any], kind: GraphQLInputObjectType) -> dict[str, Any]:
    """Return the texts as GraphQL expects them, with the dictionaries of positions converted to lists."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        inner = get_named_type(kind.fields[name].type)
        if not isinstance(inner, GraphQLInputObjectType):
            found[name] = value
        elif _is_list(kind.fields[name].type):
            found[name] = [_lists(value[place], inner) for place in sorted(value)]
        else:
            found[name] = _lists(value, inner)
    return found


def _refuse(error: GraphQLError, path: list[str | int]) -> NoReturn:
    cause = error.original_error
    raise Refused(Code.BAD_USER_INPUT, cause.message if isinstance(cause, GraphQLError) else error.message, path)
