"""Whether words give evidence that somebody else could look up."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions

type Claim = Literal["what", "counter"]
_FIGURE_OR_LINK = re.compile(r"\d|https?://")
_KINDS = ("metrics", "experiments", "releases", "segments")


def gives_evidence(text: str, definitions: Definitions) -> bool:
    """Whether a text names a figure, a link, or a metric, experiment, release or segment by its key or title.

    It says nothing of whether the evidence is good: that is what grades are for.

    >>> from vitalfew.workspace.definitions import Definitions
    >>> gives_evidence("9 of 12 dispatchers asked for it", Definitions())
    True
    >>> gives_evidence("everybody knows", Definitions())
    False
    """
    if _FIGURE_OR_LINK.search(text):
        return True
    said = f" {_plain(text)} "
    return any(
        f" {_plain(name)} " in said
        for kind in _KINDS
        for key in getattr(definitions, kind)
        for name in (key, definitions.title(kind, key))
    )


def bare_claims(evidence: str, counter: str, definitions: Definitions) -> tuple[Claim, ...]:
    """What is claimed in a decision without evidence.

    Args:
        evidence: what the decision is said to rest on.
        counter: the argument against it, which has to bring its evidence along.
        definitions: of the workspace.
    """
    rests_on: dict[Claim, str] = {"what": evidence, "counter": counter}
    return tuple(claim for claim, text in rests_on.items() if not gives_evidence(text, definitions))


@lru_cache(maxsize=20_000)  # names of definitions are asked for at every decision of a page
def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold().replace("_", " ")))
