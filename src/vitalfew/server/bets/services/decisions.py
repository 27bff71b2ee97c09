"""Recording what people decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.judgement.recording import decide
from vitalfew.server.core.services.acts import acting, voice_of_user

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from vitalfew.server.core.rows import User, Workspace
    from vitalfew.workspace.chain import Act


def record(row: Workspace, about: str, said: Mapping[str, str | bool | date | None], *, by: User) -> Act:
    """Record a decision in the log of acts. What is empty is left out.

    Args:
        row: the workspace.
        about: the key of what is decided about.
        said: `what`, `evidence`, `counter`, and where given `alternatives`, `dissent`, `review`, `anyway`, `against`.
        by: who decides; kept as a pseudonym.

    Raises:
        UsageError: nothing of this key is defined.
        ActError: something that must be said is missing, or the log is damaged.
    """
    body = {name: value for name, value in said.items() if value}
    return decide(acting(row), about, voice_of_user(by), body)
