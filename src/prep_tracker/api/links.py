"""Tell what can be done next with an answer: links of the OpenAPI document, from one operation to another."""

from __future__ import annotations

from typing import Any

_PROCEDURE = (
    "get_procedure",
    "get_checklist",
    "get_questions",
    "get_entries",
    "list_products",
    "mark",
    "expose",
    "put_answers",
    "add_product",
    "record_event",
    "move",
    "migrate",
    "add_step",
    "waive",
    "clear",
    "set_state",
    "make_link",
    "list_sessions",
)
_MINE = ("my_get_checklist", "my_get_questions", "my_list_products", "my_mark", "my_expose", "my_add_product", "once")
_PATIENT = ("get_patient", "change_patient", "export_patient", "erase_patient")
_SAME = "$request.path.procedure_id"
_NEXT: dict[str, tuple[tuple[tuple[str, ...], dict[str, str]], ...]] = {
    "book": (
        (_PROCEDURE, {"procedure_id": "$response.body#/id"}),
        (_PATIENT, {"patient_id": "$response.body#/patient/id"}),
    ),
    "add_patient": ((_PATIENT, {"patient_id": "$response.body#/id"}),),
    "get_worklist": ((("get_procedure", "get_checklist"), {"procedure_id": "$response.body#/items/0/procedure_id"}),),
    "find_patient": ((("get_patient",), {"patient_id": "$response.body#/items/0/id"}),),
    "get_procedure": ((("get_patient",), {"patient_id": "$response.body#/patient/id"}),),
    "mark": ((("withdraw",), {"procedure_id": _SAME, "n": "$response.body#/entry"}),),
    "expose": ((("withdraw",), {"procedure_id": _SAME, "n": "$response.body#/entry"}),),
    "record_event": ((("withdraw",), {"procedure_id": _SAME, "n": "$response.body#/entry"}),),
    "add_product": ((("change_product", "decide"), {"procedure_id": _SAME, "n": "$response.body#/n"}),),
    "clear": ((("remove_clearance",), {"procedure_id": _SAME}),),
    "list_protocols": ((("get_protocol",), {"name": "$response.body#/items/0/slug"}),),
    "draft": (
        (
            ("get_draft", "publish", "simulate"),
            {"slug": "$response.body#/slug", "n": "$response.body#/draft"},
        ),
    ),
    "publish": ((("retire",), {"slug": "$response.body#/slug", "n": "$response.body#/draft"}),),
    "add_webhook": (
        (("change_webhook", "send_test", "list_deliveries", "remove_webhook"), {"webhook_id": "$response.body#/id"}),
    ),
    "list_deliveries": (
        (("replay",), {"webhook_id": "$request.path.webhook_id", "delivery": "$response.body#/items/0/id"}),
    ),
    "open_session": ((_MINE, {"procedure_id": "$response.body#/procedure_id"}),),
    "add_key": ((("revoke_key",), {"key": "$response.body#/id"}),),
}
"""By operation: what may follow, and where its path parameters stand in the answer or in the request before."""


def links_of(operation: str) -> dict[str, dict[str, Any]]:
    """Give the links of the good answer of an operation, by the name of the operation that each leads to."""
    return {
        following: {"operationId": following, "parameters": {f"path.{name}": at for name, at in found.items()}}
        for names, found in _NEXT.get(operation, ())
        for following in names
    }
