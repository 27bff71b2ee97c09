"""Writes docs/reference/roles.md from the roles of the server. A test fails when the page is stale.

Run it after a change of roles, abilities or scopes: `.venv/bin/python tools/make_roles_page.py`.
"""

from __future__ import annotations

import os
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "roles.md"

HEAD = """# Roles, abilities and scopes

Written from `vitalfew.server.core.roles` by `tools/make_roles_page.py`; a test fails when it is stale. Every address of
the server says which ability it takes, and a test asks every address as every role.

Whoever is not a member of a workspace gets the answer that they would get if it did not exist. Raters without an
account come by a personal link, which serves one session or one forecast and nothing else.

## Roles
"""

KINDS = """
## Who changes which definitions
What a folder owns is changed in its files, by nobody in the browser. Of the rest:

| definitions | ability |
|---|---|
"""

SCOPES = """
## Scopes of personal tokens
A token allows what its scopes say, and never more than its person may at that moment.

| scope | the program | abilities |
|---|---|---|
"""

FOOT = """
A workspace keeps at least one admin. A role counts from the next request on, and gives the sessions of its person new
keys. See [invite people](../how-to/invite-people.md).
"""


def page() -> str:
    """The text of the page."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vitalfew.server.settings")
    import django

    django.setup()
    from vitalfew.server.core.roles import KIND_ABILITIES, Ability, Role
    from vitalfew.server.core.services.tokens import Scope

    heads = " | ".join(ability.value for ability in Ability)
    lines = [f"| role | {heads} | in words |", "|---" * (len(Ability) + 2) + "|"]
    for role in Role:
        marks = " | ".join("yes" if ability in role.abilities else "" for ability in Ability)
        lines.append(f"| *{role.value}* | {marks} | {role.meaning} |")
    kinds = [
        f"| {', '.join(f'`{kind}`' for kind, taken in KIND_ABILITIES.items() if taken is ability)} | {ability.value} |"
        for ability in dict.fromkeys(KIND_ABILITIES.values())
    ]
    scopes = [
        f"| `{scope.value}` | {scope.meaning} | {', '.join(one.value for one in Ability if one in scope.abilities)} |"
        for scope in Scope
    ]
    return HEAD + "\n".join(lines) + "\n" + KINDS + "\n".join(kinds) + "\n" + SCOPES + "\n".join(scopes) + "\n" + FOOT


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")
