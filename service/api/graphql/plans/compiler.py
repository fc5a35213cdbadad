"""Knows how to turn an operation, beside the schema, into the source of a coroutine that answers it.

It must not know requests: which variables a directive reads is settled before it is called, all others are looked up
while the plan runs. Selections are merged by graphql-core's own collect_fields, so response keys come in its order.

Two kinds of function make up a plan. `select_…` turns the objects of one type into dicts. `field_…` reads one field of
all of them and completes what it read; a leaf that is a plain attribute needs no function and is completed in the dict.
"""

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any, NamedTuple

import strawberry
from graphql import (
    FragmentDefinitionNode,
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

from service.api.graphql.plans import levels
from service.api.graphql.plans.fallback import Uncompilable
from service.api.graphql.plans.fields import Kind, attribute_of, kind_of, relay_id_attribute, strawberry_field
from service.api.graphql.plans.info import Frame, ListedPath, Run, Site
from service.api.graphql.plans.leaves import leaf_expression
from service.api.graphql.plans.objects import Abstract, Admission
from service.api.graphql.plans.reading import reading
from service.api.graphql.plans.relay import RelayId
from service.api.graphql.plans.source import Column, Function, Names, Source, fill, fill_in_order


class Plan(NamedTuple):
    """A compiled operation: the coroutine function that answers it, and its source for whoever wants to read it."""

    answer: Callable[[Run], Awaitable[dict[str, Any]]]
    source: str


class Place(NamedTuple):
    """Where in the response a selection stands."""

    path: Path | ListedPath | None
    listed: bool

    def step(self, key: str, type_: GraphQLObjectType) -> Path | ListedPath:
        if self.listed or isinstance(self.path, ListedPath):
            return ListedPath(key, type_.name)
        return Path(self.path, key, type_.name)


class Compiler:
    """Compiles one operation once. Raises Uncompilable, or graphql-core's own error, for what it leaves to it."""

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
        for helper in (levels.present, levels.refill, levels.unfold, levels.fold, levels.called, levels.together):
            self._names.values[helper.__name__] = helper
        self._names.values |= {"batched": levels.batched, "kept": levels.kept}

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
        answer_all = self._names.values[select.name]

        async def answer(run: Run) -> dict[str, Any]:
            (data,) = await answer_all(run, [run.root_value])
            return data  # type: ignore[no-any-return]

        return Plan(answer, source)

    def _select(
        self, type_: GraphQLObjectType, collected: CollectedFields, place: Place, site: Site | None
    ) -> Function:
        """Emits the function that turns objects of this type into dicts."""
        name = self._names.fresh(f"select_{type_.name}")
        lines = []
        if site is not None:
            if iscoroutinefunction(type_.is_type_of):
                raise Uncompilable(f"an asynchronous is_type_of, of {type_}")
            lines += ["if not objects:", "    return []"]
            lines.append(f"{self._names.add(f'admit_{type_.name}', Admission(type_, site))}(run, objects)")
        entries: list[str] = []
        columns: list[Column] = []
        for key, details in collected.grouped_field_set.items():
            below = self._site(type_, key, details, place)
            entry = repr(type_.name) if below is None else self._in_place(below)
            if entry is None and below is not None:
                entry = self._names.fresh(f"each_{key}")
                columns.append(Column(key, entry, self._field(below, details, place)))
            entries.append(f"{key!r}: {entry}")
        lines += fill_in_order(columns) if site is None and self._is_mutation else fill(columns)
        row = f"{{{', '.join(entries)}}}"
        if columns:
            names = ", ".join(column.name for column in columns)
            lists = ", ".join(f"all_{column.name}" for column in columns)
            lines.append(f"return [{row} for o, {names} in zip(objects, {lists})]")
        else:
            lines.append(f"return [{row} for o in objects]")
        self._source.function(name, str(type_), lines)
        return Function(name, any(column.function.waits for column in columns))

    def _site(self, type_: GraphQLObjectType, key: str, details: FieldDetailsList, place: Place) -> Site | None:
        """The field as plans see it; None for `__typename`, which is no field of Strawberry's."""
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

    def _in_place(self, site: Site) -> str | None:
        """The expression for a field that needs no function of its own: a leaf that is an attribute, or Relay's id."""
        type_ = site.definition.type
        nullable = not is_non_null_type(type_)
        leaf = get_nullable_type(type_)
        if not is_leaf_type(leaf):
            return None
        kind = kind_of(self._schema, site.definition)
        attribute = attribute_of(self._schema, site.field)
        if kind is Kind.ATTRIBUTE and attribute is not None:
            return leaf_expression(leaf, nullable, f"(v := o.{attribute})", self._names)
        relay_id = relay_id_attribute(site.parent_type, site.definition)
        if kind is Kind.SYNC and relay_id is not None and site.field.base_resolver is not None:
            made = RelayId(site, leaf, site.field.base_resolver, *relay_id)
            return f"{self._names.add(f'relay_{site.key}', made)}(run, o)"
        return None

    def _field(self, site: Site, details: FieldDetailsList, place: Place) -> Function:
        """Emits the function that reads one field of all objects and completes it."""
        lines, waits = reading(self._schema, site, self._names, kept=self._is_mutation and place.path is None)
        type_ = site.definition.type
        completion, completion_waits = self._complete(type_, details, site, listed=place.listed)
        name = self._names.fresh(f"field_{site.key}")
        comment = f"{site.parent_type}.{details[0].node.name.value}: {type_}"
        self._source.function(name, comment, [*lines, *completion, "return values"])
        return Function(name, waits or completion_waits)

    def _complete(
        self, type_: GraphQLOutputType, details: FieldDetailsList, site: Site, *, listed: bool
    ) -> tuple[list[str], bool]:
        """Statements that replace raw values of this type in `values` by completed ones, and whether they may wait."""
        if is_non_null_type(type_):
            return self._complete_present(type_.of_type, details, site, listed=listed)
        if is_leaf_type(type_):
            return [f"values = [{leaf_expression(type_, True, '(v := o)', self._names)} for o in values]"], False
        holes = self._names.fresh("holes")
        lines, waits = self._complete_present(type_, details, site, listed=listed)
        return [f"values, {holes} = present(values)", *lines, f"values = refill(values, {holes})"], waits

    def _complete_present(
        self, type_: GraphQLOutputType, details: FieldDetailsList, site: Site, *, listed: bool
    ) -> tuple[list[str], bool]:
        if is_leaf_type(type_):
            return [f"values = [{leaf_expression(type_, False, '(v := o)', self._names)} for o in values]"], False
        if is_list_type(type_):
            sizes = self._names.fresh("sizes")
            lines, waits = self._complete(type_.of_type, details, site, listed=True)
            return [f"values, {sizes} = unfold(values)", *lines, f"values = fold(values, {sizes})"], waits
        place = Place(site.path, listed)
        if is_object_type(type_):
            select = self._select(type_, self._collect(type_, details), place, site)
            return [f"values = await {select.name}(run, values)"], select.waits
        if is_abstract_type(type_):
            possible = self._types.get_possible_types(type_)
            selects = {each.name: self._select(each, self._collect(each, details), place, site) for each in possible}
            abstract = self._names.add(f"sorted_{type_.name}", Abstract(type_, self._types, site))
            table = ", ".join(f"{name!r}: {select.name}" for name, select in selects.items())
            waits = any(select.waits for select in selects.values())
            return [f"values = await {abstract}(run, values, {{{table}}})"], waits
        raise Uncompilable(f"a type of an unknown sort, {type_}")

    def _collect(self, type_: GraphQLObjectType, details: FieldDetailsList) -> CollectedFields:
        operation = self._frame.operation
        return collect_subfields(self._types, self._fragments, self._variables, operation, type_, details)

    @property
    def _is_mutation(self) -> bool:
        return self._frame.operation.operation is OperationType.MUTATION

    def _count(self) -> None:
        """Interfaces in interfaces multiply: without a bound a short document could compile for minutes."""
        self._fields_left -= 1
        if self._fields_left < 0:
            raise Uncompilable("more fields than a plan may have")
