"""What happened in workspaces since their webhooks were told last, noted as events on their way.

Nothing that happens waits for this: a worker compares what stands with what each address was told of, and moves that
mark in the transaction that notes the events. So none is lost where a worker dies, and none is noted twice.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from vitalfew.errors import VitalfewError
from vitalfew.server.core.events import MOST_ITEMS, Event, Happened, absolute, place_of
from vitalfew.server.core.models import ActRecord, Webhook
from vitalfew.server.core.pages import page_of
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.dismissals import open_findings
from vitalfew.server.core.queries.promised import spoken
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.services.webhooks import post
from vitalfew.server.core.today import today_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vitalfew.pipeline import Results
    from vitalfew.server.core.models import Workspace
    from vitalfew.workspace.definitions import Definitions

log = logging.getLogger(__name__)

_ALARMS = frozenset(("error", "warning"))
_OLD = timedelta(days=1)
"""What was said so long before it reached the log was brought in from elsewhere: history, and no news."""


def tell() -> None:
    """Note runs that ended and decisions that were recorded."""
    _each(_tell)


def tell_of_due() -> None:
    """Note promises whose day has come."""
    _each(_tell_of_due)


def _each(told: Callable[[Webhook], None]) -> None:
    """Do something for every webhook; what cannot be read in one workspace keeps no other from being told."""
    for hook in Webhook.objects.filter(disabled_at=None).select_related("workspace"):
        try:
            told(hook)
        except (VitalfewError, LookupError, TypeError) as error:
            found = {"workspace": hook.workspace.key}
            log.warning("what happened cannot be told: %s", type(error).__name__, extra=found)


def _tell(hook: Webhook) -> None:
    if hook.workspace.last_run not in ("", hook.run_seen):
        _note(hook, _of_run(hook), run_seen=hook.workspace.last_run)
    if hook.workspace.acts_count > hook.acts_seen:
        last, happened = _decisions(hook)
        _note(hook, happened, acts_seen=last)


def _tell_of_due(hook: Webhook) -> None:
    defined = loaded(hook.workspace).workspace.definitions
    today = today_in(defined)
    if today > hook.due_seen:
        items = [_item(hook.workspace, "hypotheses", key) for key in _due(hook, defined)]
        _note(hook, [Happened(Event.VERDICT_DUE, "board", items)] if items else [], due_seen=today)


def _note(hook: Webhook, happened: Iterable[Happened], **seen: Any) -> None:  # noqa: ANN401 - a mark of its own type
    """Move a mark, and put on their way the events that come of it, unless another worker was first."""
    before = {name: getattr(hook, name) for name in seen}
    with transaction.atomic():
        if Webhook.objects.filter(pk=hook.pk, disabled_at=None, **before).update(**seen):
            for one in happened:
                if one.event in hook.events:
                    post(hook, one)


# What a run says --------------------------------------------------------------------------------------------------


def _of_run(hook: Webhook) -> list[Happened]:
    row = hook.workspace
    now = open_run(row)
    before = open_run(row, hook.run_seen) if hook.run_seen else None
    asked = f"?run={row.last_run}"
    found = [Happened(Event.RUN_FINISHED, "ledger", asked=asked, run=row.last_run)]
    if now is None or (hook.run_seen and before is None):  # it is gone: what is new in this one cannot be told
        return found
    told = (
        (Event.VERDICT_CHANGED, "board", _changed(row, now, before)),
        (Event.CHECK_RAISED, "checks", _raised(row, now, before)),
    )
    return [*found, *(Happened(event, page, items, asked, row.last_run) for event, page, items in told if items)]


def _changed(row: Workspace, now: Results, before: Results | None) -> list[dict[str, Any]]:
    new, old = _verdicts(now), _verdicts(before)
    return [
        _item(row, "hypotheses", key) | {"verdict": new.get(key), "before": old.get(key)}
        for key in {**new, **old}
        if new.get(key) != old.get(key)
    ]


def _verdicts(run: Results | None) -> dict[str, str]:
    """What was promised and told, by hypothesis."""
    rows = run.tables.verdicts if run else ()
    return {row.hypothesis: row.verdict for row in rows if row.verdict != "no_promise"}


def _raised(row: Workspace, now: Results, before: Results | None) -> list[dict[str, Any]]:
    known = {(found.id, found.subject) for found in before.tables.findings} if before else set()
    kinds = _kinds(now.view.definitions)
    return [
        {"check": found.id, "severity": found.severity} | _subject(row, kinds, found.subject)
        for found in open_findings(row, now)
        if found.severity in _ALARMS and (found.id, found.subject) not in known
    ]


def _subject(row: Workspace, kinds: dict[str, str], subject: str) -> dict[str, str]:
    """What a finding is about, where that is the key of a definition: else it may be what customers wrote."""
    return _item(row, kinds[subject], subject) if subject in kinds else {"page": place_of(row, "checks")}


def _kinds(defined: Definitions) -> dict[str, str]:
    """The kind of whatever is defined, by its key."""
    held = {kind: getattr(defined, kind) for kind in type(defined).model_fields}
    return {key: kind for kind, entries in held.items() if isinstance(entries, dict) for key in entries}


# What people and days bring ---------------------------------------------------------------------------------------


def _decisions(hook: Webhook) -> tuple[int, list[Happened]]:
    """Up to which act it was looked, and the decisions among them."""
    row = hook.workspace
    acts = ActRecord.objects.filter(workspace=row, kind="decision", n__gt=hook.acts_seen, n__lte=row.acts_count)
    found = list(acts.order_by("n")[:MOST_ITEMS])
    last = found[-1].n if len(found) == MOST_ITEMS else row.acts_count
    kinds = _kinds(loaded(row).workspace.definitions)
    items = [
        {"act": act.n} | _item(row, kinds.get(act.about, ""), act.about)
        for act in found
        if act.recorded_at - datetime.fromisoformat(act.at) < _OLD
    ]
    return last, [Happened(Event.DECISION_RECORDED, "decisions", items)] if items else []


def _due(hook: Webhook, defined: Definitions) -> list[str]:
    """Promises that fell due since this was told last, and of which nothing is told yet."""
    row, today = hook.workspace, today_in(defined)
    run = open_run(row)
    told, said = _verdicts(run), spoken(row)
    promised = {promise.hypothesis for promise in run.tables.promises if promise.locked_at} if run else set()
    promised |= {key for key, of in said.items() if of.locked}
    due = {key: asked.due for key, asked in defined.hypotheses.items() if key in promised and key not in told}
    return [key for key, day in due.items() if day and hook.due_seen < day <= today]


def _item(row: Workspace, kind: str, key: str) -> dict[str, str]:
    page = page_of(row.key, kind, key)
    return {"kind": kind, "key": key, "page": absolute(page) if page else place_of(row, "ledger")}
