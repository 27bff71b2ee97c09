"""Tables of value sessions. What people answer is an act of the log and nowhere else."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class Session(models.Model):
    """A value session: people weigh factors blind, then together.

    `version` rises with every change that its pages show, so that they are told. `minutes`: text by factor. `joined`
    to a cycle by `signed_n`, the number of the act that signed the value model off at its end.
    """

    class Step(models.TextChoices):
        """Where a session stands."""

        FRAME = "frame"
        MEASURE = "measure"
        PRUNE = "prune"
        WEIGH = "weigh"
        REVEAL = "reveal"
        AGAIN = "again"
        SIGN_OFF = "sign_off"
        CLOSED = "closed"

    workspace = models.ForeignKey("core.Workspace", models.CASCADE, related_name="+")
    key = models.CharField(max_length=16)
    title = models.CharField(max_length=200)
    step = models.CharField(max_length=10, choices=Step.choices, default=Step.FRAME)
    factors = models.JSONField(default=list)
    minutes = models.JSONField(default=dict)
    shows_names = models.BooleanField(default=False)
    ends_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    signed_n = models.PositiveBigIntegerField(null=True)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)
    participants: models.Manager[Participant]

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "key"], name="one_session")]

    def __str__(self) -> str:
        return self.title


class Participant(models.Model):
    """Somebody in a session: `by` is the pseudonym under which answers are kept, `name` for the facilitator's list."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="participants")
    by = models.CharField(max_length=20)
    name = models.CharField(max_length=120, blank=True)
    group = models.CharField(max_length=120, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    joined_at = models.DateTimeField(auto_now_add=True)
    first_at = models.DateTimeField(null=True)
    again_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)

    class Meta:
        """Once in a session."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["session", "by"], name="one_participant")]

    def __str__(self) -> str:
        return f"{self.by} in {self.session_id}"
