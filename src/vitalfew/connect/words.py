"""Names as strangers write them: compared without case, blanks, signs and accents; made into keys and titles."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "å": "a", "ł": "l", "đ": "d"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LONGEST_KEY = 60
_TOTALS = frozenset(
    (
        "total", "totals", "sum", "grandtotal", "subtotal", "sumtotal", "average", "mean", "median", "summe", "gesamt",
        "gesamtsumme", "insgesamt", "mittelwert", "durchschnitt", "ialt", "gennemsnit", "totaal", "gemiddelde", "somme",
        "moyenne", "suma", "media",
    )
)  # fmt: skip

CONTROL_NAMES = frozenset(
    (
        "control", "ctrl", "base", "baseline", "a", "0", "off", "false", "old", "original", "default",
        "holdout", "standard", "existing", "current", "kontrolle", "kontrol", "placebo", "psa",
    )
)  # fmt: skip
_DOWN = frozenset(
    (
        "churn", "churned", "churns", "error", "errors", "cost", "costs", "latency", "ticket", "tickets",
        "bounce", "bounced", "bounces", "time", "unsubscribe", "unsubscribes", "unsubscribed", "crash",
        "crashes", "complaint", "complaints", "refund", "refunds", "returns", "cancel", "cancelled",
        "canceled", "cancellation", "cancellations", "delay", "delays", "wait", "waiting", "duration",
        "seconds", "ms", "abandonment", "abandoned", "abandon", "failure", "failures", "failed", "spam",
        "load", "uninstall", "uninstalls", "downtime", "defects", "bugs", "incidents", "effort", "fraud",
    )
)  # fmt: skip


def plain(name: str) -> str:
    """A name without case, blanks, signs and accents.

    >>> plain(" User-ID "), plain("Übermittelt am"), plain("eventTimestamp")
    ('userid', 'ubermitteltam', 'eventtimestamp')
    """
    folded = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS))
    return "".join(sign for sign in folded if sign.isalnum())


def tokens(name: str) -> tuple[str, ...]:
    """The words of a name.

    >>> tokens("convRate_c"), tokens("N (control)")
    (('conv', 'rate', 'c'), ('n', 'control'))
    """
    folded = "".join(sign for sign in unicodedata.normalize("NFKD", name.translate(_LETTERS)) if ord(sign) < 128)  # noqa: PLR2004 - what is left of a letter without its accent
    return tuple(word.lower() for word in _WORD.findall(folded))


def key_of(name: str, taken: Collection[str], other: str) -> str:
    """A key for a name that no other definition has; `other` when no letter of it can be kept.

    >>> key_of("Export: PDF!", {"export_pdf"}, "feature")
    'export_pdf_2'
    """
    folded = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS))
    kept = re.sub(r"[^a-z0-9]+", "_", "".join(sign for sign in folded if not unicodedata.combining(sign))).strip("_")
    key = base = kept[:_LONGEST_KEY].strip("_") or other
    number = 2
    while key in taken:
        key, number = f"{base}_{number}", number + 1
    return key


def title_of(name: str) -> str:
    """A name as a title, at most 120 characters."""
    shown = " ".join(name.split())
    return shown if len(shown) <= 120 else f"{shown[:119]}…"  # noqa: PLR2004 - as the docstring says


def metric_title(name: str) -> str:
    """The name of a metric as a title; a bare number, of which no sentence would say what it is, says so.

    >>> metric_title("4"), metric_title("retention")
    ('metric 4', 'retention')
    """
    shown = title_of(name)
    return f"metric {shown}" if shown.isdecimal() else shown


def lower_is_better(name: str) -> bool:
    """Whether the name of a metric says that less of it is better; a guess.

    >>> lower_is_better("page_load_time"), lower_is_better("churnRate"), lower_is_better("retention")
    (True, True, False)
    """
    return bool(_DOWN & set(tokens(name)))


def is_total(name: str) -> bool:
    """Whether a row or a column is called a total, or an average, of the others.

    >>> is_total("Grand total:"), is_total("Retention")
    (True, False)
    """
    return plain(name) in _TOTALS


def control_of(arms: Iterable[str]) -> tuple[str, bool]:
    """The arm to compare with, and whether its name says so."""
    known = list(arms)
    for arm in known:
        words = tokens(arm) or (plain(arm),)
        if plain(arm) in CONTROL_NAMES or words[0] in {"control", "ctrl", "baseline", "kontrolle"}:
            return arm, True
    return min(known), False


def listed(names: Iterable[str], most: int = 12) -> str:
    """Names after each other, the last ones counted only."""
    every = [title_of(name)[:60] for name in names]
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
