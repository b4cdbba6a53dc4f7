"""Examples of requests and answers, put together from those of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

JsonObject = Mapping[str, Any]

MOMENT = "2026-03-02T09:30:00+03:00"
_BY_FORMAT = {"date-time": MOMENT, "date": MOMENT[:10], "time": "21:00:00", "binary": ""}
_BY_TYPE = {"string": "", "integer": 0, "number": 0.0, "boolean": False, "null": None}


def example_of(schema: JsonObject, definitions: JsonObject) -> Any:
    """Return a value that a JSON schema describes.

    A field's own example comes first, then its default, then its first allowed value. What has
    the default `null` is left out: an example shows what is said, not what is left unsaid.
    """
    told = _told(schema)
    if told:
        return told[0]
    if "$ref" in schema or "anyOf" in schema:
        return example_of(_meant(schema, definitions), definitions)
    kind = schema.get("type", "string")
    if kind == "object":
        return _object(schema, definitions)
    if kind == "array":
        return [example_of(schema["items"], definitions)]
    return _BY_FORMAT.get(schema.get("format", ""), schema.get("minimum", _BY_TYPE[kind]))


def _meant(schema: JsonObject, definitions: JsonObject) -> JsonObject:
    """Return what a reference points to, or the first of several types."""
    if "$ref" in schema:
        found: JsonObject = definitions[schema["$ref"].rpartition("/")[2]]
        return found
    first: JsonObject = schema["anyOf"][0]
    return first


def _told(schema: JsonObject) -> list[Any]:
    """Return what a schema says of its own values, the best example first."""
    if "example" in schema:
        return [schema["example"]]
    if "const" in schema:
        return [schema["const"]]
    if schema.get("examples"):
        return list(schema["examples"])
    if schema.get("default") is not None:
        return [schema["default"]]
    return list(schema.get("enum", ()))


def _object(schema: JsonObject, definitions: JsonObject) -> dict[str, Any]:
    return {
        name: example_of(field, definitions)
        for name, field in schema.get("properties", {}).items()
        if field.get("default", "") is not None or _has_example(field)
    }


def _has_example(field: JsonObject) -> bool:
    return any("examples" in part for part in (field, *field.get("anyOf", ())))
