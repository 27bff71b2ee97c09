"""Tables of people, workspaces, what these define, what people said and did, and the work the server does."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from simple_history.models import HistoricalRecords

from vitalfew.server.core.roles import Role

KEY_LENGTH = 120


def new_key() -> str:
    """The random key from which a workspace makes pseudonyms."""
    return secrets.token_hex(32)


class UserManager(BaseUserManager["User"]):
    """Makes users."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:  # noqa: ANN401 - Django's own signature
        """Make a user; without a password only links and other providers let them in."""
        user = self.model(email=self.normalize_email(email).casefold(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person who can sign in. `key_round` rises when a role changes: sessions then get a new key."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)
    theme = models.CharField(max_length=8, default="system")
    key_round = models.PositiveIntegerField(default=0, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    def __str__(self) -> str:
        return self.name or self.email


class Workspace(models.Model):
    """One product organisation on this server.

    `folder`: the folder its data and runs lie in. `stamp` rises with every change of definitions and acts, `defined`
    with those of definitions alone, so that what was read of it can be kept until then. `acts_count` and `acts_head`
    are number and hash of the last act. `last_run`: the id of the newest complete run. `needs_second_factor`: it opens
    only to members who have one.
    """

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    folder = models.CharField(max_length=1000)
    people_key = models.CharField(max_length=64, default=new_key, editable=False)
    stamp = models.PositiveBigIntegerField(default=0)
    defined = models.PositiveBigIntegerField(default=0, editable=False)
    acts_count = models.PositiveBigIntegerField(default=0, editable=False)
    acts_head = models.CharField(max_length=64, blank=True, editable=False)
    last_run = models.CharField(max_length=40, blank=True)
    is_demo = models.BooleanField(default=False)
    needs_second_factor = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    members: models.Manager[Member]

    def __str__(self) -> str:
        return self.key


class Member(models.Model):
    """A user in a workspace, with a role; `team` is the key of a team, `group` the group of raters they speak for."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="members")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=[(role.value, role.value) for role in Role], default=Role.VIEWER)
    team = models.CharField(max_length=KEY_LENGTH, blank=True)
    group = models.CharField(max_length=KEY_LENGTH, blank=True)
    joined_at = models.DateTimeField(auto_now_add=True)
    week_folded = models.BooleanField(default=False)
    mentions_seen_at = models.DateTimeField(null=True)

    class Meta:
        """One membership per workspace and user."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "user"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace} as {self.role}"


# Definitions and acts ---------------------------------------------------------------------------------------------


class KindOwner(models.Model):
    """Who owns the definitions of one kind: the folder (git), or the server. Kinds without a row: the server."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="owners")
    kind = models.CharField(max_length=20)
    owner = models.CharField(max_length=8, choices=[("folder", "folder"), ("server", "server")])

    class Meta:
        """One owner per kind."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "kind"], name="one_owner")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.owner}"


class Definition(models.Model):
    """One definition that the server owns. Settings (`workspace`, `data`, `policy`) have the key ''.

    `body` is the plain tree that YAML would hold; `version` rises with every change, for optimistic locking.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="definitions")
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=KEY_LENGTH, blank=True)
    body = models.JSONField()
    version = models.PositiveIntegerField(default=1)
    position = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    history = HistoricalRecords(excluded_fields=["updated_at"])

    class Meta:
        """One definition per kind and key, in the order they were made."""

        ordering: ClassVar = ["kind", "position", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "kind", "key"], name="one_definition")]

    def __str__(self) -> str:
        return f"{self.kind}.{self.key} v{self.version}"


class ActRecord(models.Model):
    """One act of the hash-chained log, as its line in `acts.jsonl` would say it; never changed."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="acts")
    n = models.PositiveBigIntegerField()
    at = models.CharField(max_length=40)
    by = models.CharField(max_length=20)
    kind = models.CharField(max_length=12)
    about = models.CharField(max_length=KEY_LENGTH)
    definition = models.JSONField(null=True)
    body_hash = models.CharField(max_length=64)
    prev = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Numbered without gaps in a workspace."""

        ordering: ClassVar = ["n"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "n"], name="one_act")]
        indexes: ClassVar = [
            models.Index(fields=["workspace", "about", "n"], name="acts_about"),
            models.Index(fields=["workspace", "kind", "n"], name="acts_of_a_kind"),
            models.Index(fields=["workspace", "by", "kind", "about", "n"], name="acts_by"),
            # How many forecast each wording of each hypothesis is counted in it without a look at the rows.
            models.Index(fields=["workspace", "kind", "about", "definition", "by"], name="acts_counted"),
        ]

    def __str__(self) -> str:
        return f"{self.n} {self.kind} about {self.about}"


class ActBody(models.Model):
    """What an act says, with its salt, as the file in `acts/` would hold it; deleted when its person is erased."""

    act = models.OneToOneField(ActRecord, models.CASCADE, related_name="body", primary_key=True)
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"body of {self.act_id}"


# Work the server does ---------------------------------------------------------------------------------------------


class Job(models.Model):
    """A piece of long work: a run, an import. The worker keeps `heartbeat` fresh while it works on it."""

    class State(models.TextChoices):
        """Where a job stands."""

        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=20)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    step = models.CharField(max_length=120, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True)
    result = models.JSONField(default=dict)
    attempts = models.PositiveIntegerField(default=0)
    cancel = models.BooleanField(default=False)
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    heartbeat = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        """Newest last."""

        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["state", "heartbeat"], name="jobs_by_state")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}: {self.state}"


# Ways in ----------------------------------------------------------------------------------------------------------


class Token(models.Model):
    """A personal token of the API: shown once, kept as a hash."""

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="tokens", null=True)
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=16)
    hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.user}"


class Link(models.Model):
    """A personal link, kept as a hash: into a workspace for good, or to rate or forecast without an account.

    `purpose`: *setup* (first admin), *invitation*, *password* (choose a new one), *session* (rate in a value session),
    *forecast*, *pulse*. `about`: the key of the session, the hypothesis or the value model, or the number of the user
    who forgot the password. `name` and `group` of a rater without an account; `role`, `team` and `group` of whoever is
    invited. `speaks_as`: the number of the first link of the same person about the same thing, whose place this one
    took.
    """

    class Purpose(models.TextChoices):
        """What a link lets one do."""

        SETUP = "setup"
        INVITATION = "invitation"
        PASSWORD = "password"  # noqa: S105 - what a link is for, no secret
        SESSION = "session"
        FORECAST = "forecast"
        PULSE = "pulse"

    RATERS = (Purpose.SESSION, Purpose.FORECAST, Purpose.PULSE)
    """What links of people without an account are for."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="links", null=True)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    hash = models.CharField(max_length=64, unique=True)
    about = models.CharField(max_length=KEY_LENGTH, blank=True)
    email = models.EmailField(blank=True)
    name = models.CharField(max_length=120, blank=True)
    group = models.CharField(max_length=KEY_LENGTH, blank=True)
    team = models.CharField(max_length=KEY_LENGTH, blank=True)
    role = models.CharField(max_length=12, choices=[(role.value, role.value) for role in Role], default=Role.RATER)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    speaks_as = models.PositiveBigIntegerField(null=True)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.purpose} link {self.pk}"


class AuditEntry(models.Model):
    """Who did what on the server: sign-ins, roles, tokens, owners, exports. Never what people said or judged."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="audit", null=True)
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["workspace", "-id"], name="audit_by_workspace")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class Answer(models.Model):
    """The answer to a request of the API that may come twice: kept a day under its idempotency key."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    request = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    content = models.BinaryField(null=True)
    headers = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """One answer per person and key."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="one_answer")]

    def __str__(self) -> str:
        return self.key


class Webhook(models.Model):
    """An address that is told what happens in a workspace, and which kinds of `events`.

    Its secret is made from the server's own and `salt`; `salt_before`: of the secret that stood until `rotated_at`.
    What it was told of: the run `run_seen`, acts up to `acts_seen`, promises due up to `due_seen`. `silent`: how often
    in a row it gave no answer at all; it is left alone until `rests_until`.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="webhooks")
    address = models.CharField(max_length=500)
    events = models.JSONField(default=list)
    salt = models.CharField(max_length=64, default=new_key, editable=False)
    salt_before = models.CharField(max_length=64, blank=True, editable=False)
    rotated_at = models.DateTimeField(null=True)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_because = models.CharField(max_length=120, blank=True)
    run_seen = models.CharField(max_length=40, blank=True)
    acts_seen = models.PositiveBigIntegerField(default=0)
    due_seen = models.DateField()
    silent = models.PositiveSmallIntegerField(default=0)
    rests_until = models.DateTimeField(null=True)

    class Meta:
        """In the order they were made."""

        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"webhook {self.pk}"


class Delivery(models.Model):
    """An event on its way to an address; `body` is what is sent, each time the same under the same `key`.

    `next_at`: when it is sent, or sent again; while it is being sent, when its worker is taken for lost.
    """

    class State(models.TextChoices):
        """Where a delivery stands."""

        WAITING = "waiting"
        SENT = "sent"
        FAILED = "failed"

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    key = models.CharField(max_length=40, unique=True)
    event = models.CharField(max_length=40)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True)
    message = models.CharField(max_length=120, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)
    next_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Oldest first; those that are due are found by the index."""

        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["state", "next_at"], name="deliveries_due")]

    def __str__(self) -> str:
        return f"{self.event} {self.key}: {self.state}"


# Talk -------------------------------------------------------------------------------------------------------------


class Comment(models.Model):
    """What somebody said about a definition. `mentions`: users named with an @."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="comments")
    kind = models.CharField(max_length=20)
    about = models.CharField(max_length=KEY_LENGTH)
    author = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    text = models.TextField()
    mentions = models.ManyToManyField(User, related_name="mentioned_in")
    at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        """Oldest first."""

        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["workspace", "kind", "about"], name="comments_about")]

    def __str__(self) -> str:
        return f"comment {self.pk} about {self.about}"


class Dismissal(models.Model):
    """A finding of a check that somebody dismissed, with the reason."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="dismissals")
    check_id = models.CharField(max_length=60)
    subject = models.CharField(max_length=KEY_LENGTH, blank=True)
    reason = models.TextField()
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """One dismissal per finding."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "check_id", "subject"], name="one_dismissal")
        ]

    def __str__(self) -> str:
        return f"{self.check_id} about {self.subject}"
