"""What schemathesis puts where the schema has a scalar of its own: mostly well-formed values, so that they get through,
and some that are not. Loaded by the fuzzer in its own environment; it must not import the service.
"""

import graphql
import schemathesis
from hypothesis import strategies as st
from hypothesis_graphql import nodes


def metadata(entries: dict[str, str]) -> graphql.ObjectValueNode:
    """The entries as a literal."""
    return nodes.Object(
        [
            graphql.ObjectFieldNode(name=graphql.NameNode(value=name), value=nodes.String(text))
            for name, text in entries.items()
        ]
    )


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
decimals = st.one_of(
    st.decimals(-1_000, 10**7, places=3).map(str), st.sampled_from(["0", "1e400", "NaN", "1_000", "-0.0", "٣"]), texts
)
integers = st.one_of(st.integers().map(str), st.sampled_from(["", "9" * 5_000, "1.0", "0x1"]))
moments = st.one_of(
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.sampled_from(["2026-11-21T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"]),
    texts,
)
days = st.one_of(st.dates().map(str), st.sampled_from(["2024-02-30", "20241231", "2024-W01-1"]), texts)
currencies = st.sampled_from(["GBP", "USD", "SAR", "BRL", "JPY", "XXX", "gbp", ""])

schemathesis.graphql.scalar("Decimal", decimals.map(nodes.String))
schemathesis.graphql.scalar("BigInt", integers.map(nodes.String))
schemathesis.graphql.scalar("DateTime", moments.map(nodes.String))
schemathesis.graphql.scalar("Date", days.map(nodes.String))
schemathesis.graphql.scalar("CurrencyCode", currencies.map(nodes.String))
schemathesis.graphql.scalar(
    "Metadata", st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), texts, max_size=3).map(metadata)
)
