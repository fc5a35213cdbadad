"""Reading of one field by generated code: of one object by an expression, or of all objects of a level by statements
that leave raw values in `values`.

Knows nothing of the completion of values.
"""

from collections.abc import Mapping

import strawberry

from service.plans.arguments import arguments_of
from service.plans.fallback import Uncompilable
from service.plans.fields import BATCH, MADE, Computed, Kind, attribute_of, kind_of
from service.plans.info import Site
from service.plans.source import Names


def read_at_once(schema: strawberry.Schema, site: Site, names: Names) -> str | None:
    """Return the expression that reads the field of `o`, None where it may have to wait."""
    kind = kind_of(schema, site.definition)
    if kind is Kind.ATTRIBUTE:
        return _attribute(schema, site, names)
    if kind is Kind.COMPUTED:
        made: Computed = site.field.metadata[MADE]
        return _computed(made, [f"o.{path}" for path in made.paths], names)
    return _call(schema, site, names) if kind in {Kind.SYNC, Kind.COMPOSED} else None


def read_of_parts(schema: strawberry.Schema, site: Site, parts: Mapping[str, str], names: Names) -> str | None:
    """Return the expression that reads the field of an object that is not made, given the expressions of its parts;
    None where the object itself is needed.
    """
    kind = kind_of(schema, site.definition)
    if kind is Kind.ATTRIBUTE:
        attribute = attribute_of(schema, site.field)
        return None if attribute is None else _of_part(attribute, parts)
    if kind is not Kind.COMPUTED:
        return None
    made: Computed = site.field.metadata[MADE]
    given = [each for path in made.paths if (each := _of_part(path, parts)) is not None]
    return _computed(made, given, names) if len(given) == len(made.paths) else None


def is_written(schema: strawberry.Schema, site: Site) -> bool:
    """Return True if these expressions give the scalar as it is shown."""
    made = site.field.metadata.get(MADE)
    return isinstance(made, Computed) and made.is_written and kind_of(schema, site.definition) is Kind.COMPUTED


def read_by_level(schema: strawberry.Schema, site: Site, names: Names, *, kept: bool) -> list[str]:
    """Return the statements that read the field of all `objects`. A `kept` field is read once in the life of the
    request.
    """
    kind = kind_of(schema, site.definition)
    if kind is Kind.ATTRIBUTE:
        return [f"values = [{_attribute(schema, site, names)} for o in objects]"]
    if kind is Kind.BATCH and not kept:
        batch = site.field.metadata[BATCH]
        resolver = names.add(f"batch_{site.key}", batch.resolver)
        info = f"(run.info({_site(site, names)}),)" if batch.takes_info else "()"
        return [f"values = await batched({resolver}, objects, {info}, {{{_keywords(schema, site, names)}}})"]
    # Strawberry's wrapper takes a batch field for a resolver like any other.
    called = kind in {Kind.SYNC, Kind.ASYNC, Kind.COMPUTED, Kind.COMPOSED}
    call = _call(schema, site, names) if called else _wrapped_call(schema, site, names)
    if kept:
        return ["(o,) = objects", f"values = [await kept(run, {site.key!r}, lambda: {call})]"]
    return [f"values = await called(run, lambda o: {call}, objects)"]


def _of_part(path: str, parts: Mapping[str, str]) -> str | None:
    part, dot, rest = path.partition(".")
    return f"{parts[part]}{dot}{rest}" if part in parts else None


def _computed(made: Computed, given: list[str], names: Names) -> str:
    compute = names.add(
        f"compute_{getattr(made.compute, '__name__', 'value').strip('_')}", made.compute, key=made.compute
    )
    return f"{compute}({', '.join(given)})"


def _attribute(schema: strawberry.Schema, site: Site, names: Names) -> str:
    attribute = attribute_of(schema, site.field)
    if attribute is not None:
        return f"o.{attribute}"
    return f"{names.add('read', schema.config.default_resolver)}(o, {site.field.python_name!r})"


def _call(schema: strawberry.Schema, site: Site, names: Names) -> str:
    """Return the call of the Python function behind the field, with the arguments that Strawberry would pass."""
    resolver = site.field.base_resolver
    if resolver is None:
        raise Uncompilable("a field without a resolver")
    given = ["o"] if resolver.self_parameter else []
    given += dict.fromkeys(f"{asked.name}=o" for asked in (resolver.parent_parameter, resolver.root_parameter) if asked)
    if resolver.info_parameter:
        given.append(f"{resolver.info_parameter.name}=run.info({_site(site, names)})")
    given.append(_keywords(schema, site, names))
    return f"{names.add(f'resolve_{site.key}', resolver.wrapped_func)}({', '.join(filter(None, given))})"


def _wrapped_call(schema: strawberry.Schema, site: Site, names: Names) -> str:
    given = ["o", f"run.raw({_site(site, names)})", _keywords(schema, site, names, converted=False)]
    return f"{names.add(f'resolve_{site.key}', site.definition.resolve)}({', '.join(filter(None, given))})"


def _keywords(schema: strawberry.Schema, site: Site, names: Names, *, converted: bool = True) -> str:
    arguments = arguments_of(schema, site, converted=converted)
    if arguments.constant is not None:
        return f"**{names.add('constants', arguments.constant)}" if arguments.constant else ""
    made = names.add("arguments", arguments.of)
    return f"**run.keywords({made})" if arguments.shared else f"**{made}(run)"


def _site(site: Site, names: Names) -> str:
    return names.add(f"site_{site.key}", site)
