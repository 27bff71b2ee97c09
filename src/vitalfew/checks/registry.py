"""What a check is, and the list of all checks.

False alarms are paid for in trust: a healthy company sees at most three findings. So checks on estimates
look at the whole workspace at once (sample ratios by Holm, effects by Benjamini-Hochberg), and checks on definitions
fire on facts only.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from vitalfew.evidence.changes import changes
from vitalfew.results.rows import FindingRow
from vitalfew.results.words import listed
from vitalfew.workspace.graph import is_begun, is_committed, is_live

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date

    from vitalfew.evidence.changes import Change
    from vitalfew.results.rows import EffectRow, Severity, Tables
    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.definitions import Definitions, Initiative

_HOMES = (
    "experiments",
    "promises",
    "forecasts",
    "value_model",
    "discipline",
    "technical",
    "factors",
    "upkeep",
    "stakeholders",
    "agreement",
    "needs",
    "conflicts",
    "graph",
    "premortems",
    "use",
    "plans",
    "record",
    "proxies",
    "ideas",
)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """All numbers of all checks.

    Over a whole workspace, `ratio_warning` is the family-wise error rate of sample-ratio warnings, and
    `false_discoveries` the expected share of false ones among the effects that a check calls clear.
    """

    ratio_failed: float = 0.0005
    ratio_warning: float = 0.01
    factors_warn: int = 5
    factors_refuse: int = 10
    false_discoveries: float = 0.05
    undone_share: float = 0.25
    neglect_days: int = 182
    flat_entropy: float = 0.95
    flat_ratio: float = 1.5
    least_agreement: float = 0.6
    least_concordance: float = 0.5
    least_understood: float = 0.5
    false_pulse: float = 0.05
    most_spread: float = 0.7
    same_choice: float = 0.7
    least_side: float = 0.1
    one_quarter: float = 0.9
    enough_lines: int = 20
    cash_share: float = 0.8
    internal_share: float = 0.5
    say_do_gap: float = 0.2
    say_do_lines: int = 5
    range_times: float = 5.0
    range_effects: int = 5
    sensitive_effects: int = 3
    swing_share: float = 0.25
    slight_bend: float = 0.1
    star_price: float = 0.2
    likely_funded: float = 0.5
    group_loss: float = 0.5
    group_breach: float = 0.2
    overdue_days: int = 30
    unproven_bets: int = 5
    slow_days: int = 180
    blind_share: float = 0.75
    lost_money: float = 0.25
    belief_share: float = 0.5
    one_factor_share: float = 0.8
    lost_share: float = 0.1
    likely: float = 0.8
    proxy_errors: float = 2.0
    bunched_share: float = 0.1
    bunched_p: float = 0.01
    redefined_days: int = 60
    spike_times: float = 1.5
    sandbagged_times: float = 1.5
    sure_chance: float = 0.95
    sure_share: float = 0.8
    expected_coverage: float = 0.8
    wide_stretch: float = 0.6
    narrow_stretch: float = 1.4
    hippo_slope: float = 0.2
    scored_share: float = 0.2
    alike_ideas: int = 5
    least_respondents: int = 30
    questionable_share: float = 0.05
    followed_share: float = 0.75
    followed_lines: int = 5
    discipline_fall: float = 0.2
    discipline_lines: int = 5
    horizon_kept: float = 0.5
    taught_share: float = 0.5


@dataclass(frozen=True, slots=True)
class View:
    """What a check sees. `as_of` is the day that counts as today."""

    definitions: Definitions
    acts: ActLog
    tables: Tables
    as_of: date
    thresholds: Thresholds

    def title(self, kind: str, key: str) -> str:
        """How the user calls a definition."""
        return self.definitions.title(kind, key)

    def is_live(self, initiative: Initiative) -> bool:
        """Whether it has reached users by today."""
        return is_live(initiative, self.as_of)

    def changes(self, wanted: Callable[[EffectRow], bool]) -> list[Change]:
        """The sound effects of experiments that are wanted, of grade staged or stronger."""
        return changes(self.definitions, self.tables.effects, self.tables.health, wanted)

    def is_committed(self, initiative: Initiative) -> bool:
        """Whether work on it has been agreed or begun by today."""
        return is_committed(initiative, self.as_of)

    def is_begun(self, initiative: Initiative) -> bool:
        """Whether work on it began by today; what has reached users had begun."""
        return is_begun(initiative, self.as_of)

    def is_history(self, key: str) -> bool:
        """Whether an initiative only stands for what was over before anybody recorded anything here.

        That are releases of that time, and experiments of which somebody handed in the results while the team pose no
        hypotheses. Nothing but its name, team and day is known of it, and nobody can promise or aim at anything after
        the fact.
        """
        initiative = self.definitions.initiatives[key]
        if not initiative.model_fields_set <= _OF_THE_PAST:
            return False
        days = [release.date for release in self.definitions.releases.values() if key in release.initiatives]
        began = self.acts.begun or self.as_of + timedelta(days=1)
        return max(days) < began if days else self._is_handed_in(key) and not self._asks(initiative.team)

    def _is_handed_in(self, key: str) -> bool:
        """Whether all that was tried of an initiative are results as somebody else computed them."""
        shapes = self.definitions.sources
        tried = [each.source for each in self.definitions.experiments.values() if each.initiative == key]
        return bool(tried) and all(source in shapes and shapes[source].shape == "results" for source in tried)

    def _asks(self, team: str | None) -> bool:
        """Whether a team pose hypotheses about what they build."""
        asked = {found.initiative for found in self.definitions.hypotheses.values()}
        return any(one.team == team for key, one in self.definitions.initiatives.items() if key in asked)


_OF_THE_PAST = frozenset({"title", "team", "product", "status", "shipped"})


@dataclass(frozen=True, slots=True)
class Found:
    """What a detector yields: on what, and what is wrong. `severity` and `do` only where they differ."""

    subject: str
    message: str
    severity: Severity | None = None
    do: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A registered check: what it looks for, why that matters, what to do, and which thresholds it reads."""

    id: str
    requirement: str
    severity: Severity
    looks_for: str
    why: str
    do: str
    reads: tuple[str, ...]
    detect: Callable[[View], Iterator[Found]]

    def __call__(self, view: View) -> Iterator[FindingRow]:
        """Everything this check finds."""
        for found in self.detect(view):
            severity = found.severity or self.severity
            do = found.do or self.do
            yield FindingRow(self.id, self.requirement, severity, found.subject, found.message, self.why, do)


FOLDED_FROM = 6
"""So many findings of one kind about work that is done are told as one: nothing can be mended one by one."""
SHOWN = 5


def folded(view: View, keys: Iterable[str], what: str, subject: str) -> Iterator[Found]:
    """A finding per initiative, or one for all that are out already when they are many.

    Args:
        view: what the check sees.
        keys: initiatives.
        what: what is wrong with each, after its name, without a full stop.
        subject: of the one finding.
    """
    every = list(keys)
    done = [key for key in every if view.is_live(view.definitions.initiatives[key])]
    fold = frozenset(done if len(done) >= FOLDED_FROM else ())
    for key in every:
        if key not in fold:
            yield Found(key, f"{view.title('initiatives', key)} {what}.")
    if fold:
        names = listed((view.title("initiatives", key) for key in done), SHOWN)
        yield Found(subject, f"{len(done)} initiatives that are out already: each {what} ({names}).")


_CHECKS: dict[str, Check] = {}


def check(
    requirement: str, severity: Severity, *, why: str, do: str, reads: tuple[str, ...] = ()
) -> Callable[[Callable[[View], Iterator[Found]]], Check]:
    """Register a function as a check under its own name; its docstring says what it looks for."""

    def register(detect: Callable[[View], Iterator[Found]]) -> Check:
        looks_for = " ".join((detect.__doc__ or "").split())
        made = Check(detect.__name__, requirement, severity, looks_for, why, do, reads, detect)
        _CHECKS[made.id] = made
        return made

    return register


def registered() -> tuple[Check, ...]:
    """All checks, in the order of their modules."""
    homes = [importlib.import_module(f"vitalfew.checks.{home}").__name__ for home in _HOMES]
    # Whoever imported a module by itself before must not change the order.
    return tuple(sorted(_CHECKS.values(), key=lambda each: homes.index(each.detect.__module__)))


def run(
    definitions: Definitions, acts: ActLog, tables: Tables, as_of: date, thresholds: Thresholds | None = None
) -> tuple[FindingRow, ...]:
    """Run all checks.

    Args:
        definitions: what is defined.
        acts: what people said and decided.
        tables: what the run computed so far.
        as_of: the day that counts as today.
        thresholds: other numbers than the defaults.

    Returns:
        The findings, errors first, then in the order of the checks.
    """
    view = View(definitions, acts, tables, as_of, thresholds or Thresholds())
    found = [finding for each in registered() for finding in each(view)]
    return tuple(sorted(found, key=lambda finding: _ORDER[finding.severity]))


_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}
