"""What callers send reaches resolvers as graphql-core and Strawberry would hand it over, whatever the type and value.

Seen to fail when a default was left out or changed by a caller, an unknown or required field did not count, an Int was
not bounded, true was an Int, null reached a converter, a list of one stayed bare, and inputs stayed dicts.
"""

import copy
import dataclasses
import datetime as dt
import enum
from random import Random
from typing import Annotated, Any

import pytest
import strawberry
from graphql import OperationDefinitionNode, get_variable_values, parse
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry import relay
from strawberry.scalars import JSON

from service.plans import PlannedSchema, arguments
from service.plans import variables as plan_variables
from service.plans.conversion import converter_of
from service.plans.variables import Variables
from tests.plans.differential import Differential
from tests.plans.operations import OperationWriter, Written


@strawberry.enum
class Size(enum.Enum):
    SMALL = "s"
    BIG = "b"


@strawberry.input
class Part:
    size: Size
    note: str | None = None
    keys: list[str] = strawberry.field(default_factory=lambda: ["fresh"])
    of: JSON = strawberry.field(default_factory=dict)


@strawberry.input(one_of=True)
class Either:
    number: int | None = strawberry.UNSET
    text: str | None = strawberry.UNSET


@strawberry.input
class Whole:
    count: int
    part: Part
    id: strawberry.ID
    ratio: float = 0.5
    flag: bool = True
    renamed: str = strawberry.field(name="otherwise", default="renamed")
    optional: str | None
    parts: list[Part | None] | None = None
    grid: list[list[int]] = strawberry.field(default_factory=lambda: [[1]])
    sizes: list[Size] | None = strawberry.UNSET
    when: dt.datetime | None = None
    either: Either | None = None
    lazy: Annotated["Part", strawberry.lazy("tests.plans.test_inputs")] | None = None


@strawberry.input
class Chain:
    name: str = "end"
    rest: "Chain | None" = None


@strawberry.input
class Perhaps:
    text: strawberry.Maybe[str]


@strawberry.input
class Checked:
    number: int

    def __post_init__(self) -> None:
        if self.number == 3:
            raise ValueError("three is refused")


@strawberry.input
class Built:
    text: str


# As integrations do it whose inputs are made of other classes.
Built.__strawberry_definition__.from_input = lambda of, value, _context: of(text=value["text"].upper())  # type: ignore[attr-defined]


@strawberry.input
class Pair:
    left: int
    right: str = "right"
    note: str | None = strawberry.UNSET


NUMBERS = [1, 2]


@strawberry.type
class Item:
    @strawberry.field
    def changed(self, lists: list[list[int]] | None = None) -> str:
        return Query().changed(lists=lists)


@strawberry.type
class Query:
    @strawberry.field
    def items(self) -> list[Item]:
        return [Item(), Item()]

    @strawberry.field
    def whole(self, whole: Whole, also: Whole | None = None) -> str:
        return repr((whole, also))

    @strawberry.field
    def parts(self, parts: list[Part] | None = None, either: Either | None = None) -> str:
        return repr((parts, either))

    @strawberry.field
    def plain(
        self, size: Size | None = Size.BIG, count: int = 2, text: str | None = None, when: dt.datetime | None = None
    ) -> str:
        return repr((size, count, text, when))

    @strawberry.field
    def changed(self, lists: list[list[int]] | None = None, of: JSON | None = None, part: Part | None = None) -> str:
        said = repr((lists, of, part))
        if lists is not None:
            lists.append([7])
        if part is not None:
            part.keys.append("changed")
        return said

    @strawberry.field
    def many(self, numbers: list[int] = NUMBERS) -> str:
        return repr(numbers)

    @strawberry.field
    def pair(self, pair: Pair, or_not: Pair | None = None) -> str:
        return repr((pair, or_not))

    @strawberry.field
    def others(
        self,
        chain: Chain | None = None,
        perhaps: Perhaps | None = None,
        checked: Checked | None = None,
        ids: list[relay.GlobalID] | None = None,
        built: Built | None = None,
    ) -> str:
        return repr((chain, perhaps, checked, ids, built))


@strawberry.type
class Mutation(Query):
    pass


schema = strawberry.Schema(Query, Mutation)
core = schema._schema
differential = Differential(schema)
gate = settings(max_examples=150, database=None, derandomize=True)
ODD = [
    None,
    0,
    3,
    "x",
    "",
    True,
    2**31,
    1.5,
    5.0,
    [],
    [None],
    {},
    {"unknown": 1},
    "SMALL",
    [[]],
    "2020-01-01T00:00:00+00:00",
]


def spoiled(value: Any, random: Random) -> Any:
    """The value with something else in one place, a key too many, or one too few."""
    places: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict | list):
            places += [(each, key) for key in (each if isinstance(each, dict) else range(len(each)))]
            waiting += each.values() if isinstance(each, dict) else each
    if places:
        holder, key = random.choice(places)
        if isinstance(holder, dict) and random.random() < 0.3:
            holder.pop(key)
        else:
            holder[key] = copy.deepcopy(random.choice(ODD))
    return value


@gate
@given(st.integers(0, 2**48), st.sampled_from(["query", "mutation"]))
async def test_arguments_are_what_graphql_core_and_strawberry_make_of_them(seed, kind):
    random = Random(seed)
    written = OperationWriter(core, random, depth_max=2).write(kind)
    await differential.check(written, dict)
    for _ in range(3):
        await differential.check(written._replace(variables=spoiled(copy.deepcopy(written.variables), random)), dict)


def test_many_of_these_were_answered_by_plans():
    # What is spoiled is refused by graphql-core.
    assert differential.planned.counts["planned"] > 150


@gate
@given(st.integers(0, 2**48))
def test_variables_are_coerced_as_graphql_core_does(seed):
    random = Random(seed)
    written = OperationWriter(core, random, depth_max=2).write()
    (operation, *_) = parse(written.text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    given = spoiled(copy.deepcopy(written.variables), random) if random.random() < 0.5 else written.variables
    expected = get_variable_values(core, operation.variable_definitions or (), copy.deepcopy(given))
    found = Variables(core, operation.variable_definitions or ()).coerced(given)
    # Then they are equal to the order of the keys and the class of each value, or refused by both.
    if found is None or isinstance(expected, list):
        assert found is None
        assert isinstance(expected, list)
        return
    assert repr(found.coerced) == repr(expected.coerced)
    assert found.sources.keys() == expected.sources.keys()
    for name, source in found.sources.items():
        signature, value = expected.sources[name]
        assert repr(source.value) == repr(value)
        assert f"{source.signature.name}: {source.signature.type}" == f"{signature.name}: {signature.type}"
        assert (source.signature.default is None) == (signature.default is None)


def declared(text: str) -> Variables:
    (operation, *_) = parse(f"query ({text}) {{ __typename }}").definitions
    assert isinstance(operation, OperationDefinitionNode)
    return Variables(core, operation.variable_definitions or ())


WHOLE: dict[str, Any] = {"count": 1, "part": {"size": "BIG"}, "id": "a", "otherwise": "x", "parts": [{"size": "SMALL"}]}


def refused(*_: Any, **__: Any) -> Any:
    raise AssertionError("graphql-core was asked")


@pytest.fixture
def alone(monkeypatch):
    """Nobody can ask graphql-core to coerce variables."""
    monkeypatch.setattr(plan_variables, "get_variable_values", refused)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("$whole: Whole!, $also: Whole", {"whole": WHOLE}),
        ("$parts: [Part!]", {"parts": [WHOLE["part"]]}),
        ("$parts: [Part!]", {"parts": None}),
        ("$either: Either", {"either": {"text": "a"}}),
        ("$n: Int!, $b: Boolean, $e: Size, $s: String, $i: ID", {"n": -5, "b": False, "e": "BIG", "s": "", "i": "7"}),
        ("$n: Int!, $ns: [Int!]", {"n": 5.0, "ns": [-0.0, -2147483648.0, 2147483647.0]}),
    ],
)
def test_plain_values_are_coerced_without_graphql_core(text, values, alone):
    assert declared(text).coerced(values) is not None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("query ($s: String!) { parts(either: {text: $s}) }", {"s": "a"}),
        ("query ($n: Int!, $s: String) { pair(pair: {left: $n, note: $s}) }", {"n": 1, "s": None}),
        ("query ($n: Int!, $s: String) { pair(pair: {left: $n, note: $s}) }", {"n": 1}),
        ('query ($s: String!) { pair(pair: {left: 1, right: $s}, orNot: {left: 2, right: "r"}) }', {"s": "a"}),
        ('query ($s: String! = "b") { pair(pair: {left: 1, note: "n", right: $s}) }', {}),
    ],
)
async def test_an_object_of_variables_is_coerced_without_graphql_core(text, values, monkeypatch):
    planned = PlannedSchema(schema, entries_max=9, bytes_max=10**6)
    first = await planned.execute(text, values)
    assert first.errors is None
    # When nobody can ask it any more
    monkeypatch.setattr(arguments, "coerce_input_literal", refused)
    monkeypatch.setattr(arguments, "get_argument_values", refused)
    # Then the plan answers as it did.
    assert (await planned.execute(text, values)).data == first.data
    assert planned.counts == {"planned": 2}


@pytest.mark.parametrize("text", ["$chain: Chain", "$first: Int = 3", "$either: Whole! = {count: 1}"])
def test_what_is_left_to_graphql_core_is_asked_of_it(text, alone):
    # A type inside of itself, whose depth it bounds; and defaults, of which each request has its own.
    with pytest.raises(AssertionError):
        declared(text).coerced({"chain": {"rest": None}} if "chain" in text else {})


def test_an_input_is_converted_by_its_own_constructor():
    coerced = declared("$whole: Whole!").coerced({"whole": WHOLE})
    assert coerced is not None
    convert = converter_of(schema, Whole)
    assert convert is not None
    # When it is converted twice
    first, second = convert(coerced.coerced["whole"]), convert(coerced.coerced["whole"])
    # Then both are whole inputs, equal, and share nothing that could be changed.
    expected = Whole(
        count=1,
        part=Part(size=Size.BIG),
        id=strawberry.ID("a"),
        renamed="x",
        optional=None,
        parts=[Part(size=Size.SMALL)],
        sizes=strawberry.UNSET,
    )
    assert first == second == expected
    assert first is not second
    assert first.part.keys is not second.part.keys
    assert dataclasses.is_dataclass(first.parts[0])


async def test_a_constructor_that_refuses_is_an_error_in_the_words_of_strawberry():
    text = "query ($checked: Checked) { others(checked: $checked) }"
    plans = differential.planned
    refused = await plans.execute(text, {"checked": {"number": 3}})
    taken = await plans.execute(text, {"checked": {"number": 4}})
    assert [error.message for error in refused.errors or ()] == ["three is refused"]
    assert taken.errors is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("$whole: Whole!", {"whole": WHOLE | {"unknown": 1}}),
        ("$whole: Whole!", {"whole": {"count": 1}}),
        ("$n: Int", {"n": 2**31}),
        ("$n: Int", {"n": True}),
        ("$n: Int", {"n": 5.5}),
        ("$n: Int", {"n": 2147483648.0}),
        ("$n: [Int!]", {"n": [None]}),
        ("$n: Int!", {}),
        ("$e: Size", {"e": "LARGE"}),
        ("$w: DateTime", {"w": "soon"}),
        ("$s: String!", {"s": 7}),
        ("$either: Either", {"either": {"text": None}}),
    ],
)
def test_what_graphql_core_refuses_is_left_to_it(text, values):
    assert declared(text).coerced(values) is None


@pytest.mark.parametrize("kind", ["query", "mutation"])
@pytest.mark.parametrize(
    ("variable", "field", "values"),
    [
        ("$n: Int", "plain(count: $n)", {"n": None}),
        ("$n: Int", "plain(count: $n)", {}),
        ("$n: Int", "plain(count: $n)", {"n": 5.0}),
        ("$n: Int", "plain(count: $n)", {"n": 5.5}),
        ("$n: [Int!]", "many(numbers: $n)", {"n": [5.0, 1e3]}),
        ("$c: Checked", "others(checked: $c)", {"c": {"number": 5.0}}),
        ("$n: Int!", "parts(either: {number: $n})", {"n": -7.0}),
        ("$s: Size", "plain(size: $s)", {}),
        ("$n: Int", "parts(either: {number: $n})", {"n": None}),
        ("$n: Int", "others(checked: {number: $n})", {}),
        ("$c: Checked", "others(checked: $c)", {"c": {"number": 3}}),
        ("$i: [ID!]", "others(ids: $i)", {"i": ["Qm9vazox"]}),
        ("$i: [ID!]", "others(ids: $i)", {"i": ["no id"]}),
        ("$n: [Int!]", "many(numbers: $n)", {}),
        ("$n: [Int!]", "many(numbers: $n)", {"n": [3]}),
        ("$b: Built", "others(built: $b)", {"b": {"text": "loud"}}),
        ("$t: String", "others(perhaps: {text: $t})", {}),
        ("$t: String", "others(perhaps: {text: $t})", {"t": "said"}),
    ],
)
async def test_odd_arguments_are_answered_as_graphql_core_does(kind, variable, field, values):
    text = f"{kind} Written({variable}) {{ {field} }}"
    await differential.check(Written(text, "Written", values), dict)


async def test_a_resolver_that_changes_its_arguments_changes_them_for_nobody_else():
    text = """query ($lists: [[Int!]!]) {
        a: changed(lists: $lists, part: {size: BIG, keys: ["k"]}) b: changed(part: {size: BIG})
        items { c: changed(lists: [[1]]) d: changed(lists: $lists) }
    }"""
    plans = differential.planned
    answers = [(await plans.execute(text, {"lists": [[1]]})).data for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0] is not None
    assert answers[0]["items"] == [{"c": "([[1]], None, None)", "d": "([[1]], None, None)"}] * 2
