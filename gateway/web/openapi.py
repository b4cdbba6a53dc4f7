"""The OpenAPI 3.1 document, made from the routes and the types that validate."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from gateway.web.problems import Problem
from gateway.web.routes import NoBody, Route, Schema

_REF = "#/components/schemas/{model}"
_PATH_PARAMETER = re.compile(r"\{(\w+)\}")
JsonObject = dict[str, Any]
References = Mapping[tuple[Any, Any], JsonObject]
"""The reference to each model, by the model and its mode."""


def document(routes: Sequence[Route], version: str) -> JsonObject:
    """Return the document that describes these routes."""
    references, definitions = models_json_schema(_models(routes), ref_template=_REF)
    paths: JsonObject = {}
    for route in routes:
        operation = _operation(route, references)
        paths.setdefault(f"/api/v1{route.path}", {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Santral",
            "version": version,
            "description": "Telephones, text messages and faxes of a company, and its customers.",
        },
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }


def _models(routes: Sequence[Route]) -> list[tuple[type[Schema], Any]]:
    found: dict[tuple[type[Schema], str], None] = {(Problem, "serialization"): None}
    for route in routes:
        for model in (route.body, route.query):
            if model is not NoBody:
                found[(model, "validation")] = None
        found[(route.returns, "serialization")] = None
    return list(found)


def _operation(route: Route, references: References) -> JsonObject:
    media_type = "application/json" if route.lines is None else "application/x-ndjson"
    problem = references[Problem, "serialization"]
    operation: JsonObject = {
        "summary": route.summary,
        "operationId": _operation_id(route),
        "description": f"Needs the scope `{route.permission}`.",
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_headers(route)],
        "responses": {
            str(route.status): _content(references[route.returns, "serialization"], media_type)
            | {"description": "Done"},
            "4XX": _content(problem, "application/problem+json")
            | {"description": "The request's fault"},
            "5XX": _content(problem, "application/problem+json") | {"description": "Our fault"},
        },
    }
    if route.body is not NoBody:
        body = _content(references[route.body, "validation"], media_type)
        operation["requestBody"] = {"required": True, **body}
    return operation


def _operation_id(route: Route) -> str:
    words = re.findall(r"[a-z]+", route.path)
    return "_".join([route.method.lower(), *words])


def _content(schema: JsonObject, media_type: str) -> JsonObject:
    return {"content": {media_type: {"schema": schema}}}


def _path_parameters(route: Route) -> list[JsonObject]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PATH_PARAMETER.findall(route.path)
    ]


def _query_parameters(route: Route) -> list[JsonObject]:
    if route.query is NoBody:
        return []
    schema = route.query.model_json_schema(ref_template=_REF)
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": part}
        for name, part in schema.get("properties", {}).items()
    ]


def _headers(route: Route) -> list[JsonObject]:
    if not route.idempotent_by_key:
        return []
    return [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "The same key with the same body is done once; with another, refused.",
            "schema": {"type": "string", "maxLength": 128},
        }
    ]
