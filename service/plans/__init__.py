"""Compiler of validated GraphQL operations of a Strawberry schema to coroutines; graphql-core defines the correct
result.

Depends on GraphQL and Strawberry only. docs/plans.md explains how it works and what it costs. Read it in this order:

runner      a request: text -> Operation -> plan -> answer, and back to graphql-core when the answer is not plain
operation   one operation of a document, and its plan for each combination of the conditions in it
compiler    AST beside schema -> source: a function for each selection, and for each field that has to wait
reading     ... how a field is read                     fields     how each field is read, by the schema alone
completion  ... how its value is completed              arguments  what a resolver is given beside its object
leaves      ... the expression for a scalar or enum     conversion a coerced value -> Strawberry's input
variables   coerced in place where they are plainly right, else by graphql-core
levels      what generated code calls: nulls out and in, lists open and shut, resolvers called and awaited
objects     which objects may stand for a type, and the type of an object of an interface or union
replay      how graphql-core finishes a mutation that a plan began
info        what a resolver is told                     columns    which columns the selection below a resolver needs
relay       Relay's `id` without its resolver
attribute   fields that are made of attributes further inside their object
batch       a field resolved for many parents at once, in a plan and in the ordinary executor
source      functions, columns and names of generated code
cache       least recently used, bounded in entries and bytes
coverage    what of a schema compiles, and why the rest does not
fallback    the two exceptions with which a plan steps aside
"""

from service.plans.attribute import attribute_field, composed_field, computed_field
from service.plans.batch import batch_field
from service.plans.columns import needs, selected_columns
from service.plans.coverage import Covered, coverage, report
from service.plans.leaves import serializes_at_once, serializes_to_itself
from service.plans.operation import Operation
from service.plans.runner import PlannedSchema, Rejected, Verdict

__all__ = [
    "Covered",
    "Operation",
    "PlannedSchema",
    "Rejected",
    "Verdict",
    "attribute_field",
    "batch_field",
    "composed_field",
    "computed_field",
    "coverage",
    "needs",
    "report",
    "selected_columns",
    "serializes_at_once",
    "serializes_to_itself",
]
