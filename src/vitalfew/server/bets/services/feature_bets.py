"""What somebody wants to do about a feature, as a new bet: remove it, fix it, or show that it earns its keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from vitalfew.errors import UsageError
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.definitions import save

if TYPE_CHECKING:
    from vitalfew.server.core.access import Place
    from vitalfew.server.core.services.definitions import Saved
    from vitalfew.workspace.definitions import Definitions, Feature

What = Literal["remove", "fix", "keep"]
WHATS: tuple[What, ...] = get_args(What)
_TITLES: dict[What, str] = {"remove": "Remove {}", "fix": "Fix {}", "keep": "Show what {} is worth"}


def bet_on(place: Place, key: str, what: str) -> Saved:
    """Make an initiative about a feature, an idea still.

    Args:
        place: whose feature it is.
        key: of the feature.
        what: *remove* it, *fix* it, or *keep* it, which asks for proof that it earns its upkeep.

    Raises:
        UsageError: there is no such feature, or nothing of the kind is done to features.
        FolderOwned: the folder owns initiatives.
        DefinitionError: the initiative would not fit what is defined.
    """
    definitions = loaded(place.workspace).workspace.definitions
    wanted = next((known for known in WHATS if known == what), None)
    if wanted is None or key not in definitions.features:
        raise UsageError("there is no such feature, or nothing of the kind is done to features")
    body = _body(definitions.features[key], key, definitions.title("features", key), wanted)
    name = _free(definitions, f"{wanted}_{key}"[:110])
    return save(place.workspace, "initiatives", name, body, by=place.user, version=0)


def _body(feature: Feature, key: str, title: str, what: What) -> dict[str, Any]:
    body: dict[str, Any] = {"title": _TITLES[what].format(title), "status": "idea"}
    body |= {name: said for name in ("team", "product") if (said := getattr(feature, name))}
    return body | ({"removes": key} if what == "remove" else {"feature": key})


def _free(definitions: Definitions, name: str) -> str:
    """A key that no initiative has yet."""
    if name not in definitions.initiatives:
        return name
    return next(key for at in range(2, 10_000) if (key := f"{name}_{at}") not in definitions.initiatives)
