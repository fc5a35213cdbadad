"""Knows how generated code reads one field of all objects of a level: the statements that leave raw values in `values`.

It must not know what becomes of the values.
"""

import strawberry

from service.api.graphql.plans.arguments import arguments_of
from service.api.graphql.plans.fallback import Uncompilable
from service.api.graphql.plans.fields import BATCH, Kind, attribute_of, kind_of
from service.api.graphql.plans.info import Site
from service.api.graphql.plans.source import Names


def reading(schema: strawberry.Schema, site: Site, names: Names, *, kept: bool) -> tuple[list[str], bool]:
    """The statements, and whether they may wait. A `kept` field is read once in the life of the request."""
    kind = kind_of(schema, site.definition)
    if kind is Kind.ATTRIBUTE:
        return [f"values = [{_attribute(schema, site, names)} for o in objects]"], False
    if kind is Kind.BATCH and kept:
        kind = Kind.WRAPPED
    arguments = arguments_of(schema, site, converted=kind is not Kind.WRAPPED)
    lines = []
    if arguments.constant is not None:
        keywords = f"**{names.add('constants', arguments.constant)}" if arguments.constant else ""
    else:
        keywords = f"**{names.add('arguments', arguments.of)}(run)"
        if arguments.shared and not kept:
            lines.append(f"keywords = {keywords[2:]}")
            keywords = "**keywords"
    site_name = names.add(f"site_{site.key}", site)
    if kind is Kind.BATCH:
        return [*lines, _batch(site, site_name, keywords, names)], True
    if kind is Kind.WRAPPED:
        resolver = names.add(f"resolve_{site.key}", site.definition.resolve)
        lines.append(f"info = run.raw({site_name})")
        parameters = ["o", "info"]
    else:
        resolver, parameters = _resolver(site, names)
        if any(parameter.endswith("=info") for parameter in parameters):
            lines.append(f"info = run.info({site_name})")
    call = f"{resolver}({', '.join([*parameters, keywords] if keywords else parameters)})"
    if kept:
        lines += ["(o,) = objects", f"values = [await kept(run, {site.key!r}, lambda: {call})]"]
    else:
        lines.append(f"values = await called(lambda o: {call}, objects)")
    return lines, kept or kind is not Kind.SYNC


def _attribute(schema: strawberry.Schema, site: Site, names: Names) -> str:
    attribute = attribute_of(schema, site.field)
    if attribute is not None:
        return f"o.{attribute}"
    return f"{names.add('read', schema.config.default_resolver)}(o, {site.field.python_name!r})"


def _resolver(site: Site, names: Names) -> tuple[str, list[str]]:
    """The Python function behind the field, with what it asks for beside its arguments, as Strawberry would pass it."""
    resolver = site.field.base_resolver
    if resolver is None:
        raise Uncompilable("a field without a resolver")
    parameters = ["o"] if resolver.self_parameter else []
    for asked, given in (
        (resolver.parent_parameter, "o"),
        (resolver.root_parameter, "o"),
        (resolver.info_parameter, "info"),
    ):
        if asked is not None and f"{asked.name}={given}" not in parameters:
            parameters.append(f"{asked.name}={given}")
    return names.add(f"resolve_{site.key}", resolver.wrapped_func), parameters


def _batch(site: Site, site_name: str, keywords: str, names: Names) -> str:
    batch = site.field.metadata[BATCH]
    resolver = names.add(f"batch_{site.key}", batch.resolver)
    info = f"(run.info({site_name}),)" if batch.takes_info else "()"
    return f"values = await batched({resolver}, objects, {info}, {{{keywords}}}) if objects else []"
