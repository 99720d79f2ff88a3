"""The OpenAPI document as a page reads it: per operation its parameters and fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: str
    is_required: bool
    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answer: tuple[Field, ...]


def operations(document: Json) -> list[Operation]:
    found = [
        _operation(document, path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return sorted(found, key=lambda one: (one.path, one.method))


def _operation(document: Json, path: str, method: str, operation: Json) -> Operation:
    good = next(answer for code, answer in sorted(operation["responses"].items()) if code.startswith("2"))
    return Operation(
        operation["operationId"],
        method.upper(),
        path,
        operation.get("summary", ""),
        _plain(operation.get("description", "")),
        tuple(_parameters(operation)),
        tuple(_fields(document, _shape(operation.get("requestBody", {})))),
        tuple(_fields(document, _shape(good))),
    )


def _parameters(operation: Json) -> Iterator[Field]:
    for parameter in operation.get("parameters", ()):
        kind, text = _kind(parameter["schema"]), _plain(parameter.get("description", ""))
        yield Field(parameter["name"], kind, parameter.get("required", False), text)


def _plain(text: str) -> str:
    """The document's texts are Markdown; the page says the same words without its marks."""
    return text.replace("`", "")


def _shape(message: Json) -> Json:
    content: Json = message.get("content", {})
    return content["application/json"]["schema"] if "application/json" in content else {}


def _fields(document: Json, schema: Json, before: str = "") -> Iterator[Field]:
    whole = _resolved(document, schema)
    for name, part in whole.get("properties", {}).items():
        inner = part.get("items", part)
        if "$ref" in inner and "properties" in _resolved(document, inner):
            yield from _fields(document, inner, f"{before}{name}[].")
        else:
            is_required = name in whole.get("required", ())
            yield Field(
                f"{before}{name}",
                _kind(_resolved(document, part)),
                is_required,
                _plain(part.get("description", "")),
            )


def _resolved(document: Json, schema: Json) -> Json:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def _kind(schema: Json) -> str:
    """`text`, `number`, or the words that can stand there."""
    if "enum" in schema:
        return " · ".join(str(word) for word in schema["enum"] if word)
    kinds = schema.get("type", "string")
    words = {
        "string": _("text"),
        "integer": _("number"),
        "boolean": _("true or false"),
        "array": _("list"),
        "null": _("null"),
    }
    told = [str(words.get(kind, kind)) for kind in (kinds if isinstance(kinds, list) else [kinds])]
    return " · ".join(told)
