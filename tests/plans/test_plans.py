"""What a plan promises, one thing at a time. Whether its answers are right is the differential gate's business."""

import asyncio
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from service.plans import PlannedSchema, Rejected, Verdict, batch_field, coverage, report
from tests.plans.differential import answer_bytes
from tests.plans.library import Context, Magazine, Once, PressRow, World, schema


def planned(**options: Any) -> PlannedSchema:
    return PlannedSchema(schema, **({"entries_max": 20, "bytes_max": 10_000_000} | options))


def context(authors: int = 3, **options: Any) -> Context:
    return Context(World(Random(4), authors=authors), **options)


async def both(text: str, context_of=context, **arguments: Any) -> tuple[Context, Context]:
    """The contexts left behind by a plan that went through and by Strawberry's own execute, after equal answers."""
    plans, by_plan, by_core = planned(), context_of(), context_of()
    first = await plans.execute(text, context=by_plan, **arguments)
    second = await schema.execute(text, arguments.get("variables"), by_core)
    assert plans.counts == {"planned": 1}
    assert answer_bytes(first) == answer_bytes(second)
    return by_plan, by_core


async def test_a_batch_resolver_is_called_once_for_a_level_in_a_plan_and_in_the_ordinary_executor():
    text = "{ authors { books(first: 1) { nodes { author { name } } } again: books(first: 2) { nodes { id } } } }"
    by_plan, by_core = await both(text)
    for used in (by_plan, by_core):
        assert sorted(used.calls) == ["Author.books", "Author.books", "Book.author", "Query.authors"]


async def test_operations_that_share_a_context_do_not_share_a_batch():
    shared = context()
    plain = planned(enabled=False)
    text = "{ authors { books { totalCount } } }"
    await asyncio.gather(plain.execute(text, context=shared), plain.execute(text, context=shared))
    assert shared.calls.count("Author.books") == 2


async def test_a_batch_resolver_that_loses_a_parent_is_an_error_in_both():
    async def short(parents: list[int]) -> list[int]:
        return parents[1:]

    @strawberry.type
    class Thing:
        size: int | None = batch_field(short)

    @strawberry.type
    class Query:
        @strawberry.field
        def things(self) -> list[Thing]:
            return [Thing(), Thing()]

    small = strawberry.Schema(Query)
    plans = PlannedSchema(small, entries_max=1, bytes_max=10**6)
    answer = await plans.execute("{ things { size } }")
    assert plans.counts == {"replayed": 1}
    assert [error.path for error in answer.errors] == [["things", 0, "size"], ["things", 1, "size"]]


async def test_a_resolver_learns_the_selected_columns_in_a_plan_and_in_the_ordinary_executor():
    text = """query($no: Boolean = false) { authors(first: 1) { books {
        columns nodes { ...Named author { age } id @include(if: $no) } edges { node { label coins @skip(if: true) } }
    } } } fragment Named on Book { t: title __typename }"""
    for enabled in (True, False):
        plans = planned(enabled=enabled)
        answer = await plans.execute(text, context=context())
        # Then aliases, fragments, directives and both paths were considered, and declarations replaced own names.
        assert answer.data["authors"][0]["books"]["columns"] == ["author_id", "pages", "title"]


async def test_root_fields_of_a_query_are_resolved_at_the_same_time():
    met = asyncio.Barrier(2)

    @strawberry.type
    class Query:
        @strawberry.field
        async def meet(self) -> bool:
            async with asyncio.timeout(5):
                await met.wait()
            return True

    plans = PlannedSchema(strawberry.Schema(Query), entries_max=1, bytes_max=10**6)
    answer = await plans.execute("{ a: meet b: meet }")
    assert (answer.data, plans.counts["planned"]) == ({"a": True, "b": True}, 1)


MUTATIONS = """mutation {
    one: bump(by: 1)
    renamed: rename(to: {name: "new"}) { author { whereabouts name shelves { id } } errors { message } }
    two: bump(by: 2) taken: take(nth: 9) { name } three: bump(by: 3)
}"""


async def test_root_fields_of_a_mutation_run_once_and_in_order_even_if_their_completion_fails():
    # Given a null where there can be none, and a resolver that raises
    plans, used = planned(), context(authors=1)
    used.world.authors[0].shelves = None
    answer = await plans.execute(MUTATIONS, context=used)
    # Then the plan gave up half-way
    assert plans.counts == {"replayed": 1}
    # and each resolver ran once, in order
    done = ["bump 1", "rename new", "bump 2", "take 9", "bump 3"]
    assert used.calls == [f"Mutation.{each}" for each in done]
    assert (answer.data["one"], answer.data["two"], answer.data["three"]) == (1, 3, 6)
    # and the answer is graphql-core's
    other = context(authors=1)
    other.world.authors[0].shelves = None
    reference = await schema.execute(MUTATIONS, None, other)
    assert answer_bytes(answer) == answer_bytes(reference)


async def test_a_mutation_that_goes_well_is_planned_with_typed_errors_of_an_interface():
    text = """mutation($to: RenameInput!) { rename(to: $to) { author { name } errors {
        __typename message path ... on Missing { wanted } ... on Held { by { name } } } } }"""
    await both(text, variables={"to": {"name": "nobody", "rank": "HIGH"}})


async def test_a_cancelled_request_is_not_answered_by_anybody():
    started, used = asyncio.Event(), context()

    @strawberry.type
    class Query:
        @strawberry.field
        async def forever(self, info: strawberry.Info) -> int:
            info.context.calls.append("forever")
            started.set()
            await asyncio.Event().wait()
            return 1

    plans = PlannedSchema(strawberry.Schema(Query), entries_max=1, bytes_max=10**6)
    request = asyncio.create_task(plans.execute("{ forever }", context=used))
    await started.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert used.calls == ["forever"]
    assert not plans.counts


@pytest.mark.parametrize("order", ["fails waits", "waits fails"])
async def test_nothing_of_an_operation_goes_on_after_a_field_failed_or_the_request_was_cancelled(order: str):
    begun, ended = asyncio.Event(), asyncio.Event()

    @strawberry.type
    class Query:
        @strawberry.field
        async def fails(self) -> int | None:
            await begun.wait()
            raise ValueError("no")

        @strawberry.field
        async def waits(self) -> int | None:
            begun.set()
            try:
                await asyncio.sleep(0.01 if patient else 60)
            finally:
                ended.set()
            return 1

    plans, others = PlannedSchema(strawberry.Schema(Query), entries_max=1, bytes_max=10**6), asyncio.all_tasks()
    patient = True
    answer = await plans.execute(f"{{ {order} }}")
    assert (answer.data, plans.counts) == ({"fails": None, "waits": 1}, {"replayed": 1})
    assert asyncio.all_tasks() == others
    # When the request is cancelled in the middle
    patient = False
    begun.clear()
    ended.clear()
    request = asyncio.create_task(plans.execute(f"{{ {order.replace('fails', 'more: waits')} }}"))
    await begun.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    # Then both fields have ended with it
    assert ended.is_set()
    assert asyncio.all_tasks() == others


async def test_in_turn_each_field_waits_until_the_one_before_it_has_ended():
    said = []

    @strawberry.type
    class Query:
        @strawberry.field
        async def say(self, text: str) -> str:
            said.append(f"{text} begins")
            await asyncio.sleep(0)
            if text == "bad":
                raise ValueError(text)
            said.append(f"{text} ends")
            return text

    plans = PlannedSchema(strawberry.Schema(Query), entries_max=9, bytes_max=10**6)
    answer = await plans.run(plans.prepare('{ a: say(text: "a") b: say(text: "b") }'), in_turn=True)
    assert answer.data == {"a": "a", "b": "b"}
    assert said == ["a begins", "a ends", "b begins", "b ends"]
    # Then nothing is begun, or left behind, after one that failed
    said.clear()
    answer = await plans.run(plans.prepare('{ a: say(text: "bad") c: say(text: "c") d: say(text: "d") }'), in_turn=True)
    assert said[:2] == ["bad begins", "bad begins"]
    assert (answer.data, plans.counts) == (None, {"planned": 1, "replayed": 1})


async def test_an_object_cast_to_another_type_is_what_it_is_cast_to():
    used = context(authors=1)
    odd = strawberry.cast(Magazine, World(Random(1), authors=1).authors[0])
    used.world.found = [*used.world.authors, odd]
    plans, plain = planned(), planned(enabled=False)
    text = "{ found { __typename ... on Magazine { name } } }"
    for _ in range(2):
        first, second = await plans.execute(text, context=used), await plain.execute(text, context=used)
        assert first.data["found"][1]["__typename"] == "Magazine"
        assert answer_bytes(first) == answer_bytes(second)
    assert plans.counts == {"planned": 2}


async def test_an_object_of_another_type_is_refused_even_if_it_has_what_is_asked_for():
    plans, used = planned(), context(authors=1)
    used.world.authors[0].best = PressRow("row", 1950)
    answer = await plans.execute("{ author { best { __typename } } }", context=used)
    assert plans.counts == {"replayed": 1}
    assert (answer.data, answer.errors[0].path) == ({"author": {"best": None}}, ["author", "best"])


async def test_an_object_of_a_known_class_is_refused_when_it_is_cast_to_another_type():
    plans, plain, used = planned(), planned(enabled=False), context(authors=1)
    text = "{ authors { best { title } books { totalCount } } }"
    author = used.world.authors[0]
    author.best = used.world.books[0]
    await plans.execute(text, context=used)
    # A book is shown by itself; an author waits for books.
    for odd in (author.best, author):
        strawberry.cast(Magazine, odd)
        answer = await plans.execute(text, context=used)
        assert answer.errors
        assert answer_bytes(answer) == answer_bytes(await plain.execute(text, context=used))
        del odd.__as_strawberry_type__
    assert plans.counts == {"planned": 1, "replayed": 2}


async def test_an_iterator_is_left_unread_for_graphql_core():
    plans, used = planned(), context(authors=1)
    used.world.authors[0].shelves = Once([used.world.books[:1]])
    answer = await plans.execute("{ author { shelves { id } } }", context=used)
    assert plans.counts == {"replayed": 1}
    assert answer.data == {"author": {"shelves": [[{"id": "Qm9vazow"}]]}}


async def test_awaitables_of_resolvers_that_are_not_async_are_awaited_by_graphql_core_alone():
    async def later(value: Any) -> Any:
        return value

    @strawberry.type
    class Thing:
        @strawberry.field
        async def size(self) -> int:
            return 1

    @strawberry.type
    class Query:
        one: int = strawberry.field(resolver=lambda: later(1))
        many: list[int] = strawberry.field(resolver=lambda: later([1, 2]))
        thing: Thing = strawberry.field(resolver=lambda: later(Thing()))
        things: list[Thing] = strawberry.field(resolver=lambda: later([Thing()]))

    plans = PlannedSchema(strawberry.Schema(Query), entries_max=9, bytes_max=10**6)
    asked = {"one": 1, "many": [1, 2], "thing { size }": {"size": 1}, "things { size }": [{"size": 1}]}
    for text, found in asked.items():
        assert list((await plans.execute(f"{{ {text} }}")).data.values()) == [found]
    # Then each was met by a plan first, which left no coroutine behind: a warning would fail this test.
    assert plans.counts == {"replayed": 4}


async def test_plans_can_be_turned_off():
    plans = planned(enabled=False)
    await plans.execute("{ echo }", context=context())
    assert plans.counts == {"interpreted": 1}


async def test_a_document_is_judged_before_it_is_validated_and_once():
    judged = []

    def verdict(document: Any, operation_name: str | None, variables: Any) -> Verdict:
        judged.append(operation_name)
        return Verdict([GraphQLError("too much")] if "unknown" in document.loc.source.body else [], note=7)

    plans = planned(verdict=verdict)
    for _ in range(3):
        assert (await plans.execute("query A { echo }", None, "A", context())).errors is None
    assert plans.prepare("query A { echo }", "A").note == 7
    assert judged == ["A"]
    # Then a refusal is not kept, and what is wrong with the document otherwise is not looked at
    for _ in range(2):
        refused = await plans.execute("{ unknown }")
        assert [error.message for error in refused.errors] == ["too much"]
    assert judged == ["A", None, None]


async def test_what_cannot_be_executed_is_said_in_the_words_of_graphql_core_and_not_kept():
    plans = planned()
    for text, name, message in [
        ("{", None, "Syntax Error: Expected Name, found <EOF>."),
        ("", None, "Syntax Error: Unexpected <EOF>."),
        ("{ nothing }", None, "Cannot query field 'nothing' on type 'Query'."),
        (
            "query A { echo } query B { echo }",
            None,
            "Must provide operation name if query contains multiple operations.",
        ),
        ("query A { echo }", "C", "Unknown operation named 'C'."),
        ("fragment F on Query { echo }", None, "Must provide an operation."),
    ]:
        with pytest.raises(Rejected) as rejected:
            plans.prepare(text, name)
        assert message in [error.message for error in rejected.value.errors] or "Fragment" in str(rejected.value)
        assert (await plans.execute(text, operation_name=name)).data is None
    assert len(plans._operations) == 0


async def test_each_operation_of_a_document_has_its_own_plan():
    plans, text = planned(), 'query A { echo(text: "a") } query B { echo(text: "b") }'
    answers = [(await plans.execute(text, None, name, context())).data["echo"][0] for name in "ABAB"]
    assert answers == ["a", "b", "a", "b"]
    assert len(plans._operations) == 2


async def test_a_trusted_document_is_known_by_its_id():
    plans = planned()
    first = plans.prepare("{ echo }", document_id="sha256:1")
    assert plans.prepare(None, document_id="sha256:1") is first
    # Then a text that looks like an id is not one
    with pytest.raises(Rejected):
        plans.prepare("sha256:1")


async def test_the_least_recently_used_operations_go_first_when_entries_or_bytes_run_out():
    plans = planned(entries_max=2)
    first = plans.prepare("{ a: echo }")
    second = plans.prepare("{ b: echo }")
    assert plans.prepare("{ a: echo }") is first
    plans.prepare("{ c: echo }")
    assert plans.prepare("{ a: echo }") is first
    assert plans.prepare("{ b: echo }") is not second
    # and a document that is larger than all of the cache is answered but not kept
    small = planned(bytes_max=first.size_bytes)
    small.prepare("{ a: echo }")
    small.prepare("{ a: echo b: echo c: echo }")
    assert (len(small._operations), small._operations.size_bytes) == (1, first.size_bytes)


async def test_a_document_has_a_plan_for_each_combination_of_its_conditions_up_to_a_bound():
    names = [f"c{index}" for index in range(5)]
    declared = " ".join(f"${name}: Boolean!" for name in names)
    text = f"query({declared}) {{ {' '.join(f'{name}: echo @skip(if: ${name})' for name in names)} }}"
    plans, plain = planned(), planned(enabled=False)
    for number in range(32):
        variables = {name: bool(number >> index & 1) for index, name in enumerate(names)}
        first = await plans.execute(text, variables, context=context())
        assert answer_bytes(first) == answer_bytes(await plain.execute(text, variables, context=context()))
    assert plans.counts == {"planned": 16, "interpreted": 16}


async def test_a_document_that_would_compile_for_too_long_is_interpreted():
    plans = planned(fields_max=3)
    operation = plans.prepare("{ a: echo b: echo c: echo d: echo }")
    assert operation.plan(operation.variables.coerced({})) == "more fields than a plan may have"
    assert len((await plans.run(operation, context=context())).data) == 4


async def test_introspection_is_answered_once_for_each_set_of_variables():
    plans, text = planned(), "query($n: String!) { __type(name: $n) { name fields { name } } __typename }"
    answers = [await plans.execute(text, {"n": name}) for name in ("Book", "Author", "Book")]
    assert plans.counts == {"interpreted": 2, "introspected": 1}
    assert [answer.data["__type"]["name"] for answer in answers] == ["Book", "Author", "Book"]
    assert (await plans.execute("query { __schema { queryType { name } } echo }", context=context())).data["echo"]


async def test_a_subscription_is_refused_here():
    answer = await planned().execute("subscription { ticks }")
    assert (answer.data, len(answer.errors)) == (None, 1)


def test_a_schema_whose_resolvers_are_wrapped_cannot_be_planned():
    class Wrapper(SchemaExtension):
        def resolve(self, next_: Any, root: Any, info: Any, *arguments: Any, **keywords: Any) -> Any:
            return next_(root, info, *arguments, **keywords)

    @strawberry.type
    class Query:
        one: int = 1

    wrapped = strawberry.Schema(Query, extensions=[Wrapper])
    with pytest.raises(ValueError, match="wraps every resolver"):
        PlannedSchema(wrapped, entries_max=1, bytes_max=1)
    assert [line.reason for line in coverage(wrapped)] == ["an extension of the schema wraps every resolver"]


def test_coverage_names_every_field_and_why_the_rest_is_left_to_graphql_core():
    lines = {line.what: line for line in coverage(schema)}
    assert {what: line.reason for what, line in lines.items() if "." in what and line.reason} == {
        "Query.pages": "a resolver that yields its items one by one",
        "Subscription.ticks": "a subscription",
    }
    assert lines["Book.author"].how == "batch resolver called once for a level"
    assert lines["Book.id"].how == "Relay's id, made in place"
    text = report(lines.values())
    assert "- subscriptions: they stream" in text
    assert len(text.splitlines()) == len(lines)


def test_the_worked_example_is_what_the_compiler_writes():
    page = (Path(__file__).parents[2] / "docs" / "plans.md").read_text()
    (document,) = re.findall(r"```graphql\n(.*?)```", page, re.DOTALL)
    (source,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    plans = planned()
    operation = plans.prepare(document)
    plan = operation.plan(operation.variables.coerced({"first": 3}))
    assert plan.source == source
