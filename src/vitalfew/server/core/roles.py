"""Who may do what: seven roles, each a set of abilities."""

from __future__ import annotations

from enum import StrEnum


class Ability(StrEnum):
    """Something a role allows in a workspace."""

    READ = "read"
    RATE = "rate"
    DISCUSS = "discuss"
    BET = "bet"
    FACILITATE = "facilitate"
    DEFINE = "define"
    ADMINISTER = "administer"


class Access(StrEnum):
    """Ways in that need no role: anybody, whoever is signed in, whoever holds a personal link or a token."""

    PUBLIC = "public"
    SIGNED_IN = "signed in"
    LINK = "link"
    API = "api"


class Role(StrEnum):
    """What a member of a workspace is."""

    VIEWER = "viewer"
    RATER = "rater"
    CONTRIBUTOR = "contributor"
    EDITOR = "editor"
    FACILITATOR = "facilitator"
    ANALYST = "analyst"
    ADMIN = "admin"

    @property
    def abilities(self) -> frozenset[Ability]:
        """All that this role allows."""
        return _ABILITIES[self]

    @property
    def meaning(self) -> str:
        """The role in a sentence."""
        return _MEANINGS[self]


_RATER = frozenset({Ability.READ, Ability.RATE})
_CONTRIBUTOR = _RATER | {Ability.DISCUSS}
_EDITOR = _CONTRIBUTOR | {Ability.BET}
_ABILITIES = {
    Role.VIEWER: frozenset({Ability.READ}),
    Role.RATER: _RATER,
    Role.CONTRIBUTOR: _CONTRIBUTOR,
    Role.EDITOR: _EDITOR,
    Role.FACILITATOR: _EDITOR | {Ability.FACILITATE},
    Role.ANALYST: _EDITOR | {Ability.DEFINE},
    Role.ADMIN: frozenset(Ability),
}
_MEANINGS = {
    Role.VIEWER: "reads everything that is shared",
    Role.RATER: "weighs factors and forecasts, and reads",
    Role.CONTRIBUTOR: "takes part in discussions, and does what raters do",
    Role.EDITOR: "writes and locks bets, records decisions, starts runs",
    Role.FACILITATOR: "runs value sessions and edits the value model, and does what editors do",
    Role.ANALYST: "defines metrics, sources and experiments, and does what editors do",
    Role.ADMIN: "does everything, people and settings included",
}

KIND_ABILITIES = {
    **dict.fromkeys(("factors", "guardrails", "stakeholders", "vision", "policy"), Ability.FACILITATE),
    **dict.fromkeys(("sources", "metrics", "segments", "experiments", "links", "releases"), Ability.DEFINE),
    **dict.fromkeys(("needs", "features", "initiatives", "hypotheses", "objectives"), Ability.BET),
    **dict.fromkeys(("workspace", "data", "products", "teams"), Ability.ADMINISTER),
}
"""What it takes to change a definition, by its kind."""
