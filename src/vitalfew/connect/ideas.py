"""Ideas: a sheet of scores or ranges as initiatives of a workspace. Nothing of it becomes a forecast by anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitalfew.connect.features_file import owners
from vitalfew.connect.foreign_given import hash_of
from vitalfew.connect.idea_columns import METHODS
from vitalfew.connect.idea_moves import add_moves, range_of
from vitalfew.connect.idea_rows import read_sheet
from vitalfew.connect.idea_scores import (
    SIZED,
    cost_of,
    ice_variant,
    lacking,
    period_of,
    scores_of,
    wrong_sums,
)
from vitalfew.connect.words import listed, plain
from vitalfew.decide.classic_chances import INPUT_ERROR
from vitalfew.results.words import count
from vitalfew.workspace.vocabulary import TARGETS_TO_BEGIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.connect.draft import Draft
    from vitalfew.connect.idea_rows import Idea, Sheet
    from vitalfew.connect.recognise import Recognised

_SHOWN = 4
IDENT = "ideas:"
GROUPS = {"scores": ("scores",), "cost": ("cost",), "words": ("title", "team", "product", "status")}
"""What a sheet says of an idea, in the parts that are told apart when a newer sheet comes."""


def add_ideas(draft: Draft, file: Recognised) -> None:
    """Add an initiative for each idea, with its scores and its cost; rows about several metrics are one idea.

    Args:
        draft: the workspace so far, the factors of opinions included.
        file: the recognised sheet.

    Raises:
        DataError: the file holds no idea, or too many.
    """
    columns = file.columns
    sheet = read_sheet(file, is_ice="ease" in columns and "reach" not in columns)
    file.notes += sheet.remarks
    _policy(draft, file, sheet)
    keys = _initiatives(draft, sheet, columns)
    moves = add_moves(draft, file, sheet, keys)
    facts = draft.facts
    facts.ideas, facts.idea_moves = len(set(keys)), moves
    told = (each.get("scores", {}).get("moves", ()) for each in draft.tree["initiatives"].values())
    facts.idea_metrics = len({metric for moved in told for metric in moved})
    for idea in draft.tree["initiatives"].values():
        idea["import_key"] = stamped(ident_of(idea["title"]), idea)
    made = draft.tree["initiatives"].values()
    facts.idea_methods = tuple(dict.fromkeys(name for each in made for name in each.get("scores", ())))
    draft.comments["initiatives",] = (
        "What may be built. `scores` is what the sheet says: opinions, so that nothing is funded by them alone.\n"
        "`cost` is in the policy's unit. What you believe of an idea becomes a forecast by: vitalfew act forecast\n"
        "A newer sheet: vitalfew import ideas FILE FOLDER. `import_key` tells its changes from yours."
    )
    file.notes += _told(draft, file, sheet)


def ident_of(title: str) -> str:
    """What an idea is known again by, whatever becomes of its key and its title here.

    >>> ident_of("Dark  mode!")
    'ideas:darkmode'
    """
    return f"{IDENT}{plain(title) or title}"


def stamped(ident: str, idea: Mapping[str, Any]) -> str:
    """The `import_key` of an idea: what it is known by, and hashes of what the sheet says of it."""
    return f"{ident}#{'.'.join(stamps_of(idea))}"


def stamps_of(idea: Mapping[str, Any]) -> list[str]:
    """A hash for each of the `GROUPS` of what a sheet says of an idea."""
    return [hash_of(fields_of(idea, names)) for names in GROUPS.values()]


def fields_of(idea: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Some fields of an idea, those that say something."""
    return {name: idea[name] for name in names if idea.get(name) is not None}


def _policy(draft: Draft, file: Recognised, sheet: Sheet) -> None:
    policy = draft.tree["policy"]
    policy.setdefault("cost_unit", sheet.unit)
    sized = next((role for role in SIZED if role in file.columns), None)
    comments = [f"`cost_unit`: what '{file.columns[sized]}' counts"] if sized else []
    if "reach" in file.columns:
        policy["rice_period"] = period_of(file.columns["reach"]) or "a period that the sheet does not name"
        comments.append("`rice_period`: over what reach is counted; the same for every idea")
    if "ease" in file.columns and "reach" not in file.columns:
        policy["ice"] = ice_variant(sheet.ideas) or "mean"
        comments.append("`ice`: mean or product of the three ratings, never both in one workspace")
    policy["input_error"] = INPUT_ERROR
    comments.append(
        "`input_error`: each number of a score is taken to be off by this factor (one standard deviation);\n"
        "take 2 where they are guesses, and see how little is left of the order"
    )
    shares = ", ".join(f"{horizon}: {share:g}" for horizon, share in TARGETS_TO_BEGIN.items())
    comments.append(f"`horizon_targets: {{{shares}}}` is a usual start, once ideas say their `horizon`; none are set")
    draft.comments["policy",] = "\n".join([draft.comments.get(("policy",), ""), *comments]).strip()


def _initiatives(draft: Draft, sheet: Sheet, columns: dict[str, str]) -> list[str]:
    """The key of the initiative of each row; rows that share a title are about several metrics of one."""
    by_title: dict[str, str] = {}
    keys = []
    for idea in sheet.ideas:
        if idea.title in by_title:
            keys.append(by_title[idea.title])
            continue
        definition: dict[str, Any] = {"title": idea.title}
        definition |= owners(draft, team=idea.team, product=idea.product)
        if idea.status:
            definition["status"] = idea.status
        cost = cost_of(idea)
        definition |= {} if cost is None else {"cost": cost}
        scores = scores_of(idea, columns)
        definition |= {"scores": scores} if scores else {}
        by_title[idea.title] = draft.add("initiatives", idea.title, definition)
        keys.append(by_title[idea.title])
    return keys


def _told(draft: Draft, file: Recognised, sheet: Sheet) -> list[str]:
    """Remarks about the whole: what is missing, what the sheet worked out wrongly, who is no candidate."""
    columns, ideas = file.columns, sheet.ideas
    said = [text for text in (lacking(columns),) if text]
    sized = next((role for role in SIZED if role in columns), None)
    if sized is None:
        said.append("no cost: nothing can be ranked within a budget (add a column effort or cost)")
    else:
        free = [idea.title for idea in ideas if idea.numbers.get(sized, 0) <= 0]
        names = listed(free, _SHOWN)
        said += [f"{count(len(free), 'idea')} with no {sized} above 0, so without a cost: {names}"] if free else []
    said += _lost_ranges(ideas, columns)
    said += _below_zero(ideas, columns)
    if "rice" in draft.facts.idea_methods and (wrong := wrong_sums(ideas)):
        said.append(
            f"the sheet's own score of {listed(wrong, _SHOWN)} is not reach x impact x confidence / effort:"
            " scores are worked out anew"
        )
    if "ease" in columns and "score" not in columns:
        said.append("ICE is taken as the mean of the three (`policy.ice` says product otherwise)")
    over = [idea.title for idea in ideas if idea.status in ("shipped", "dropped")]
    names = listed(over, _SHOWN)
    said += [f"{count(len(over), 'idea')} done or dropped by their status, so no candidate: {names}"] if over else []
    if any(column.lower() in ("owner", "assignee", "creator", "reporter") for column in file.look.columns):
        said.append("owners are persons and not taken; a column 'team' would be")
    return said


def _below_zero(ideas: list[Idea], columns: dict[str, str]) -> list[str]:
    """Numbers of RICE, ICE and WSJF that cannot be negative, and so are not taken."""
    asked = ("reach", "impact", "confidence", "ease", "criticality", "opportunity", "delay")
    roles = [*asked, "value"] if "criticality" in columns else asked
    below = [idea.title for idea in ideas if any(idea.numbers.get(role, 0) < 0 for role in roles)]
    return [f"numbers below 0 are not taken: {listed(below, _SHOWN)}"] if below else []


def _lost_ranges(ideas: list[Idea], columns: dict[str, str]) -> list[str]:
    if "p50" not in columns:
        return []
    lost = [idea.title for idea in ideas if "p50" in idea.numbers and range_of(idea) is None]
    if not lost:
        return []
    missing = [name for name in METHODS["estimate"] if name not in columns]
    why = f"there is no column {listed(missing)}" if missing else "p10, p50 and p90 are not all there, or do not rise"
    return [f"{count(len(lost), 'range')} not taken, as {why}: {listed(lost, _SHOWN)}"]
