"""Sheets of ideas as strangers keep them: the same three ideas, written in the ways of many tools and people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Sheet:
    """A file, and the scores that its ideas have by one method, in the order of the rows."""

    name: str
    text: str
    method: str
    scores: tuple[float | None, ...]
    encoding: str = "utf-8"

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(self.text.strip().split("\n"))

    def write(self, folder: Path) -> Path:
        path = folder / self.name
        path.write_bytes(("\r\n" if "excel" in self.name else "\n").join((*self.lines, "")).encode(self.encoding))
        return path


RICE = (800.0, 2500.0, 200.0)
SHEETS = (
    Sheet(
        "plain.csv",
        """
idea,reach,impact,confidence,effort
Autosave,2000,2,0.8,4
Dark mode,5000,0.5,1,1
Export,800,1,0.5,2
""",
        "rice",
        RICE,
    ),
    Sheet(
        "intercom.csv",
        """
Project,Reach,Impact,Confidence,Effort,RICE Score
Autosave,2000,High,80%,4,800
Dark mode,5000,Low,100%,1,2500
Export,800,Medium,50%,2,200
""",
        "rice",
        RICE,
    ),
    Sheet(
        "productboard.csv",
        """
Feature name,Status,Reach (users / quarter),Impact (0.25-3),Confidence (%),Effort (person-months),Owner
Autosave,Candidate,2000,2,80,4,Anna
Dark mode,New idea,5000,0.5,100,1,Ben
Export,,800,1,50,2,
""",
        "rice",
        RICE,
    ),
    Sheet(
        "airfocus.csv",
        """
Item,Description,RICE: Reach,RICE: Impact,RICE: Confidence,RICE: Effort,Score
Autosave,Saves,2000,2,80%,4,800
Dark mode,Dark,5000,0.5,100%,1,2500
Export,"a, b",800,1,50%,2,200
""",
        "rice",
        RICE,
    ),
    Sheet(
        "jira.csv",
        """
Issue key,Summary,Status,Custom field (Reach),Custom field (Impact),Custom field (Confidence),Custom field (Effort)
P-1,Autosave,To Do,2000.0,2.0,80.0,4.0
P-2,Dark mode,To Do,5000.0,0.5,100.0,1.0
P-3,Export,Backlog,800.0,1.0,50.0,2.0
""",
        "rice",
        RICE,
    ),
    Sheet(
        "german.csv",
        """
Idee;Reichweite;Wirkung;Sicherheit;Aufwand (Personenmonate)
Autosave;2.000;2;80 %;4,0
Dark mode;5.000;0,5;100 %;1,0
Export;800;1;50 %;2,0
""",
        "rice",
        RICE,
        "cp1252",
    ),
    Sheet(
        "danish.csv",
        """
Idé;Rækkevidde;Effekt;Sikkerhed;Indsats (uger)
Autosave;2.000;høj;80%;4
Dark mode;5.000;lav;100%;1
Export;800;mellem;50%;2
""",
        "rice",
        RICE,
    ),
    Sheet(
        "excel_title.csv",
        """
Roadmap 2026,,,,
,,,,
Idea,Reach,Impact,Confidence,Effort
Autosave,"2,000",2,80%,4
Dark mode,"5,000",0.5,100%,1
Export,800,1,50%,2
""",
        "rice",
        RICE,
        "utf-8-sig",
    ),
    Sheet(
        "thousands.tsv",
        """
Feature\tReach\tImpact\tConfidence\tEffort
Autosave\t2k\t2x\t80%\t4 months
Dark mode\t5k\t0.5x\t100%\t1 month
Export\t800\t1x\t50%\t2 mo
""",
        "rice",
        tuple(score / 4 for score in RICE),
    ),
    Sheet(
        "sizes.csv",
        """
Epic,Reach,Impact,Confidence,T-shirt size
Autosave,2000,2,80%,L
Dark mode,5000,0.5,100%,S
Export,800,1,50%,M
""",
        "rice",
        RICE,
    ),
    Sheet(
        "no_confidence.csv",
        """
Idea,Reach,Impact,Effort
Autosave,2000,2,4
Dark mode,5000,0.5,1
Export,800,1,2
""",
        "value_effort",
        (1000.0, 2500.0, 400.0),
    ),
    Sheet(
        "gaps.csv",
        """
Idea,Reach,Impact,Confidence,Effort
Autosave,2000,2,80%,4
Dark mode,5000,tbd,100%,1
Export,800,1,50%,0
""",
        "rice",
        (800.0, None, None),
    ),
    Sheet(
        "ice.csv",
        """
Idea,Impact,Confidence,Ease,ICE
Autosave,7,5,8,6.67
Dark mode,9,9,9,9.0
Export,1,2,3,2.0
""",
        "ice_mean",
        (20 / 3, 9.0, 2.0),
    ),
    Sheet(
        "ice_product.csv",
        """
Experiment idea,Impact,Confidence,Ease,ICE Score
Autosave,7,5,8,280
Dark mode,9,9,9,729
Export,1,2,3,6
""",
        "ice_product",
        (280.0, 729.0, 6.0),
    ),
    Sheet(
        "wsjf.csv",
        """
Epic,User-Business Value,Time Criticality,RR/OE,Job Size,WSJF
Autosave,8,5,3,5,3.2
Dark mode,13,1,1,3,5.0
Export,1,1,1,20,0.15
""",
        "wsjf",
        (3.2, 5.0, 0.15),
    ),
    Sheet(
        "cd3.csv",
        """
Initiative,Cost of delay (per week),Duration (weeks)
Autosave,12000,4
Dark mode,5000,1
Export,800,2
""",
        "delay",
        (3000.0, 5000.0, 400.0),
    ),
    Sheet(
        "two_by_two.csv",
        """
Idea,Value,Effort
Autosave,8,4
Dark mode,5,1
Export,3,3
""",
        "value_effort",
        (2.0, 5.0, 1.0),
    ),
    Sheet(
        "ranges.csv",
        """
Idea,P10,P50,P90,Cost
Autosave,1,4,9,4
Dark mode,2,5,8,1
Export,0.5,1,2,2
""",
        "estimate",
        (1.0, 5.0, 0.5),
    ),
    Sheet(
        "cases.csv",
        """
Opportunity,Pessimistic,Most likely,Optimistic
Autosave,1,4,9
Dark mode,2,5,8
Export,-1,1,2
""",
        "estimate",
        (4.0, 5.0, 1.0),
    ),
)
