"""Sheets of opinions as teams keep them: a row or a column per person, in points, ratings and shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

THREE = {"Anna": (50, 30, 20), "Ben": (20, 60, 20), "Cem": (40, 40, 20)}
"""What three people give to trust, speed and price."""


@dataclass(frozen=True)
class Opinions:
    """A sheet, and what it must be read as: the points of each row that says something, by factor."""

    name: str
    lines: tuple[str, ...]
    factors: tuple[str, ...] = ("trust", "speed", "price")
    said: tuple[tuple[float | None, ...], ...] = field(default=tuple(THREE.values()))
    groups: tuple[str | None, ...] = (None, None, None)
    encoding: str = "utf-8"
    newline: str = "\n"
    told: str = ""

    def write(self, folder: Path) -> Path:
        path = folder / self.name
        path.write_bytes((self.newline.join(self.lines) + self.newline).encode(self.encoding))
        return path


HEAD = "person,Trust,Speed,Price"
ROWS = ("Anna,50,30,20", "Ben,20,60,20", "Cem,40,40,20")
RATED = ((9.0, 3.0, 5.0), (8.0, 10.0, 2.0), (7.0, 7.0, 4.0))
RATINGS = ("Anna,9,3,5", "Ben,8,10,2", "Cem,7,7,4")
SHEETS = (
    Opinions("plain.csv", (HEAD, *ROWS), told="points that sum to 100"),
    Opinions("group.csv", ("name,role,Trust,Speed,Price", "Anna,staff,50,30,20", "Ben,customer,20,60,20",
             "Cem,customer,40,40,20"), groups=("staff", "customer", "customer")),
    Opinions("roles.csv", ("role,Trust,Speed,Price", "sales,50,30,20", "support,20,60,20", "design,40,40,20"),
             groups=("sales", "support", "design")),
    Opinions("repeated_roles.csv", ("role,Trust,Speed,Price", "sales,50,30,20", "sales,20,60,20", "design,40,40,20"),
             groups=("sales", "sales", "design")),
    Opinions("nobody.csv", ("Trust,Speed,Price", "50,30,20", "20,60,20", "40,40,20"), told="without names"),
    Opinions("id.csv", ("id,Trust,Speed,Price", "1,50,30,20", "2,20,60,20", "3,40,40,20")),
    Opinions("user_id.csv", ("user_id,Trust,Speed,Price", "u1,50,30,20", "u2,20,60,20", "u3,40,40,20")),
    Opinions("numbered.csv", ("#,Name,Trust,Speed,Price", "1,Anna,50,30,20", "2,Ben,20,60,20", "3,Cem,40,40,20")),
    Opinions("excel.csv", ("Name;Trust;Speed;Price", "Anna;50,5;29,5;20", "Ben;20;60;20", "Cem;40;40;20"),
             said=((50.5, 29.5, 20.0), (20.0, 60.0, 20.0), (40.0, 40.0, 20.0)), newline="\r\n"),
    Opinions("bom.csv", (HEAD, *ROWS), encoding="utf-8-sig"),
    Opinions("utf16.csv", (HEAD, *ROWS), encoding="utf-16"),
    Opinions("german.csv", ("Mitarbeiter;Abteilung;Vertrauen;Schnelligkeit;Prämie", "Änne;Vertrieb;50;30;20",
             "Ben;IT;20;60;20", "Cem;IT;40;40;20"), ("vertrauen", "schnelligkeit", "pramie"),
             groups=("Vertrieb", "IT", "IT"), encoding="cp1252"),
    Opinions("french.csv", ("Prénom;Équipe;Confiance;Vitesse;Prix", "Anne;Ventes;50;30;20", "Benoît;R&D;20;60;20",
             "Célia;R&D;40;40;20"), ("confiance", "vitesse", "prix"), groups=("Ventes", "R&D", "R&D")),
    Opinions("percent.csv", (HEAD, "Anna,50 %,30 %,20 %", "Ben,20%,60%,20%", "Cem,40,40,20")),
    Opinions("shares.csv", (HEAD, "Anna,0.5,0.3,0.2", "Ben,0.2,0.6,0.2", "Cem,0.4,0.4,0.2"),
             said=((0.5, 0.3, 0.2), (0.2, 0.6, 0.2), (0.4, 0.4, 0.2)), told="points that sum to 1"),
    Opinions("totals.csv", (HEAD, *ROWS, "Total,110,130,60", "Average,36.7,43.3,20"), told="2 rows of totals"),
    Opinions("nameless_sum.csv", (HEAD, *ROWS, ",110,130,60"), told="1 row of totals"),
    Opinions("sum_column.csv", (f"{HEAD},Sum", "Anna,50,30,20,100", "Ben,20,60,20,100", "Cem,40,40,20,100"),
             told="1 column left out: Sum"),
    Opinions("blank_shares.csv", (HEAD, "Anna,50,50,", "Ben,20,60,20", "Cem,40,40,20"),
             said=((50.0, 50.0, 0.0), (20.0, 60.0, 20.0), (40.0, 40.0, 20.0)), told="1 empty cell read as 0"),
    Opinions("ratings.csv", (HEAD, *RATINGS), said=RATED, told="ratings up to 10 taken as points"),
    Opinions("blank_ratings.csv", (HEAD, "Anna,9,,5", "Ben,8,10,n/a", "Cem,7,7,4"),
             said=((9.0, None, 5.0), (8.0, 10.0, None), (7.0, 7.0, 4.0)), told="2 cells without points"),
    Opinions("of_ten.csv", (HEAD, "Anna,9/10,3/10,5/10", "Ben,8/10,10/10,2/10", "Cem,7/10,7/10,4/10"), said=RATED),
    Opinions("likert.csv", (HEAD, "Anna,5 - very important,2 - hardly,4 - some", "Ben,4 - important,5 - must,1",
             "Cem,4,4,2 - hardly"), said=((5.0, 2.0, 4.0), (4.0, 5.0, 1.0), (4.0, 4.0, 2.0)), told="ratings up to 5"),
    Opinions("hundred.csv", (HEAD, "Anna,100,30,5", "Ben,20,100,45", "Cem,100,100,20"),
             said=((100.0, 30.0, 5.0), (20.0, 100.0, 45.0), (100.0, 100.0, 20.0)), told="points of 0 to 100"),
    Opinions("swing.csv", (HEAD, "Anna,100,33,7", "Ben,21,100,48", "Cem,100,99,20"),
             said=((100.0, 33.0, 7.0), (21.0, 100.0, 48.0), (100.0, 99.0, 20.0)), told="the most important having 100"),
    Opinions("form.csv", ("Timestamp,Email address,How much? [Trust],How much? [Speed],How much? [Price],Comments",
             "2026-01-05 10:00:00,anna@example.org,9,3,5,fine", "2026-01-05 11:00:00,ben@example.org,8,10,2,",
             "2026-01-06 09:00:00,cem@example.org,7,7,4,no comment"), said=RATED),
    Opinions("scaled_heads.csv", ("Name,Trust (0-100),Speed (0-100),Price (points)", *ROWS)),
    Opinions("title_above.csv", ("Who wants what,,,", ",,,", HEAD, *ROWS), told="2 lines above the column names"),
    Opinions("across.csv", ("factor,Anna,Ben,Cem", "Trust,50,20,40", "Speed,30,60,40", "Price,20,20,20"),
             told="a column per person"),
    Opinions("across_unnamed.csv", (";Anna;Ben;Cem", "Trust;50;20;40", "Speed;30;60;40", "Price;20;20;20",
             "Total;100;100;100"),
             told="1 row of totals"),
    Opinions("across_groups.csv", ("Kriterium;Anna;Ben;Cem;Mittelwert", "Rolle;staff;customer;customer;",
             "Trust;9;8;7;8",
             "Speed;3;10;7;6,7", "Price;5;2;4;3,7"), said=RATED, groups=("staff", "customer", "customer")),
    Opinions("one_person.csv", ("factor,weight", "Trust,50", "Speed,30", "Price,20"), said=((50.0, 30.0, 20.0),),
             groups=(None,)),
    Opinions("tabs.tsv", tuple(line.replace(",", "\t") for line in (HEAD, *ROWS))),
)  # fmt: skip
