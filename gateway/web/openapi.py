"""The OpenAPI 3.1 document, made from the routes and the types that validate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from gateway.web.problems import Problem
from gateway.web.routes import NoBody, Route, Schema

_REF = "#/components/schemas/{model}"
_PATH_PARAMETER = re.compile(r"\{(\w+)\}")
JsonObject = dict[str, Any]


def document(routes: Sequence[Route], version: str) -> JsonObject:
    """Return the document that describes these routes."""
    models = _models(routes)
    _, definitions = models_json_schema(
        [(model, mode) for model, mode in models], ref_template=_REF
    )
    paths: JsonObject = {}
    for route in routes:
        paths.setdefault(f"/api/v1{route.path}", {})[route.method.lower()] = _operation(route)
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
        if route.body is not NoBody:
            found[(route.body, "validation")] = None
        found[(route.returns, "serialization")] = None
    return list(found)


def _operation(route: Route) -> JsonObject:
    operation: JsonObject = {
        "summary": route.summary,
        "operationId": _operation_id(route),
        "description": f"Needs the scope `{route.permission}`.",
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_headers(route)],
        "responses": {
            str(route.status): _content(route.returns, "Done", "application/json"),
            "4XX": _content(Problem, "The request's fault", "application/problem+json"),
            "5XX": _content(Problem, "Our fault", "application/problem+json"),
        },
    }
    if route.body is not NoBody:
        operation["requestBody"] = {
            "required": True,
            **_content(route.body, "", "application/json"),
        }
        del operation["requestBody"]["description"]
    return operation


def _operation_id(route: Route) -> str:
    words = re.findall(r"[a-z]+", route.path)
    return "_".join([route.method.lower(), *words])


def _content(model: type[Schema], description: str, media_type: str) -> JsonObject:
    schema = {"$ref": _REF.format(model=model.__name__)}
    return {"description": description, "content": {media_type: {"schema": schema}}}


def _path_parameters(route: Route) -> list[JsonObject]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PATH_PARAMETER.findall(route.path)
    ]


def _query_parameters(route: Route) -> list[JsonObject]:
    if route.query is NoBody:
        return []
    schema = route.query.model_json_schema()
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
