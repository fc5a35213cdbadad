"""Plain HTML page of an OpenAPI document, without any script. Knows no contract, nor how it is served."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

HERE = Path(__file__).parent

SCHEMAS = "#/components/schemas/"
METHODS = ("get", "post", "put", "patch", "delete")
BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "above",
    "exclusiveMaximum": "below",
    "minLength": "characters at least",
    "maxLength": "characters at most",
    "minItems": "items at least",
    "maxItems": "items at most",
    "pattern": "pattern",
    "format": "format",
    "default": "default",
}


def reference_html(document: Mapping[str, Any], *, document_url: str, style: str, icon: str) -> str:
    """Return the whole page: every operation and every model of the document, linked with each other."""
    info = document["info"]
    title = escape(info["title"])
    operations = list(_operations(document))
    links = "".join(f'<li><a href="#{_anchor(operation)}">{_label(*operation)}</a></li>' for operation in operations)
    schemas = document.get("components", {}).get("schemas", {})
    server = escape(document["servers"][0]["url"])
    return Template((HERE / "plain_reference.html").read_text(encoding="utf-8")).substitute(
        title=title,
        about=_paragraph(info.get("description", "")),
        server=server,
        document=document_url,
        style=style,
        icon=icon,
        links=links,
        operations="".join(_operation_html(*operation) for operation in operations),
        models="".join(_model_html(name, schema) for name, schema in sorted(schemas.items())),
    )


def type_html(schema: Mapping[str, Any]) -> str:
    """Describe the type of a value of the schema in words; models are links."""
    if reference := schema.get("$ref"):
        name = escape(reference.removeprefix(SCHEMAS))
        return f'<a href="#model-{name}">{name}</a>'
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return " or ".join(dict.fromkeys(type_html(each) for each in schema[choice]))
    if values := schema.get("enum") or ([schema["const"]] if "const" in schema else []):
        return " or ".join(f"<code>{escape(str(each))}</code>" for each in values)
    return _kind_html(schema)


def _kind_html(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "anything")
    members = schema.get("additionalProperties")
    if kind == "array":
        return f"list of {type_html(schema.get('items', {}))}"
    if kind == "object" and isinstance(members, Mapping):
        return f"map of {type_html(members)}"
    return escape(" or ".join(kind) if isinstance(kind, list) else str(kind))


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def _anchor(operation: tuple[str, str, Mapping[str, Any]]) -> str:
    method, path, described = operation
    return escape(str(described.get("operationId", f"{method}{path}")))


def _label(method: str, path: str, _described: Mapping[str, Any]) -> str:
    return f"<code><b>{method.upper()}</b> {escape(path)}</code>"


def _operation_html(method: str, path: str, described: Mapping[str, Any]) -> str:
    operation = (method, path, described)
    rows = [_parameter_row(each) for each in described.get("parameters", ())]
    examples = []
    for media_type, content in described.get("requestBody", {}).get("content", {}).items():
        examples += [_example_html("Body of an example", content)]
        rows.append(("body", f"body, {escape(media_type)}", type_html(content["schema"]), "required", ""))
    answers = [
        (f"<code>{escape(status)}</code>", _words(answer["description"]), _answer_type(answer))
        for status, answer in described["responses"].items()
    ]
    for status, answer in described["responses"].items():
        if status.startswith("2"):
            examples += [_example_html("Response", content) for content in answer.get("content", {}).values()]
    return (
        f'<section class="panel" id="{_anchor(operation)}">\n<h2>{_label(*operation)}</h2>\n'
        f"<p><b>{escape(described.get('summary', ''))}</b></p>{_paragraph(described.get('description', ''))}"
        f"{_table(('name', 'where', 'type', '', 'about'), rows) if rows else ''}"
        f"{_table(('status', 'meaning', 'body'), answers)}{''.join(examples)}</section>\n"
    )


def _example_html(title: str, content: Mapping[str, Any]) -> str:
    if "example" not in content:
        return ""
    text = json.dumps(content["example"], ensure_ascii=False, indent=2)
    return f'<details><summary>{title}</summary><pre tabindex="0">{escape(text)}</pre></details>\n'


def _parameter_row(parameter: Mapping[str, Any]) -> tuple[str, ...]:
    schema = parameter.get("schema", {})
    about = parameter.get("description") or schema.get("description", "")
    need = "required" if parameter.get("required") else ""
    return f"<code>{escape(parameter['name'])}</code>", parameter["in"], type_html(schema), need, _about(about, schema)


def _answer_type(answer: Mapping[str, Any]) -> str:
    kinds = [
        type_html(content["schema"]) if "json" in media_type else escape(media_type)
        for media_type, content in answer.get("content", {}).items()
    ]
    return ", ".join(kinds)


def _model_html(name: str, schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    rows = [
        (
            f"<code>{escape(member)}</code>",
            type_html(each),
            "required" if member in required else "",
            _about(each.get("description", ""), each),
        )
        for member, each in schema.get("properties", {}).items()
    ]
    table = _table(("member", "type", "", "about"), rows) if rows else f"<p>{type_html(schema)}</p>"
    return (
        f'<section class="panel" id="model-{escape(name)}">\n<h3>{escape(name)}</h3>\n'
        f"{_paragraph(schema.get('description', ''))}{table}</section>\n"
    )


def _about(text: str, schema: Mapping[str, Any]) -> str:
    bounds = [f"{word} {schema[key]}" for key, word in BOUNDS.items() if schema.get(key) not in (None, "", {}, [])]
    return _words("; ".join([*([text.rstrip(".")] if text else []), *bounds]))


def _paragraph(text: str) -> str:
    return "".join(f"<p>{_words(each)}</p>\n" for each in text.split("\n\n") if each)


def _words(text: str) -> str:
    """Return the text as HTML, with the two marks of Markdown that the texts have."""
    bold = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(text))
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", bold)


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f'<th scope="col">{column}</th>' if column else "<td></td>" for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>\n"
