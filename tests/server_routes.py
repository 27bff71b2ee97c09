"""Every route of the server, with what fills its address: what tests of access and of privacy walk over.

A new route is walked over by itself. When its address holds a name that is not known here, a test says so: give it a
value in `filling_of`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from vitalfew.server.core.models import Comment, Job, Link, Token, Webhook
from vitalfew.server.core.pages import PAGES
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.roles import Ability, Access
from vitalfew.workspace.fields import singular

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from django.test import Client

    from vitalfew.server.core.models import Member, Workspace

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Route:
    """A route: its name, its pattern, who may use it, the methods it knows where that is known, the names it holds.

    Operations of the API all say *api*; `access` is then what the operation itself takes.
    """

    name: str
    pattern: str
    access: Ability | Access | None
    methods: tuple[str, ...]
    fields: tuple[str, ...]
    is_api: bool = False

    @property
    def in_workspace(self) -> bool:
        """Whether its address names a workspace."""
        return "workspace" in self.fields

    @property
    def asked_by(self) -> tuple[str, ...]:
        """The methods it is made for: pages are looked at and sent."""
        return self.methods if self.is_api else ("GET", "POST")

    def fill(self, filling: Mapping[str, object]) -> str:
        """Its address, filled; a value may be kept for one route as `name:field`. What is not known is 1."""
        path = "/" + self.pattern
        for field in self.fields:
            value = filling.get(f"{self.name}:{field}", filling.get(field, 1))
            path = path.replace(_hole(path, field), str(value))
        return path

    def unknown(self, filling: Mapping[str, object]) -> str:
        """What tests should be told about it, so that they can fill its address; empty when they can."""
        missing = [name for name in self.fields if not {name, f"{self.name}:{name}"} & set(filling)]
        if not missing:
            return ""
        names = ", ".join(f"<{name}>" for name in missing)
        return f"route '{self.name}' holds {names}: give it a value in filling_of (tests/server_routes.py)"


def routes() -> tuple[Route, ...]:
    """All routes, as the resolver knows them."""
    return tuple(_route(pattern, found) for pattern, found in _walk(get_resolver().url_patterns, ""))


def ask(client: Client, method: str, path: str, **given: Any) -> Any:
    """Send a request; an answer that goes on for ever is not waited for."""
    return client.generic(method, path, content_type="application/x-www-form-urlencoded", **given)


def _walk(patterns: Iterable[URLPattern | URLResolver], before: str) -> Iterator[tuple[str, URLPattern]]:
    for found in patterns:
        if isinstance(found, URLResolver):
            yield from _walk(found.url_patterns, before + str(found.pattern))
        else:
            yield before + str(found.pattern), found


def _route(pattern: str, found: URLPattern) -> Route:
    name, access = str(found.name), getattr(found.callback, "access", None)
    fields = tuple(found.pattern.converters)
    if access is not Access.API:
        return Route(name, pattern, access, METHODS, fields)
    (operation,) = [one for one in _operations(found.callback) if one.view_func.__name__ == name]
    (needs,) = [auth.access for auth in operation.auth_callbacks]
    return Route(f"api:{name}", pattern, needs, tuple(operation.methods), fields, is_api=True)


def _operations(callback: Any) -> list[Any]:
    """The operations behind an address of the API, which its view keeps to itself."""
    (view,) = [cell.cell_contents for cell in callback.__closure__ if hasattr(cell.cell_contents, "operations")]
    return list(view.operations)


def _hole(path: str, field: str) -> str:
    for begin in range(len(path)):
        if path[begin] == "<":
            end = path.index(">", begin) + 1
            if path[begin + 1 : end - 1].rsplit(":", maxsplit=1)[-1] == field:
                return path[begin:end]
    raise AssertionError(f"{path} holds no <{field}>")


def keys_of(row: Workspace) -> dict[str, str]:
    """The first key of each kind that a workspace defines, by kind."""
    definitions = loaded(row).workspace.definitions
    found = {}
    for kind in type(definitions).model_fields:
        entries = getattr(definitions, kind)
        if isinstance(entries, dict) and entries:
            found[kind] = next(iter(entries))
    return found


def filling_of(row: Workspace, member: Member) -> dict[str, object]:
    """What fills addresses: things that exist in a workspace, made where they are missing; values of one route alone
    are kept as `name:field`.
    """
    user, keys = member.user, keys_of(row)
    link = Link.objects.create(
        workspace=row, purpose="invitation", hash="0" * 64, expires_at=timezone.now() + timedelta(days=1)
    )
    rater = Link.objects.create(
        workspace=row, purpose="session", hash="1" * 64, expires_at=timezone.now() + timedelta(days=1)
    )
    comment = Comment.objects.create(workspace=row, kind="metrics", about=keys["metrics"], author=user, text="Hm.")
    job = Job.objects.create(workspace=row, kind="run", state="failed")
    token = Token.objects.create(user=user, name="t", prefix="vf_", hash="2" * 64, scopes=["read"])
    webhook = Webhook.objects.create(workspace=row, address="https://one.example/", due_seen="2030-01-01")
    filling: dict[str, object] = {
        "workspace": row.key,
        "user": user.pk,
        "user_id": user.pk,
        "link": link.pk,
        "rater-link-end:link": rater.pk,
        "pk": comment.pk,
        "comment_id": comment.pk,
        "job": job.pk,
        "job_id": job.pk,
        "token": token.pk,
        "token_id": token.pk,
        "webhook": webhook.pk,
        "webhook_id": webhook.pk,
        "undo:token": "none",
        "history": 1,
        "number": 1,
        "place": 1,
        "seat": 1,
        "plan": "none",
        "name": "loyalty",
        "kind": "metrics",
        "key": keys["metrics"],
        "factor": keys["factors"],
        "line": keys["initiatives"],
        "secret": "none",
        "code": "none",
        "uidb36": "1",
        "provider_id": "company",
        "run": row.last_run or "none",
        "run_id": row.last_run or "none",
        "part": "shipped",
        "start-from:template": "loyalty",
    }
    for kind in keys:
        one = PAGES.get(kind, singular(kind))
        for found in routes():
            if one in (found.name.split("-")[0], found.name.split("-")[-1]):
                filling[f"{found.name}:key"] = keys[kind]
    return filling
