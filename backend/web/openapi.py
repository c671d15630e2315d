"""The OpenAPI document: what FastAPI draws, with the problem documents that we really send."""

from typing import Any

from fastapi import FastAPI

from backend.web.problems import MEDIA_TYPE, Problem

_REFUSAL = {
    "description": "A problem document (RFC 9457)",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def install(app: FastAPI) -> None:
    """Add to each document that FastAPI draws; it draws a new one when routes were added."""
    draw = app.openapi

    def openapi() -> dict[str, Any]:
        document = draw()
        if "Problem" not in document["components"]["schemas"]:
            _add_problems(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _add_problems(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    model = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= model.pop("$defs") | {"Problem": model}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"] |= {"4XX": _REFUSAL, "5XX": _REFUSAL}
