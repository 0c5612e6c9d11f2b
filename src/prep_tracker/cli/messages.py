"""Look at what was and will be sent, send it once more, and try whether messages arrive at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from prep_tracker.cli.out import FAILED, Commands, RefusedError, say, say_json

if TYPE_CHECKING:
    from prep_tracker.channels import Outgoing
    from prep_tracker.desk.case import Desk
    from prep_tracker.store.session import Store

app = typer.Typer(cls=Commands, help="Look at messages, and send them once more.", rich_markup_mode=None)
Clinic = Annotated[str | None, typer.Option(metavar="ID", help="The clinic; needed when there are several.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Procedure = Annotated[str, typer.Argument(metavar="PROCEDURE", help="The procedure's id.")]


@app.callback()
def group() -> None:
    """Look at messages, and send them once more."""


@app.command("list")
def list_messages(
    procedure: Procedure,
    lang: Annotated[str, typer.Option(metavar="LANG", help="The language of the steps.")] = "en",
    clinic: Clinic = None,
    as_json: Json = False,
) -> None:
    """List what was sent, is planned, was dropped and failed, each with why."""
    from prep_tracker.catalog.speaking import choose_language, words
    from prep_tracker.desk.telling import setting
    from prep_tracker.domain.errors import NotFoundError
    from prep_tracker.exports.outbox import message_document, reckoned_document
    from prep_tracker.services import messages

    said = words(choose_language(lang, None))

    def work(store: Store, desk: Desk) -> list[dict[str, Any]]:
        try:
            found = store.run_read(lambda c: messages.list_messages(c, desk, procedure))
        except NotFoundError:
            raise _unknown(desk, procedure) from None
        kept = [message_document(row, found.case.checklist, said) for row in found.kept]
        most = setting(desk.clinic, "most_messages")
        coming = (reckoned_document(x.digest, x.checklist, x.why, said, None, most=most) for x in found.reckoned)
        return [*kept, *coming]

    items = _at_desk(clinic, work)
    if as_json:
        say_json({"procedure_id": procedure, "items": items})
        return
    for item in items or ():
        day = item.get("day") or (item.get("due_at") or "")[:10]
        why = f"  {item['reason']}" if item.get("reason") else ""
        say(f"{day}  {item['status']:<8}{item['channel']:<8} {item['topic']}  {item.get('id') or ''}{why}")
    if not items:
        say("Nothing was sent, and nothing is planned.")


@app.command("failed")
def list_failed(clinic: Clinic = None, as_json: Json = False) -> None:
    """List what could not be sent, newest first, with why: reminders and webhooks."""
    from prep_tracker.exports.outbox import at
    from prep_tracker.services import messages

    rows = _at_desk(clinic, lambda store, desk: store.run_read(lambda c: messages.list_failed(c, desk)))
    items = [
        {
            "id": row.id,
            "procedure_id": row.procedure_id,
            "topic": row.topic,
            "channel": row.channel,
            "endpoint_id": row.endpoint_id,
            "settled_at": at(row.settled_at),
            "reason": row.reason,
        }
        for row in rows
    ]
    if as_json:
        say_json({"items": items})
        return
    for item in items:
        what = f"{item['channel']:<8} {item['topic']}  {item['procedure_id'] or ''}  {item['id']}"
        say(f"{item['settled_at']}  {what}  {item['reason']}")
    if not items:
        say("Nothing has failed.")


@app.command()
def replay(
    procedure: Procedure,
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="The message's id, as list shows it.")],
    clinic: Clinic = None,
    as_json: Json = False,
) -> None:
    """Plan a message again that was sent, dropped or could not be sent; it keeps its id."""
    from prep_tracker.domain.errors import NotFoundError
    from prep_tracker.services import messages

    def work(store: Store, desk: Desk) -> str:
        try:
            return store.run_write(lambda c: messages.replay(c, desk, procedure, message)).status
        except NotFoundError:
            raise _unknown(desk, message) from None

    status = _at_desk(clinic, work)
    if as_json:
        say_json({"id": message, "status": status})
    else:
        say("Planned again. Whoever serves or works sends it next.")


@app.command("test")
def send_trial(
    channel: Annotated[Literal["email", "sms"], typer.Argument(help="By which way.")],
    to: Annotated[str, typer.Argument(metavar="ADDRESS", help="An address or number of your own.")],
    lang: Annotated[str, typer.Option(metavar="LANG", help="The language of the message.")] = "en",
    clinic: Clinic = None,
    as_json: Json = False,
) -> None:
    """Send a message that is about nobody at once, and say whether it was taken."""
    from prep_tracker.catalog.speaking import choose_language
    from prep_tracker.channels import Sent
    from prep_tracker.cli.database import load_settings
    from prep_tracker.services import messages
    from prep_tracker.worker.channels import channels_of

    language = choose_language(lang, None)

    def work(store: Store, desk: Desk) -> tuple[Outgoing, bool]:
        trial = store.run_write(lambda c: messages.write_trial(c, desk, channel, to, language))
        return trial, desk.clinic.is_demo

    trial, demo = _at_desk(clinic, work)
    outcome = channels_of(load_settings(), demo=demo)[channel].deliver(trial)
    taken = isinstance(outcome, Sent)
    what = outcome.note if isinstance(outcome, Sent) else outcome.reason
    if as_json:
        say_json({"id": trial.id, "status": "sent" if taken else "failed", "detail": what})
    elif taken:
        say(f"Sent: {what}")
    else:
        raise RefusedError(f"It was not sent: {what}", code=FAILED)
    if not taken:
        raise typer.Exit(FAILED)


def _at_desk(clinic: str | None, work: Any) -> Any:  # noqa: ANN401 - gives what the work gives
    """Do something for a clinic, as whoever runs the service."""
    from prep_tracker.cli.database import choose_clinic, load_settings, open_ready
    from prep_tracker.clock import SystemClock
    from prep_tracker.desk.case import Desk
    from prep_tracker.domain.actor import Actor
    from prep_tracker.services.clinic import calendar_of

    with open_ready(load_settings()) as store:
        row = choose_clinic(store, clinic)
        desk = Desk(Actor(row.id, "system", "", "operator"), row, calendar_of(row), SystemClock().now())
        return work(store, desk)


def _unknown(desk: Desk, name: str) -> RefusedError:
    return RefusedError(f"{desk.clinic.name} has nothing by the name {name}.", code=FAILED)
