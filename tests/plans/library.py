"""A toy schema with every shape that plans know or leave alone, and worlds of data in which anything may be odd."""

import asyncio
import dataclasses
import datetime as dt
import decimal
import enum
import uuid
from collections.abc import AsyncIterator, Iterable
from random import Random
from typing import Annotated, Any, NewType

import strawberry
from strawberry import relay
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from service.plans import (
    attribute_field,
    batch_field,
    composed_field,
    computed_field,
    needs,
    selected_columns,
    serializes_to_itself,
)

Coins = NewType("Coins", str)


@serializes_to_itself(str)
def show_coins(value: Any) -> str:
    if not isinstance(value, str | int):
        raise TypeError(f"no coins: {value.__class__.__name__}")
    return str(value)


def read_coins(value: Any) -> str:
    if not isinstance(value, str) or not value.isdigit():
        raise ValueError("coins are digits")
    return value


@strawberry.enum
class Genre(enum.Enum):
    CRIME = "crime"
    VERSE = "verse"


@strawberry.enum
class Rank(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Strange:
    """No value of any type."""

    def __repr__(self) -> str:
        return "strange"


class MishapError(Strange, Exception):
    """An error that is given back, not raised."""


class Later(Strange):
    """Something to await, as often as one likes."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __await__(self) -> Any:
        yield from asyncio.sleep(0).__await__()
        return self.value


class Once(Strange):
    """An iterator: what has read it has emptied it."""

    def __init__(self, items: list[Any]) -> None:
        self._items = items

    def __iter__(self) -> "Once":
        return self

    def __next__(self) -> Any:
        if not self._items:
            raise StopIteration
        return self._items.pop(0)


@dataclasses.dataclass
class Context:
    """What a request brings: faults by "Type.field", and a log of what the resolvers of the root did."""

    world: "World"
    faults: dict[str, str] = dataclasses.field(default_factory=dict)
    calls: list[str] = dataclasses.field(default_factory=list)

    def at(self, place: str) -> None:
        self.calls.append(place)
        if place in self.faults:
            raise RuntimeError(self.faults[place])


class Shout(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: strawberry.Info, **arguments: Any) -> Any:
        return f"{next_(source, info, **arguments)}!"

    async def resolve_async(self, next_: Any, source: Any, info: strawberry.Info, **arguments: Any) -> Any:
        return await next_(source, info, **arguments)


class Allowed(BasePermission):
    message = "not allowed"

    def has_permission(self, source: Any, info: strawberry.Info, **_arguments: Any) -> bool:
        return "permission" not in info.context.faults


@strawberry.interface
class Named:
    name: str


@strawberry.input
class Wanted:
    genres: list[Genre] | None = None
    least: int = 0
    words: list[str | None] = strawberry.field(default_factory=list)


async def author_of(parents: list["Book"], info: strawberry.Info) -> list[Any]:
    info.context.at("Book.author")
    await asyncio.sleep(0)
    return [info.context.world.author_of(parent) for parent in parents]


async def books_of(
    parents: list["Author"], info: strawberry.Info, first: int = 2, genre: Genre | None = None
) -> list[Any]:
    info.context.at("Author.books")
    columns = sorted(selected_columns(info, "nodes", "edges.node"))
    return [info.context.world.books_of(parent, first, genre, columns) for parent in parents]


async def rivals_of(parents: list["Author"], wanted: Wanted | None = None) -> list[Any]:
    least = wanted.least if wanted else 0
    return [[parent] * (least % 3) if parent.age != 13 else KeyError("unlucky") for parent in parents]


@strawberry.type
class Page:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class BookEdge:
    cursor: str
    node: "Book"


@strawberry.type
class BookConnection:
    nodes: list["Book"]
    page_info: Page
    columns: list[str] = strawberry.field(metadata=needs())

    @strawberry.field
    def edges(self) -> list[BookEdge]:
        return [BookEdge(cursor=f"c{index}", node=node) for index, node in enumerate(self.nodes)]

    @strawberry.field
    async def total_count(self) -> int:
        return len(self.nodes)


def density(weight: float | None, height: float) -> float | None:
    return None if weight is None else weight / height


@strawberry.type
class Format:
    """Made of two attributes of a book; for its words it has to be there."""

    weight: float | None
    height: strawberry.Private[float]
    rise = attribute_field("height", float)
    density = computed_field(density, "weight", "height")

    @strawberry.field
    def words(self) -> str:
        return f"{self.height} high"


@strawberry.type
class Book(relay.Node):
    id: relay.NodeID[int]
    title: str
    subtitle: str | None
    genre: Genre
    ranks: list[Rank | None] | None
    pages: int
    weight: float | None
    height: float
    price: decimal.Decimal
    coins: Coins | None
    published: dt.datetime | None
    isbn: uuid.UUID
    tags: list[str]
    extra: JSON | None
    author: Annotated["Author", strawberry.lazy("tests.plans.library")] | None = batch_field(
        author_of, columns=("author_id",)
    )

    format = composed_field(Format, {"weight": "weight", "height": "height"})
    weighed = composed_field(Format, {"weight": "weight", "height": "height"}, nullable=True)

    @classmethod
    def resolve_nodes(cls, *, info: strawberry.Info, node_ids: Iterable[str], required: bool = False) -> Any:
        info.context.at("Book.nodes")
        return [info.context.world.book(node_id) for node_id in node_ids]

    @strawberry.field(metadata=needs("title", "pages"))
    def label(self, style: str = "plain", width: int | None = None) -> str:
        return f"{style}:{self.title}:{width}"

    @strawberry.field(extensions=[Shout()])
    def loud(self, times: int = 1) -> str:
        return str(self.title) * times


@strawberry.type
class Author(relay.Node, Named):
    id: relay.NodeID[uuid.UUID]
    name: str
    age: int | None
    alive: bool
    favourite: Genre | None
    grid: list[list[int | None] | None]
    weights: list[list[float]] | None
    born: dt.date | None
    wakes: dt.time | None
    shelves: list[list[Book]]
    best: Book | None
    books: BookConnection | None = batch_field(books_of, columns=("id", "shelf"))
    rivals: list["Author"] | None = batch_field(rivals_of)

    @strawberry.field
    def greeting(self, info: strawberry.Info, to: list[str] | None = None) -> str:
        info.context.at("Author.greeting")
        return f"{self.name} greets {to} ({info.field_name})"

    @strawberry.field
    async def score(self, info: strawberry.Info, by: float = 1.5) -> float | None:
        info.context.at("Author.score")
        await asyncio.sleep(0)
        return None if self.age is None else self.age * by

    @strawberry.field
    def whereabouts(self, info: strawberry.Info) -> str:
        return ".".join(str(key) for key in info.path.as_list())

    @strawberry.field
    def maybe_later(self, soon: bool = False) -> str | None:
        return Later(self.name) if soon else self.name  # type: ignore[return-value]

    @strawberry.field(permission_classes=[Allowed])
    async def secret(self) -> str | None:
        return self.name

    @strawberry.field
    def drafts(self) -> list[Book] | None:
        return (book for shelf in self.shelves for book in shelf)  # type: ignore[return-value]


class PressRow:
    """A light row that stands for a type without being one of it."""

    __slots__ = ("founded", "name")

    def __init__(self, name: str, founded: int) -> None:
        self.name = name
        self.founded = founded


@strawberry.type
class Press(Named):
    name: str
    founded: int

    @classmethod
    def is_type_of(cls, obj: Any, _info: Any) -> bool:
        return isinstance(obj, (cls, PressRow))


@strawberry.type
class Magazine(relay.Node):
    id: relay.NodeID[str]
    name: str | None

    @classmethod
    def resolve_nodes(cls, *, info: strawberry.Info, node_ids: Iterable[str], required: bool = False) -> Any:
        async def nodes() -> list[Any]:
            info.context.at("Magazine.nodes")
            return [Magazine(id=node_id, name=f"no. {node_id}") for node_id in node_ids]

        return nodes()


Found = Annotated[Author | Book | Magazine, strawberry.union("Found")]


@strawberry.interface(name="UserError")
class Refusal:
    message: str
    path: list[str]


@strawberry.type
class Missing(Refusal):
    wanted: strawberry.ID


@strawberry.type
class Held(Refusal):
    by: Author | None


@strawberry.type
class RenamePayload:
    author: Author | None
    errors: list[Refusal]


@strawberry.input
class RenameInput:
    name: str
    rank: Rank = Rank.LOW
    at: dt.datetime | None = None


@strawberry.type
class Query:
    @strawberry.field
    async def authors(self, info: strawberry.Info, first: int = 3) -> list[Author] | None:
        info.context.at("Query.authors")
        await asyncio.sleep(0)
        return info.context.world.authors[:first]  # type: ignore[no-any-return]

    @strawberry.field
    def author(self, info: strawberry.Info, nth: int = 0) -> Author | None:
        info.context.at("Query.author")
        return info.context.world.authors[nth]  # type: ignore[no-any-return]

    @strawberry.field
    def books(self, info: strawberry.Info, wanted: Wanted | None = None) -> list[Book | None]:
        info.context.at("Query.books")
        genres = wanted.genres if wanted and wanted.genres else list(Genre)
        return [book for book in info.context.world.books if getattr(book, "genre", None) in [*genres, None, "crime"]]

    @strawberry.field
    async def found(self, info: strawberry.Info, most: int = 5) -> list[Found]:
        info.context.at("Query.found")
        return info.context.world.found[:most]  # type: ignore[no-any-return]

    @strawberry.field
    def named(self, info: strawberry.Info) -> list[Named | None]:
        return tuple(info.context.world.named)  # type: ignore[return-value]

    @relay.connection(relay.ListConnection[Magazine])
    def magazines(self, info: strawberry.Info) -> Iterable[Magazine]:
        return [Magazine(id=str(index), name=None) for index in range(4)]

    node: relay.Node | None = relay.node()
    several: list[relay.Node | None] = relay.node()

    @strawberry.field
    def echo(self, text: str | None = "nothing", rank: Rank | None = Rank.LOW, coins: Coins | None = None) -> str:
        return f"{text} {rank} {coins}"

    @strawberry.field
    async def pages(self) -> AsyncIterator[int]:
        yield 1

    @strawberry.field
    def names(self, info: strawberry.Info) -> list[str]:
        return sorted(field.name for field in info.selected_fields) + sorted(info.variable_values)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def rename(self, info: strawberry.Info, to: RenameInput, nth: int = 0) -> RenamePayload | None:
        info.context.at(f"Mutation.rename {to.name}")
        world = info.context.world
        errors: list[Refusal] = []
        if to.name == "nobody":
            errors.append(Missing(message="no such author", path=["to", "name"], wanted=strawberry.ID("7")))
        if to.rank is Rank.HIGH:
            errors.append(Held(message="taken", path=[], by=world.authors[0] if world.authors else None))
        author = world.authors[nth] if nth < len(world.authors) else None
        if author is not None and not errors:
            author.name = to.name
        return RenamePayload(author=author, errors=errors)

    @strawberry.mutation
    def bump(self, info: strawberry.Info, by: int = 1) -> int:
        info.context.world.counter += by
        info.context.at(f"Mutation.bump {by}")
        return info.context.world.counter  # type: ignore[no-any-return]

    @strawberry.mutation
    async def take(self, info: strawberry.Info, nth: int = 0) -> Author | None:
        info.context.at(f"Mutation.take {nth}")
        await asyncio.sleep(0)
        return info.context.world.authors.pop(nth)  # type: ignore[no-any-return]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncIterator[int]:
        yield 1


schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[Press, Missing, Held],
    config=StrawberryConfig(
        scalar_map={Coins: strawberry.scalar(name="Coins", serialize=show_coins, parse_value=read_coins)}
    ),
)


class World:
    """Authors, books and their kin, made from a seed; `oddity` is the share of values that are not as promised."""

    def __init__(self, random: Random, *, oddity: float = 0.0, authors: int | None = None) -> None:
        self.random = random
        self.oddity = oddity
        self.counter = 0
        self.books = [self._book(index) for index in range(random.randrange(5))]
        self.authors = [self._author(index) for index in range(random.randrange(4) if authors is None else authors)]
        rest = [Magazine(id=str(index), name=f"no. {index}") for index in range(2)]
        self.found: list[Any] = [*self.authors, *self.books, *rest]
        random.shuffle(self.found)
        if random.random() < oddity:
            self.found.append(random.choice([None, "a string", PressRow("row", 1)]))
        self.named: list[Any] = [*self.authors, Press(name="own", founded=1900), PressRow("row", 1950), None]

    def author_of(self, book: Book) -> Any:
        if self.oddity and book.pages == 7:
            return RuntimeError("lost")
        return self.authors[0] if self.authors and book.pages != 5 else None

    def books_of(self, _author: Author, first: int, genre: Genre | None, columns: list[str]) -> Any:
        nodes = [book for book in self.books if genre is None or getattr(book, "genre", None) is genre][:first]
        page = Page(has_next_page=len(self.books) > first, end_cursor=None if not nodes else "end")
        return BookConnection(nodes=nodes, page_info=page, columns=columns)

    def book(self, node_id: str) -> Any:
        return next((book for book in self.books if str(getattr(book, "id", None)) == node_id), None)

    def _author(self, index: int) -> Author:
        random = self.random
        author = Author(
            id=uuid.UUID(int=index),
            name=f"author {index}",
            age=random.choice([None, 13, 40]),
            alive=random.random() < 0.5,
            favourite=random.choice([None, *Genre]),
            grid=random.choice([[], [[1, None], None, []], [[index]]]),
            weights=random.choice([None, [], [[0.5], [1.0, 2.0]]]),
            born=random.choice([None, dt.date(1900, 1, 1 + index)]),
            wakes=random.choice([None, dt.time(6, index)]),
            shelves=random.choice([[], [self.books[:2], []], [[], self.books]]),
            best=random.choice([None, *self.books]),
        )
        return self._spoil(author)

    def _book(self, index: int) -> Book:
        random = self.random
        book = Book(
            id=index,
            title=f"book {index}",
            subtitle=random.choice([None, "", "é"]),
            genre=random.choice(list(Genre)),
            ranks=random.choice([None, [], [Rank.LOW, None, Rank.HIGH]]),
            pages=random.choice([1, 5, 7, 2**31 - 1]),
            weight=random.choice([None, 0.25, -1e300]),
            height=random.choice([0.0, 1.5]),
            price=decimal.Decimal(random.choice(["1.10", "1E+2"])),
            coins=random.choice([None, Coins("3"), 4]),
            published=random.choice([None, dt.datetime(2020, 1, 1, tzinfo=dt.UTC)]),
            isbn=uuid.UUID(int=index),
            tags=random.choice([[], ["a", "b"], ("t",)]),
            extra=random.choice([None, {"k": [1, None]}, 0]),
        )
        return self._spoil(book)

    def spoil_one(self, text: str) -> None:
        """Replace one attribute of all authors or books, which the document selects, by a value of a wrong type."""
        each = self.random.choice([objects for objects in (self.authors, self.books) if objects] or [[Strange()]])
        asked = [name for name in vars(each[0]) if name in text]
        if asked:
            name = self.random.choice(asked)
            odd = self.random.choice(self._odd(type(getattr(each[0], name))))
            for one in each:
                setattr(one, name, odd)

    def _spoil(self, each: Any) -> Any:
        """Puts odd values in the place of some good ones, and takes some away."""
        for name, value in list(vars(each).items()):
            if self.random.random() < self.oddity:
                if self.random.random() < 0.1:
                    delattr(each, name)
                else:
                    setattr(each, name, self.random.choice([*self._odd(type(value)), 0, "7", {}, (), object]))
        return each

    def _odd(self, expected: type) -> list[Any]:
        """Values of which a serializer mends some and refuses others, most of them near the expected class."""
        near: dict[type, list[Any]] = {
            int: [2**31, -(2**31) - 1, True, 1.0, 1.5, "7"],
            float: [float("nan"), float("inf"), 3, "0.5", True],
            str: [7, 1.5, True, Genre.CRIME],
            bool: [0, 1.0, "true"],
            Genre: ["crime", "CRIME", Rank.LOW, []],
            list: [[None], [[None]], ["x"], ("t",), Once(["x"]), Once([]), {"k": 1}, "text", [[MishapError("in")]]],
            uuid.UUID: [7, "key", 1.5],
            Book: [PressRow("row", 1), Magazine(id="9", name=None), Author.__new__(Author)],
        }
        if expected in near and self.random.random() < 0.7:
            return near[expected]
        return [None, MishapError("as a value"), Later("late"), Later(None), Strange(), [], "x", 7]
