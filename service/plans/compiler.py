"""Compilation of an operation, with the schema, into the source of a coroutine that answers it.

Knows nothing of requests: the variables of directives are settled before it is called, all others are looked up while
the plan runs. Selections are merged by graphql-core's own collect_fields, so response keys come in its order.

If nothing has to wait, `show_…` turns one object into a dict, as one would write it by hand. If some field has to wait,
`select_…` turns all objects of a level into dicts, and a `field_…` for each such field reads it of all of them at once.
"""

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any, NamedTuple

import strawberry
from graphql import (
    FragmentDefinitionNode,
    GraphQLAbstractType,
    GraphQLObjectType,
    GraphQLOutputType,
    OperationType,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution.collect_fields import (
    CollectedFields,
    FieldDetailsList,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues
from graphql.language import OperationDefinitionNode
from graphql.pyutils import Path
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE

from service.plans import levels
from service.plans.completion import Completion, Items, Leaf, Nullable, Object, OneOf, level
from service.plans.fallback import Uncompilable
from service.plans.fields import MADE, Kind, kind_of, relay_id_attribute, strawberry_field
from service.plans.info import Frame, ListedPath, Run, Site
from service.plans.objects import Abstract, Admission
from service.plans.reading import is_written, read_at_once, read_by_level, read_of_parts
from service.plans.relay import RelayId
from service.plans.source import Column, Function, Names, Source, fill, fill_in_order


class Plan(NamedTuple):
    """A compiled operation: the coroutine function that answers it, and its source for reading."""

    answer: Callable[[Run], Awaitable[dict[str, Any]]]
    source: str


class Place(NamedTuple):
    """The position of a selection in the response."""

    path: Path | ListedPath | None
    listed: bool

    def step(self, key: str, type_: GraphQLObjectType) -> Path | ListedPath:
        if self.listed or isinstance(self.path, ListedPath):
            return ListedPath(key, type_.name)
        return Path(self.path, key, type_.name)


class Compiler:
    """Compiler of one operation. Raises Uncompilable, or graphql-core's own error, for what it leaves to
    graphql-core.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDefinitionNode],
        variables: VariableValues,
        *,
        fields_max: int,
    ) -> None:
        self._schema = schema
        self._types = schema._schema  # noqa: SLF001 - Strawberry has no public name for graphql-core's schema
        self._frame = Frame(self._types, schema.config, operation, fragments)
        self._fragments = {name: FragmentDetails(definition) for name, definition in fragments.items()}
        self._variables = variables
        self._fields_left = fields_max
        self._names = Names()
        self._source = Source()
        self._names.values |= {each.__name__: each for each in levels.FOR_PLANS}

    def plan(self) -> Plan:
        operation = self._frame.operation
        root_type = self._types.get_root_type(operation.operation)
        if root_type is None:
            raise Uncompilable("an operation the schema does not have")
        collected = collect_fields(self._types, self._fragments, self._variables, root_type, operation)
        select = self._select(root_type, collected, Place(None, listed=False), site=None)
        source = self._source.text()
        code = compile(source, "<plan>", "exec")
        exec(code, self._names.values)  # noqa: S102 - our own source; what callers sent is in it as string literals only
        compiled = self._names.values[select.name]

        async def answer(run: Run) -> dict[str, Any]:
            data: dict[str, Any]
            (data,) = await compiled(run, [run.root_value]) if select.waits else [compiled(run, run.root_value)]
            return data

        return Plan(answer, source)

    def _select(
        self, type_: GraphQLObjectType, collected: CollectedFields, place: Place, site: Site | None
    ) -> Function:
        """Emit the function that turns objects of this type into dicts: all at once if some field has to wait."""
        entries: list[str] = []
        columns: list[Column] = []
        for key, details in collected.grouped_field_set.items():
            below = self._site(type_, key, details, place)
            entry, waits = (repr(type_.name), False) if below is None else self._field(below, details, place)
            if waits:
                columns.append(Column(key, self._names.fresh(f"each_{key}"), function=entry))
                entry = columns[-1].name
            entries.append(f"    {key!r}: {entry},")
        admission = [] if site is None else self._admission(type_, site)
        if not columns:
            show = Function(self._names.fresh(f"show_{type_.name}"), waits=False)
            return self._source.function(show, str(type_), [*admission, "return {", *entries, "}"])
        lines = []
        if site is not None:
            lines += ["if not objects:", "    return []"]
        if admission:
            lines += ["for o in objects:", *(f"    {line}" for line in admission)]
        lines += fill_in_order(columns) if site is None and self._is_mutation else fill(columns)
        names = ", ".join(column.name for column in columns)
        lists = ", ".join(f"all_{column.name}" for column in columns)
        lines += ["return [{", *entries, f"}} for o, {names} in zip(objects, {lists})]"]
        select = Function(self._names.fresh(f"select_{type_.name}"), waits=True)
        return self._source.function(select, str(type_), lines)

    def _admission(self, type_: GraphQLObjectType, site: Site) -> list[str]:
        """Return statements that refuse `o` if graphql-core would not complete it as this type."""
        if iscoroutinefunction(type_.is_type_of):
            raise Uncompilable(f"an asynchronous is_type_of, of {type_}")
        admission = Admission(type_, site)
        admit = self._names.add(f"admit_{type_.name}", admission)
        known = self._names.add(f"known_{type_.name}", admission.known)
        cast = f" or getattr(o, {TYPE_CAST_ATTRIBUTE!r}, None) is not None" if admission.casts_matter else ""
        return [f"if o.__class__ not in {known}{cast}:", f"    {admit}(run, o)"]

    def _site(self, type_: GraphQLObjectType, key: str, details: FieldDetailsList, place: Place) -> Site | None:
        """Return the field in the form used by plans; None for `__typename`, which is not defined by Strawberry."""
        name = details[0].node.name.value
        if name == "__typename":
            return None
        self._count()
        definition = self._types.get_field(type_, name)
        field = None if definition is None else strawberry_field(definition)
        if definition is None or field is None:
            raise Uncompilable(f"{type_}.{name}, which Strawberry did not make")
        nodes = [detail.node for detail in details]
        return Site(self._frame, key, nodes, type_, definition, field, place.step(key, type_))

    def _field(self, site: Site, details: FieldDetailsList, place: Place) -> tuple[str, bool]:
        """Return the expression for the field of one object, or if it may have to wait, the name of the function for a
        whole level.
        """
        kept = self._is_mutation and place.path is None
        in_place = None if kept else self._relay_id(site) or self._composed(site, details, place)
        if in_place is not None:
            return in_place, False
        type_ = site.definition.type
        completion = self._complete(type_, details, site, listed=place.listed)
        read = None if kept else read_at_once(self._schema, site, self._names)
        if read is not None and not completion.waits:
            return completion.expression(read), False
        if read is not None:
            lines = [f"values = settled([{read} for o in objects])"]
        else:
            lines = read_by_level(self._schema, site, self._names, kept=kept)
        function = Function(self._names.fresh(f"field_{site.key}"), waits=True)
        comment = f"{site.parent_type}.{site.field_name}: {type_}"
        self._source.function(function, comment, [*lines, *level(completion)])
        return function.name, True

    def _relay_id(self, site: Site) -> str | None:
        """Return the expression for Relay's own id, None for any other field."""
        resolver, leaf = site.field.base_resolver, get_nullable_type(site.definition.type)
        made_from = relay_id_attribute(site.parent_type, site.definition)
        if made_from is None or resolver is None or not is_leaf_type(leaf):
            return None
        if kind_of(self._schema, site.definition) is not Kind.SYNC:
            return None
        made = RelayId(site, leaf, resolver, *made_from)
        return f"{self._names.add(f'relay_{site.key}', made)}(run, o)"

    def _composed(self, site: Site, details: FieldDetailsList, place: Place) -> str | None:
        """Return the expression for the object of a composed field which reads its parts in place, so that there is no
        object; None if a selected field needs the object, and for any other field.
        """
        type_ = get_nullable_type(site.definition.type)
        if kind_of(self._schema, site.definition) is not Kind.COMPOSED:
            return None
        if not is_object_type(type_) or type_.is_type_of is not None:
            return None
        parts = {name: f"o.{path}" for name, path in site.field.metadata[MADE].parts.items()}
        entries = []
        for key, selected in self._collect(type_, details).grouped_field_set.items():
            below = self._site(type_, key, selected, Place(site.path, place.listed))
            if below is None:
                entries.append(f"{key!r}: {type_.name!r}")
                continue
            read = read_of_parts(self._schema, below, parts, self._names)
            if read is None or not is_leaf_type(get_nullable_type(below.definition.type)):
                return None
            leaf = self._complete(below.definition.type, selected, below, listed=place.listed)
            entries.append(f"{key!r}: {leaf.expression(read)}")
        made, first = f"{{{', '.join(entries)}}}", next(iter(parts.values()))
        return made if is_non_null_type(site.definition.type) else f"None if {first} is None else {made}"

    def _complete(self, type_: GraphQLOutputType, details: FieldDetailsList, site: Site, *, listed: bool) -> Completion:
        completion: Completion
        nullable = not is_non_null_type(type_)
        if is_non_null_type(type_):
            type_ = type_.of_type
        if is_leaf_type(type_):
            return Leaf(type_, nullable, self._names, is_written(self._schema, site))
        if is_list_type(type_):
            completion = Items(self._complete(type_.of_type, details, site, listed=True), self._names)
        elif is_object_type(type_):
            completion = Object(self._select(type_, self._collect(type_, details), Place(site.path, listed), site))
        elif is_abstract_type(type_):
            completion = self._one_of(type_, details, site, Place(site.path, listed))
        else:
            raise Uncompilable(f"a type of an unknown sort, {type_}")
        return Nullable(completion, self._names) if nullable else completion

    def _one_of(self, type_: GraphQLAbstractType, details: FieldDetailsList, site: Site, place: Place) -> OneOf:
        possible = self._types.get_possible_types(type_)
        functions = {each.name: self._select(each, self._collect(each, details), place, site) for each in possible}
        waits = any(function.waits for function in functions.values())
        if waits:
            functions = {name: self._for_all(function) for name, function in functions.items()}
        sort = self._names.add(f"sort_{type_.name}", Abstract(type_, self._types, site))
        table = self._source.table(self._names.fresh(f"types_of_{type_.name}"), functions)
        return OneOf(sort, table, waits)

    def _for_all(self, function: Function) -> Function:
        """Return a function for a whole level, made from one for a single object."""
        if function.waits:
            return function
        every = Function(self._names.fresh(f"every_{function.name}"), waits=True)
        line = f"return [{function.name}(run, o) for o in objects]"
        return self._source.function(every, function.name, [line])

    def _collect(self, type_: GraphQLObjectType, details: FieldDetailsList) -> CollectedFields:
        operation = self._frame.operation
        return collect_subfields(self._types, self._fragments, self._variables, operation, type_, details)

    @property
    def _is_mutation(self) -> bool:
        return self._frame.operation.operation is OperationType.MUTATION

    def _count(self) -> None:
        """Limit on nested interfaces, which multiply: without it a short document could compile for minutes."""
        self._fields_left -= 1
        if self._fields_left < 0:
            raise Uncompilable("more fields than a plan may have")
