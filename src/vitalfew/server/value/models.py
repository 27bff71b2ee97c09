"""Tables of value sessions. What people said is an act of the log; before the reveal it waits here, sealed."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class Session(models.Model):
    """A value session: people weigh factors blind, then together.

    Attributes:
        factors: keys of what is weighed, in order; `parked`: why others were left out, by key.
        groups: of raters, as choices of those who join.
        minutes: text by factor; `minutes_from`: the page that wrote each last, by a mark of its own.
        shows_names: whether the facilitator sees who has answered, not only how many.
        seats: how many may join by the common link; 0 closes it. `door` makes an old common link void.
        begun_n: number of the last act before it; what participants judge later counts here. `revealed_n`: of the last
            act of the first round, `again_n` of the second; `signed_n`: of the last act when it was closed.
        version: rises with every change that its pages show, so that they are told.
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
    parked = models.JSONField(default=dict)
    groups = models.JSONField(default=list)
    minutes = models.JSONField(default=dict)
    minutes_from = models.JSONField(default=dict)
    shows_names = models.BooleanField(default=False)
    seats = models.PositiveSmallIntegerField(default=0)
    door = models.PositiveIntegerField(default=1)
    ends_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    begun_n = models.PositiveBigIntegerField(default=0)
    revealed_n = models.PositiveBigIntegerField(null=True)
    again_n = models.PositiveBigIntegerField(null=True)
    signed_n = models.PositiveBigIntegerField(null=True)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "key"], name="one_session")]

    def __str__(self) -> str:
        return self.title


class Participant(models.Model):
    """Somebody in a session.

    Attributes:
        voice: by what the log tells them from others; `by` the pseudonym it gives them.
        name: for the facilitator's list; never beside an answer.
        draft: their answers of this round, sealed until the reveal makes an act of them, and then gone from here.
        ready_at: when they handed the answers of this round in.
        entries: rises with every way in that is opened, so that an old one no longer serves.
    """

    session = models.ForeignKey(Session, models.CASCADE, related_name="participants")
    voice = models.CharField(max_length=40, blank=True)
    by = models.CharField(max_length=20, blank=True)
    name = models.CharField(max_length=120, blank=True)
    group = models.CharField(max_length=120, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    draft = models.JSONField(default=dict)
    ready_at = models.DateTimeField(null=True)
    entries = models.PositiveIntegerField(default=0)
    joined_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)

    class Meta:
        """In the order invited; one place a voice."""

        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["session", "voice"], condition=~models.Q(voice=""), name="one_participant")
        ]

    def __str__(self) -> str:
        return f"{self.pk} in {self.session_id}"
