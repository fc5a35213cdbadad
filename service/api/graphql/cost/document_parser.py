"""Parsing of texts into GraphQL documents, with a limit on tokens that is applied before parsing.

Does not use a schema; the contents of a document are measured elsewhere.
"""

import re
from itertools import islice
from typing import NoReturn

from graphql import DocumentNode, GraphQLSyntaxError, ObjectValueNode
from graphql.language.parser import Parser, nested_too_deeply_error

from service.errors import Code, Refused

_COMMENTS = 1_000
_INPUT_FIELDS = 100
"""Fields of one input object. graphql-core writes the whole object into the error of each field that does not exist:
600 such fields kept validation busy for 60 ms. The largest input type has 16.
"""
# A token as the lexer sees it, or a comment: counting up to the limit takes a tenth of the time of parsing. An open
# string runs to the end of its line or of the text; if it failed instead, each of its quotes would be tried again.
_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\"""|\\|"(?!""))*+(?:""")?|"(?:[^"\\\n\r]|\\.)*+"?|[A-Za-z_][0-9A-Za-z_]*|-?[0-9][0-9.eE+-]*'
    r"|\.\.\.|[!$&():=@\[\]{|}]|#[^\n\r]*",
)
# PostgreSQL cannot store NUL in text, so it must be refused here; otherwise it would cause an internal error.
_NUL = re.compile(r"\x00|\\u0000|\\u\{0+\}")


def parse_document(text: str, tokens: int) -> DocumentNode:
    """Return the document. Raises GraphQLSyntaxError for invalid syntax, and Refused(MAX_COST_EXCEEDED) above the limit
    of tokens.
    """
    if _NUL.search(text):
        raise Refused(Code.BAD_USER_INPUT, "A text holds no NUL character.")
    if _is_longer(text, tokens + _COMMENTS):
        refuse_above("tokens", tokens)
    try:
        # Without the option the parser accepts `{ }`, which no released specification of GraphQL allows.
        parser = _Parser(text, allow_empty_selection_sets=False, max_lexical_tokens=tokens, max_comments=_COMMENTS)
        try:
            return parser.parse_document()
        except RecursionError:
            raise nested_too_deeply_error(parser) from None
    except GraphQLSyntaxError as error:
        if "contains more than" in error.message:
            refuse_above("tokens", tokens)
        raise


class _Parser(Parser):
    """A parser with a limit on the fields of an input object."""

    def parse_object(self, is_const: bool) -> ObjectValueNode:
        node = super().parse_object(is_const)
        if len(node.fields) > _INPUT_FIELDS:
            refuse_above("input_fields", _INPUT_FIELDS, len(node.fields))
        return node


def _is_longer(text: str, tokens: int) -> bool:
    return next(islice(_TOKEN.finditer(text), tokens, None), None) is not None


def refuse_above(limit: str, maximum: int, requested: int | None = None) -> NoReturn:
    """Refuse a document with MAX_COST_EXCEEDED, with the limit, its value and the measured value."""
    # The number may have many digits, and a client's Int ends at 2^31.
    asked = {} if requested is None else {"requested": min(requested, 10**9)}
    message = f"The document is above the limit of {maximum} on its {limit.replace('_', ' ')}."
    raise Refused(Code.MAX_COST_EXCEEDED, message, (), limit=limit, maximum=maximum, **asked)
