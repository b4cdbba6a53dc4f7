"""Many values as one parameter: a statement stays prepared whatever their number."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from gateway.kernel.store.schema import JsonText


class _ValuesOf(FunctionElement[Any]):
    """A query of the values in a JSON list."""

    inherit_cache = True


@compiles(_ValuesOf, "sqlite")
def _on_sqlite(element: _ValuesOf, compiler: SQLCompiler, **how: Any) -> str:
    listed = compiler.process(element.clauses, **how)
    return f"(SELECT value FROM json_each({listed}))"  # noqa: S608 - a parameter's place


@compiles(_ValuesOf, "postgresql")
def _on_postgresql(element: _ValuesOf, compiler: SQLCompiler, **how: Any) -> str:
    listed = compiler.process(element.clauses, **how)
    return f"(SELECT json_array_elements_text(CAST({listed} AS json)))"


def among(column: ColumnElement[str], parameter: str) -> ColumnElement[bool]:
    """Return the condition that a text column holds one of a list of texts, given later."""
    condition: ColumnElement[bool] = column.op("IN", is_comparison=True)(
        _ValuesOf(bindparam(parameter, type_=JsonText))
    )
    return condition
