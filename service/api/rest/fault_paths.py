"""Paths of faults in the members of a contract's own requests.

The domain names members in its own words. Each contract maps these to its own names, and a path that the endpoint's
models do not contain is never shown.
"""

import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

Path = Sequence[str | int]


def request_path(
    path: Path, models: Sequence[Any], names: Mapping[str, Sequence[str]], others: Sequence[str] = ()
) -> tuple[str | int, ...]:
    """Return the path in the members of the request, cut off before the first step that the request does not have.

    `models` are those of the body and the query, `names` the contract's names for members of the domain, or for whole
    paths, whose steps are joined by points, and `others` the names that are not in the models: headers and parameters
    of the address.
    """
    for whole in names.get(".".join(map(str, path)), ()) if len(path) > 1 else ():
        path = whole.split(".")
    if path and path[0] in others:
        return tuple(path[:1])
    return max((_walk(path, model, names) for model in models), key=len, default=())


def _walk(path: Path, model: Any, names: Mapping[str, Sequence[str]]) -> tuple[str | int, ...]:
    found: list[str | int] = []
    for step in path:
        kind = _kind_of(model)
        if isinstance(step, int):
            if get_origin(kind) not in (list, tuple):
                break
            found.append(step)
            model = get_args(kind)[0]
        elif get_origin(kind) is dict:
            found.append(step)
            model = get_args(kind)[1]
        else:
            led = next(filter(None, (_lead(kind, each.split(".")) for each in (step, *names.get(step, ())))), None)
            if led is None:
                break
            found += led[0]
            model = led[1]
    return tuple(found)


def _lead(kind: Any, names: Sequence[str]) -> tuple[list[str], Any] | None:
    """Return the names, and the type of the last, if each is a member of the one before."""
    model = kind
    for name in names:
        members = _members(_kind_of(model))
        if name not in members:
            return None
        model = members[name]
    return list(names), model


def _members(kind: Any) -> dict[str, Any]:
    if not isinstance(kind, type) or not issubclass(kind, msgspec.Struct):
        return {}
    return {field.encode_name: field.type for field in msgspec.structs.fields(kind)}


def _kind_of(model: Any) -> Any:
    """Return the struct, list or dict type inside a type, without `Annotated` and `None`."""
    while True:
        origin = get_origin(model)
        if origin is Annotated:
            model = get_args(model)[0]
        elif origin in (Union, types.UnionType):
            model = next((each for each in map(_kind_of, get_args(model)) if get_origin(each) or _members(each)), None)
        else:
            return model
