"""Dismissed findings follow their checks to new names, so that none is shown again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import migrations

from vitalfew.checks.baseline import RENAMED

if TYPE_CHECKING:
    from django.apps.registry import Apps


def rename(apps: Apps, schema_editor: object) -> None:  # noqa: ARG001 - Django's own
    """Where a finding was dismissed again under the new name, that one stands."""
    dismissals = apps.get_model("core", "Dismissal").objects
    for row in dismissals.filter(check_id__in=RENAMED):
        new = RENAMED[row.check_id]
        if dismissals.filter(workspace_id=row.workspace_id, check_id=new, subject=row.subject).exists():
            row.delete()
        else:
            dismissals.filter(pk=row.pk).update(check_id=new)


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0010_addresses_that_do_not_answer"),
    ]

    operations = [
        migrations.RunPython(rename, migrations.RunPython.noop),
    ]
