"""Files as strangers export them: the same use, written in the ways of many tools."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = ("export", "share", "report", "search")
USERS, DAYS = 30, 100


@dataclass(frozen=True)
class Use:
    """One use; `number` counts them."""

    number: int
    user: int
    at: datetime
    event: str

    @property
    def seconds(self) -> int:
        return int(self.at.timestamp())


def uses() -> list[Use]:
    start = datetime(2025, 1, 3, 8, 30, tzinfo=UTC)
    return [
        Use(n, n * 7 % USERS, start + timedelta(hours=n * DAYS * 24 / 400), NAMES[n % 4 if n % 9 else 0])
        for n in range(400)
    ]


@dataclass(frozen=True)
class Export:
    """How one tool writes use, and which columns must be found."""

    name: str
    header: tuple[str, ...]
    row: Callable[[Use], tuple[object, ...]]
    user: str
    time: str
    event: str
    delimiter: str = ","
    encoding: str = "utf-8"
    newline: str = "\n"

    def write(self, folder: Path) -> Path:
        out = io.StringIO()
        lines = csv.writer(out, delimiter=self.delimiter, lineterminator=self.newline)
        lines.writerow(self.header)
        lines.writerows(self.row(use) for use in uses())
        path = folder / self.name
        data = out.getvalue().encode(self.encoding)
        path.write_bytes(gzip.compress(data) if self.name.endswith(".gz") else data)
        return path


def _plain(form: str = "%Y-%m-%d %H:%M:%S") -> Callable[[Use], tuple[object, ...]]:
    return lambda use: (f"u{use.user}", use.at.strftime(form), use.event)


EXPORTS = (
    Export("plain.csv", ("user_id", "timestamp", "event"), _plain(), "user_id", "timestamp", "event"),
    Export("shouting.csv", ("USER ID", "TIMESTAMP", "EVENT NAME"), _plain(), "USER ID", "TIMESTAMP", "EVENT NAME"),
    Export(
        "ga4_bigquery.csv",
        ("event_date", "event_timestamp", "event_name", "user_id", "user_pseudo_id", "platform", "stream_id"),
        lambda u: (u.at.strftime("%Y%m%d"), u.seconds * 1_000_000, u.event, "", f"p.{u.user}", "WEB", 1),
        "user_pseudo_id", "event_timestamp", "event_name",
    ),
    Export(
        "mixpanel.csv",
        ("Event", "Time", "Distinct ID", "$browser", "$city"),
        lambda u: (u.event, u.seconds, f"d{u.user}", "Chrome", "Aarhus"),
        "Distinct ID", "Time", "Event",
    ),
    Export(
        "amplitude.csv.gz",
        ("insert_id", "amplitude_id", "user_id", "device_id", "event_type", "event_time", "server_upload_time", "uuid"),
        lambda u: (f"i{u.number}", 10**11 + u.user, f"u{u.user}", f"d{u.user}", u.event, u.at.isoformat(" "),
                   u.at.isoformat(" "), f"x{u.number}"),
        "user_id", "event_time", "event_type",
    ),
    Export(
        "posthog.csv",
        ("uuid", "event", "distinct_id", "timestamp", "created_at", "elements_chain"),
        lambda u: (f"x{u.number}", u.event, f"d{u.user}", u.at.isoformat(), u.at.isoformat(), ""),
        "distinct_id", "timestamp", "event",
    ),
    Export(
        "segment_tracks.csv",
        ("id", "anonymous_id", "user_id", "event", "event_text", "received_at", "sent_at", "timestamp", "context_ip"),
        lambda u: (f"m{u.number}", f"a{u.user}", "" if u.user % 3 else f"u{u.user}", u.event, u.event.title(),
                   u.at.isoformat(), u.at.isoformat(), u.at.isoformat(), "10.0.0.1"),
        "anonymous_id", "timestamp", "event",
    ),
    Export(
        "snowplow.csv",
        ("app_id", "collector_tstamp", "event_name", "event_id", "domain_userid", "user_ipaddress"),
        lambda u: ("web", u.at.isoformat(" "), u.event, f"e{u.number}", f"s{u.user}", "10.0.0.1"),
        "domain_userid", "collector_tstamp", "event_name",
    ),
    Export(
        "matomo.csv",
        ("idVisit", "visitorId", "serverTimestamp", "actionType", "eventAction"),
        lambda u: (u.number, f"v{u.user}", u.seconds, "event", u.event),
        "visitorId", "serverTimestamp", "eventAction",
    ),
    Export(
        "pendo.csv",
        ("visitorId", "accountId", "day", "featureId", "numEvents", "numMinutes"),
        lambda u: (f"v{u.user}", f"a{u.user % 5}", u.at.strftime("%Y-%m-%d"), u.event, 3, 1),
        "visitorId", "day", "featureId",
    ),
    Export(
        "firebase.csv",
        ("userId", "eventTimestamp", "eventName", "appVersion"),
        lambda u: (f"u{u.user}", u.seconds * 1_000, u.event, "1.0"),
        "userId", "eventTimestamp", "eventName",
    ),
    Export(
        "heap.csv",
        ("event_id", "time", "user_id", "session_id", "event_name", "platform"),
        lambda u: (10**15 + u.number, u.at.isoformat(" "), u.user, u.number // 5, u.event, "Web"),
        "user_id", "time", "event_name",
    ),
    Export("server.log", ("ts", "uid", "action"),
           lambda u: (u.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), f"u{u.user}", u.event), "uid", "ts", "action", "|"),
    Export("semicolons.csv", ("Kunde", "Datum", "Aktion", "Betrag"),
           lambda u: (f"k{u.user}", u.at.strftime("%d.%m.%Y"), u.event, f"{u.number / 2}".replace(".", ",")),
           "Kunde", "Datum", "Aktion", ";"),
    Export("german.csv", ("Benutzer", "Zeit", "Ereignis"), _plain("%d.%m.%Y %H:%M"), "Benutzer", "Zeit",
           "Ereignis", ";"),
    Export("german_windows.csv", ("Nutzer-ID", "Zeitpunkt", "Aktivität"), _plain("%d.%m.%Y %H:%M:%S"), "Nutzer-ID",
           "Zeitpunkt", "Aktivität", ";", "cp1252", "\r\n"),
    Export("danish.csv", ("Bruger", "Tidspunkt", "Hændelse"), _plain("%d-%m-%Y %H:%M"), "Bruger", "Tidspunkt",
           "Hændelse", ";"),
    Export("french.csv", ("Utilisateur", "Horodatage", "Évènement"), _plain("%d/%m/%Y %H:%M"), "Utilisateur",
           "Horodatage", "Évènement", ";"),
    Export("excel.txt", ("User", "Date", "Action"), _plain(), "User", "Date", "Action", "\t", "utf-16", "\r\n"),
    Export("with_bom.csv", ("user", "time", "event"), _plain(), "user", "time", "event", encoding="utf-8-sig"),
    Export("tabs.tsv", ("who", "when", "what"), _plain(), "who", "when", "what", "\t"),
    Export("epoch.csv", ("uid", "ts", "name"), lambda u: (u.user, u.seconds, u.event), "uid", "ts", "name"),
    Export("epoch_decimals.csv", ("uid", "ts", "name"), lambda u: (u.user, f"{u.seconds}.25", u.event), "uid", "ts",
           "name"),
    Export("nanoseconds.csv", ("uid", "ts", "name"), lambda u: (u.user, u.seconds * 10**9, u.event), "uid", "ts",
           "name"),
    Export("american.csv", ("Customer", "Created At", "Action"), _plain("%m/%d/%Y %I:%M %p"), "Customer", "Created At",
           "Action"),
    Export("two_digit_years.csv", ("user", "date", "event"), _plain("%d/%m/%y"), "user", "date", "event"),
    Export("month_names.csv", ("user", "date", "event"), _plain("%b %d, %Y"), "user", "date", "event"),
    Export("apache.csv", ("user", "time", "path"), _plain("%d/%b/%Y:%H:%M:%S +0000"), "user", "time", "path"),
    Export("days_as_numbers.csv", ("user", "day", "event"), _plain("%Y%m%d"), "user", "day", "event"),
    Export("offsets.csv", ("user", "at", "event"),
           lambda u: (u.user, f"{u.at:%Y-%m-%dT%H:%M:%S}{('Z', '+02:00', '-0500')[u.number % 3]}", u.event),
           "user", "at", "event"),
    Export("zone_words.csv", ("user", "time", "event"), _plain("%Y-%m-%d %H:%M:%S UTC"), "user", "time", "event"),
    Export("quoted_newlines.csv", ("note", "event", "at", "user"),
           lambda u: ('He said "yes",\nthen left', u.event, u.at.isoformat(), u.user), "user", "at", "event"),
    Export("trailing_columns.csv", ("user", "time", "event", "", ""),
           lambda u: (u.user, u.at.isoformat(), u.event, "", ""), "user", "time", "event"),
    Export("unheard_of_event.csv", ("user_id", "timestamp", "zorg"), _plain(), "user_id", "timestamp", "zorg"),
    Export("unheard_of_time.csv", ("user_id", "blip", "event"), _plain(), "user_id", "blip", "event"),
)  # fmt: skip


def write_json_lines(path: Path) -> None:
    lines = (
        json.dumps({"event": use.event, "properties": {"distinct_id": f"d{use.user}", "time": use.seconds}})
        for use in uses()
    )
    path.write_text("\n".join(lines), encoding="utf-8")


def write_users(path: Path, key: str = "user_id", prefix: str = "u") -> None:
    rows = [f"{key},plan,country,retained,spend,churned,email"]
    for user in range(USERS + 10):
        plan, country = ("free", "pro")[user % 2], ("DK", "DE", "US")[user % 3]
        rows.append(f"{prefix}{user},{plan},{country},{user % 2},{user * 1.5},{(user + 1) % 2},a{user}@example.org")
    path.write_text("\n".join(rows), encoding="utf-8")


def write_text(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
