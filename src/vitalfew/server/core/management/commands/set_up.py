"""`vitalfew manage set_up`: tables of this version, and a way in for the first admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management import BaseCommand, call_command

from vitalfew.server.core.services.accounts import first_address

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Makes the database what this version needs; again and again without harm."""

    help = "Make or bring up to date all tables; say how the first admin signs in, as long as nobody can."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What it takes."""
        parser.add_argument("--address", default="http://localhost:8000", help="where people reach the server")

    def handle(self, *_: Any, address: str, **__: Any) -> None:  # noqa: ANN401 - Django's own signature
        """Do it."""
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        self.stdout.write("The tables are those of this version.")
        if place := first_address(address):
            self.stdout.write(f"Nobody can sign in yet. Open this once, within a day, and choose a password: {place}")
