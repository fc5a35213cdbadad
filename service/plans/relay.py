"""Relay's own `id` without its resolver, which costs ten times as much as the rest of a small object.

Does not decide if that is allowed: types that compute their id or type name themselves never come here.
"""

import uuid
from base64 import b64encode
from typing import Any

from graphql import GraphQLLeafType
from strawberry.relay import Node
from strawberry.types.fields.resolver import StrawberryResolver

from service.plans.info import Run, Site
from service.plans.leaves import completer
from service.plans.levels import is_ordinary

_CLASSES_MAX = 256
_PRINTED_BY_STR = frozenset({str, int, uuid.UUID})


class RelayId:
    """Maker of the id of one object; it calls the resolver where the object or its key is of an unexpected class."""

    def __init__(
        self, site: Site, leaf: GraphQLLeafType, resolver: StrawberryResolver[Any], origin: type, attribute: str
    ) -> None:
        self._site = site
        self._resolver = resolver
        self._complete = completer(leaf, nullable=False)
        self._attribute = attribute
        self._prefix = f"{site.parent_type.name}:"
        self._known: set[type] = {origin}

    def __call__(self, run: Run, each: Any) -> Any:
        key = getattr(each, self._attribute)
        if each.__class__ in self._known and key.__class__ in _PRINTED_BY_STR:
            return b64encode(f"{self._prefix}{key}".encode()).decode()
        cls = type(each)
        # Relay asks the class of a Node, which may differ from the type's own; for all others the type's own is asked.
        if not issubclass(cls, Node) and is_ordinary(cls) and len(self._known) < _CLASSES_MAX:
            self._known.add(cls)
        made = self._resolver.wrapped_func(root=each, info=run.info(self._site))  # type: ignore[operator]
        return self._complete(made)
