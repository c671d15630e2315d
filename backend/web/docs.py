"""``/docs``: the API reference as a page of ours, drawn from the OpenAPI document."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from backend.web.callers import MaybeCaller
from backend.web.pages import render

router = APIRouter(include_in_schema=False)

Schema = Mapping[str, Any]


@router.get("/docs")
async def reference(request: Request, _: MaybeCaller) -> Response:
    document = request.app.openapi()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = (operation.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append(_operation(document, path, method, operation))
    return render(request, "docs.html", groups=list(groups.items()))


def _operation(document: Schema, path: str, method: str, operation: Schema) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return {
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "parameters": [
            {
                "name": one["name"],
                "where": one["in"],
                "type": _type(one.get("schema", {})),
                "required": one.get("required", False),
                "description": one.get("description", ""),
            }
            for one in operation.get("parameters", ())
        ],
        "body": list(_fields(document, content["schema"])) if content else None,
        "responses": [
            {"status": status, "description": answer.get("description", "")}
            for status, answer in operation.get("responses", {}).items()
        ],
    }


def _fields(document: Schema, schema: Schema) -> Iterator[dict[str, Any]]:
    if reference := schema.get("$ref"):
        schema = document["components"]["schemas"][reference.rpartition("/")[2]]
    for name, one in schema.get("properties", {}).items():
        yield {
            "name": name,
            "type": _type(one),
            "required": name in schema.get("required", ()),
            "description": one.get("description", ""),
        }


def _type(schema: Schema) -> str:
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(repr(value) for value in schema["enum"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    return str(schema.get("format") or schema.get("type", "any"))
