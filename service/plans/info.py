"""The `info` of resolvers that a plan calls: the same as the ordinary executor would build.

Knows nothing of how a plan reads or completes a field.
"""

from asyncio import Future, gather
from collections.abc import Awaitable, Callable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, NoReturn

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.execution.values import VariableValues
from graphql.pyutils import Path, gather_with_cancel
from graphql.type.definition import GraphQLResolveInfoHelpers
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info
from strawberry.types.field import StrawberryField

from service.plans.fallback import PlanBailout


class ListedPath:
    """The path of a field below a list. A plan completes a whole level at once and does not know the position.

    Its last step is exact; reading the steps above it sends the operation to graphql-core.
    """

    __slots__ = ("key", "typename")

    def __init__(self, key: str, typename: str) -> None:
        self.key = key
        self.typename = typename

    @property
    def prev(self) -> NoReturn:
        raise PlanBailout("a resolver asked for its position in a list")

    def add_key(self, _key: str | int, _typename: str | None = None) -> NoReturn:
        raise PlanBailout("a resolver asked for its position in a list")

    def as_list(self) -> NoReturn:
        raise PlanBailout("a resolver asked for its position in a list")


class Frame(NamedTuple):
    """Facts of an operation that are fixed once it is compiled."""

    schema: GraphQLSchema
    config: StrawberryConfig
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]


class Site:
    """One field of one selection set, with everything that does not change from request to request."""

    __slots__ = ("columns", "definition", "field", "field_name", "frame", "key", "nodes", "parent_type", "path")

    def __init__(
        self,
        frame: Frame,
        key: str,
        nodes: list[FieldNode],
        parent_type: GraphQLObjectType,
        definition: GraphQLField,
        field: StrawberryField,
        path: Path | ListedPath,
    ) -> None:
        self.frame = frame
        self.key = key
        self.nodes = nodes
        self.parent_type = parent_type
        self.definition = definition
        self.field = field
        self.field_name = nodes[0].name.value
        self.path = path
        self.columns: dict[tuple[str, ...], frozenset[str]] = {}


class PlanResolveInfo:
    """The same attributes that Strawberry's executor passes to a resolver, and the site as well.

    Computed when they are read: most resolvers need only the context.
    """

    __slots__ = ("_run", "site")

    def __init__(self, run: "Run", site: Site) -> None:
        self._run = run
        self.site = site

    field_name = property(attrgetter("site.field_name"))
    field_nodes = property(attrgetter("site.nodes"))
    return_type = property(attrgetter("site.definition.type"))
    parent_type = property(attrgetter("site.parent_type"))
    path = property(attrgetter("site.path"))
    schema = property(attrgetter("site.frame.schema"))
    fragments = property(attrgetter("site.frame.fragments"))
    root_value = property(attrgetter("_run.root_value"))
    operation = property(attrgetter("site.frame.operation"))
    variable_values = property(attrgetter("_run.variables.coerced"))
    context = property(attrgetter("_run.context"))
    is_awaitable = staticmethod(optimized_is_awaitable)
    abort_signal = None
    async_helpers = property(attrgetter("_run.async_helpers"))
    operation_extensions = property(attrgetter("_run.operation_extensions"))


class Run:
    """One execution of a plan: the request's values, the infos made so far, and the results of a mutation.

    With `in_turn` everything that a level waits for is awaited one by one.
    """

    def __init__(
        self,
        context: Any,
        root_value: Any,
        variables: VariableValues,
        operation_extensions: dict[str, Any] | None,
        *,
        in_turn: bool = False,
    ) -> None:
        self.in_turn = in_turn
        self.context = context
        self.root_value = root_value
        self.variables = variables
        self.operation_extensions = operation_extensions
        # Of a mutation, by response key: what each root resolver came to, a value or the exception it raised; and the
        # root fields that are complete.
        self.kept: dict[str, tuple[Any, Exception | None]] = {}
        self.completed: dict[str, Any] = {}
        self._background: list[Future[Any]] = []
        self._infos: dict[Site, Info[Any, Any]] = {}
        self._keywords: dict[Callable[[Run], dict[str, Any]], dict[str, Any]] = {}

    def raw(self, site: Site) -> GraphQLResolveInfo[Any]:
        return PlanResolveInfo(self, site)  # type: ignore[return-value]

    def info(self, site: Site) -> Info[Any, Any]:
        """Return the same object for every parent of a level, because only the list position differs between them."""
        info = self._infos.get(site)
        if info is None:
            info = self._infos[site] = site.frame.config.info_class(_raw_info=self.raw(site), _field=site.field)
        return info

    def end(self) -> None:
        """Drop references back to this execution: otherwise each request, with all its values and its answer, would
        wait for the garbage collector. An info that somebody kept stays usable.
        """
        self._infos.clear()

    @property
    def async_helpers(self) -> GraphQLResolveInfoHelpers:
        # Bound methods, as in graphql-core: batches of the ordinary kind find the operation through them.
        return GraphQLResolveInfoHelpers(self.gather, self.track)

    def keywords(self, make: Callable[["Run"], dict[str, Any]]) -> dict[str, Any]:
        """Return the result of `make` for this request, made once."""
        keywords = self._keywords.get(make)
        if keywords is None:
            keywords = self._keywords[make] = make(self)
        return keywords

    def gather(self, awaitables: Sequence[Awaitable[Any]]) -> Awaitable[list[Any]]:
        return gather_with_cancel(*awaitables)

    def track(self, values: Sequence[Any]) -> None:
        """Finish in the background the work that a resolver left behind; its failures are ignored, as in the ordinary
        executor.
        """
        awaitables = [value for value in values if optimized_is_awaitable(value)]
        if awaitables:
            self._background.append(gather(*awaitables, return_exceptions=True))
