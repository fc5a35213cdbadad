"""Members of declared models, and requests whose members are spelled otherwise or given twice.

Knows msgspec, and no contract.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_origin

import msgspec

from service.errors import Code, Refused
from service.kit.members import letters_of, repeated_member, shown_path

_WHOLE_DIGITS_MAX = 19
"""Maximum number of digits of a whole number that is parsed: more than any model accepts."""

_DECODER = msgspec.json.Decoder(float_hook=Decimal)

Path = tuple[str | int, ...]


class Shape(NamedTuple):
    """Structure of the JSON that a model accepts: objects with these `members`, or objects and lists of any `inner`."""

    members: Mapping[str, "Shape"] = {}
    inner: "Shape | None" = None
    is_whole: bool = False
    is_decimal: bool = False

    def known_as(self, name: str, *, any_case: bool) -> str:
        """Return the member's own name for a caller's spelling; an unknown name is returned unchanged."""
        return next((each for each in self.members if each.casefold() == name.casefold()), name) if any_case else name


@cache
def shape_of(model: Any) -> Shape:
    """Return the structure of a declared model. Its types must not be recursive."""
    while get_origin(model) is Annotated:
        model = get_args(model)[0]
    origin = get_origin(model)
    if origin is list:
        return Shape(inner=shape_of(get_args(model)[0]))
    if origin is dict:
        return Shape(inner=shape_of(get_args(model)[1]))
    if isinstance(model, type) and issubclass(model, msgspec.Struct):
        return Shape({field.encode_name: shape_of(field.type) for field in msgspec.structs.fields(model)})
    if origin is None:
        return Shape(is_whole=model is int, is_decimal=model is Decimal)
    kinds = [shape_of(each) for each in get_args(model) if not isinstance(each, str)]  # a union, or names of a Literal
    return Shape(
        members={name: shape for kind in kinds for name, shape in kind.members.items()},
        inner=next((kind.inner for kind in kinds if kind.inner is not None), None),
        is_whole=any(kind.is_whole for kind in kinds),
        is_decimal=any(kind.is_decimal for kind in kinds),
    )


class Reader:
    """Reader of one request by the structure of its model. `objection` is the first misspelt or repeated member."""

    def __init__(self, *, any_case: bool) -> None:
        self.objection: Refused | None = None
        self._any_case = any_case

    def read_json(self, content: bytes, model: Any) -> Any:
        """Return the decoded content with the model's own names and whole numbers.

        Of repeated members the last one counts; a misspelt member counts as unknown.
        """
        value = _DECODER.decode(content)
        path = repeated_member(content, value)
        if path is not None:
            self._object_to(f"The member {shown_path(path)} stands twice.", path)
        return self._read(value, shape_of(model), ())

    def read_texts(self, texts: Sequence[tuple[str, str]], model: Any) -> dict[str, str | list[str]]:
        """Return the texts of a query string or form by the model's own names: all of a list, the last of any other."""
        shape, found, lists = shape_of(model), dict[str, str | list[str]](), dict[str, list[str]]()
        for spelled, text in texts:
            name = shape.known_as(spelled, any_case=self._any_case)
            self._check(name, spelled, shape, ())
            member = shape.members.get(name)
            if member is not None and member.inner is not None:
                lists.setdefault(name, []).append(text)
                continue
            if member is not None and found.get(name, text) != text:
                self._object_to(f"There are two different values of {name}.", (name,))
            found[name] = text
        return {**found, **lists}

    def _read(self, value: Any, shape: Shape, path: Path) -> Any:
        if value.__class__ is dict:
            return self._read_object(value, shape, path)
        if value.__class__ is list and shape.inner is not None:
            return [self._read(each, shape.inner, (*path, index)) for index, each in enumerate(value)]
        if value.__class__ is Decimal and not shape.is_decimal:
            return _whole(value) if shape.is_whole else float(value)
        return value

    def _read_object(self, given: dict[str, Any], shape: Shape, path: Path) -> dict[str, Any]:
        if shape.inner is not None:
            return {name: self._read(each, shape.inner, (*path, name)) for name, each in given.items()}
        found: dict[str, Any] = {}
        for spelled, each in given.items():
            name = shape.known_as(spelled, any_case=self._any_case)
            self._check(name, spelled, shape, path)
            if name in found:
                self._object_to(f"The member {shown_path((*path, name))} stands twice.", (*path, name))
            member = shape.members.get(name)
            found[name] = each if member is None else self._read(each, member, (*path, name))
        return found

    def _check(self, name: str, spelled: str, shape: Shape, path: Path) -> None:
        """Object to an unknown name that has the same letters as a member."""
        if name in shape.members:
            return
        known = next((each for each in shape.members if letters_of(each) == letters_of(name)), None)
        if known is not None:
            self._object_to(f"Unknown member {shown_path((*path, spelled))}: write {known}.", (*path, known))

    def _object_to(self, message: str, path: Path) -> None:
        self.objection = self.objection or Refused(Code.BAD_USER_INPUT, message, path)


def _whole(number: Decimal) -> int | float:
    """Return a whole number as an integer, however it is written; any other number as a float, which no model
    accepts.
    """
    if number.is_zero():
        return 0
    if number.adjusted() < _WHOLE_DIGITS_MAX and number == number.to_integral_value():
        return int(number)
    return float(number)
