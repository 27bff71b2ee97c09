"""One way to make a form over a definition: fields are named by their place in its tree, `plan__primary` in `plan`.

What a form does not show stays as it stands. What is empty, or what a definition would hold anyway, is left out.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from django import forms

from vitalfew.results.figures import unit_of
from vitalfew.server.core.definition_fields import Column, Pick, Picks, text, trimmed
from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.fields import bare, fields_of, singular

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from django.forms.boundfield import BoundField

    from vitalfew.workspace.definitions import Definition

VERSION = "version"
_EMPTY: tuple[object, ...] = (None, "", [], {}, ())
_ROW = "{}__{}__{}"


@dataclass(frozen=True, slots=True)
class Group:
    """Fields of a form under one heading: `names` apart by blanks, those that stand in a row joined by `+`."""

    legend: str
    names: str
    hint: str = ""
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A group as a page shows it: rows of fields, or of entries that can be added to."""

    legend: str
    hint: str
    folded: bool
    rows: list[list[BoundField]] = field(default_factory=list)
    entries: list[list[BoundField]] = field(default_factory=list)


class DefinitionForm(forms.Form):
    """A form over one definition.

    Attributes:
        defines: the kind, as in a workspace folder: `releases`.
        groups: how the fields stand on the page; those that no group names come first.
        switch: the field that says which others belong to the definition.
        shown_for: by field, for which words of the switch it belongs; a field that is not named always does.
        apart: fields that are not kept under their own name: `opened` and `tree` of the form see to them.
        entries: lists of parts, by their name in the tree: makes the fields of one part.
        meant: places in the tree that are shown in a field of another name, for problems found there.
        words: what may be typed in a text, by the id of its list.
    """

    defines: ClassVar[str] = ""
    groups: ClassVar[tuple[Group, ...]] = ()
    switch: ClassVar[str] = ""
    shown_for: ClassVar[Mapping[str, str]] = {}
    apart: ClassVar[frozenset[str]] = frozenset()
    entries: ClassVar[Mapping[str, Callable[[], dict[str, forms.Field]]]] = {}
    meant: ClassVar[Mapping[str, str]] = {}
    more: ClassVar[int] = 2
    """Empty parts at the end of each list."""
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        data: Any = None,  # noqa: ANN401 - Django's own
        *,
        definitions: Definitions,
        key: str | None,
        body: Mapping[str, Any],
        version: int,
        asked: Mapping[str, Any] | None = None,
        known: Mapping[str, Any] | None = None,
    ) -> None:
        self.definitions, self.key, self.standing, self.sent = definitions, key, body, data
        self.known = known or {}
        self.words: dict[str, tuple[str, ...]] = {}
        super().__init__(data)
        self._add_entries()
        self.initial = {**self.opened(body), **(asked or {}), VERSION: version}
        self.furnish()

    # What stands, as it is shown -----------------------------------------------------------------------------------

    def opened(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """What fields show of a definition: what it says, else what it would be without."""
        found: dict[str, Any] = {}
        for name in (name for name in self.base_fields if name not in self.apart and name != VERSION):
            value: Any = body
            for part in name.split("__"):
                value = value.get(part) if value else None
            found[name] = self._outwards(name, self._default(name.split("__")) if value is None else value)
        for name in self.entries:
            for at, row in enumerate(self.stands(name)):
                found |= {
                    _ROW.format(name, at, part): self._outwards(_ROW.format(name, at, part), row[part]) for part in row
                }
        return found

    def stands(self, name: str) -> Sequence[Mapping[str, Any]]:
        """The parts of a list as they stand, by the names of their fields."""
        found: Any = self.standing
        for part in name.split("__"):
            found = (found or {}).get(part)
        return found or ()

    def furnish(self) -> None:
        """Fill in choices; a choice among nothing is not offered."""
        for name, each in list(self.fields.items()):
            if isinstance(each, Pick | Picks) and each.of:
                each.offer(self._found(name, each.of))
                if not each.required and not self._found(name, each.of):
                    del self.fields[name]

    def choose(self, name: str, found: Iterable[tuple[str, Any]]) -> None:
        """Fill in the choices of a field."""
        self.fields[name].choices = list(found)  # type: ignore[attr-defined]  # a field of choices

    def sources[Shape: Definition](self, shape: type[Shape]) -> Mapping[str, Shape]:
        """The sources of one shape, of which the field `source` then offers no others."""
        found = {key: one for key, one in self.definitions.sources.items() if isinstance(one, shape)}
        if "source" in self.fields:
            field: Pick = self.fields["source"]  # type: ignore[assignment]  # as every form declares it
            field.offer([(key, self.definitions.title("sources", key)) for key in found])
        return found

    def columns(self, tables: Mapping[str, Iterable[str]], *names: str) -> None:
        """Offer columns of tables by their titles; where none could be read they are typed."""
        for name in names:
            field, own = self.fields[name], str(self.initial.get(name) or "")
            if isinstance(field, Column) and tables:
                field.offer(tables, own)
            else:
                self.fields[name] = text(str(field.label), str(field.help_text))

    def suggest(self, name: str, known: Collection[str]) -> None:
        """Offer words for a text that may be typed as well."""
        if known and name in self.fields:
            self.fields[name].widget.attrs["list"] = f"known-{name}"
            self.words[f"known-{name}"] = tuple(known)

    def titles(self, kind: str) -> list[tuple[str, str]]:
        """Keys and titles of definitions."""
        return [(key, self.definitions.title(kind, key)) for key in getattr(self.definitions, kind)]

    def factor_of(self, row: Mapping[str, Any]) -> float:
        """By what numbers of a row about a metric are multiplied where they are shown."""
        return unit_of(self.definitions.metrics.get(row.get("metric") or "")).factor

    def shown(self) -> list[Shown]:
        """The fields in groups."""
        named = {name for group in self.groups for name in re.split(r"[ +]+", group.names)}
        first = [name for name in self.fields if name not in named and "__" not in name and name != VERSION]
        found = [Shown("", "", folded=False, rows=self._rows(" ".join(first)))]
        for group in self.groups:
            if group.names in self.entries:
                parts = self._fields(self._entry_names(group.names), self.shown_for.get(group.names, ""))
                found.append(Shown(group.legend, group.hint, folded=False, entries=parts))
                continue
            rows = self._rows(group.names)
            folded = group.folded and not any(self._says(each.name) for row in rows for each in row)
            found.append(Shown(group.legend, group.hint, folded, rows))
        return [group for group in found if group.rows or group.entries]

    # What was typed, as it is kept ----------------------------------------------------------------------------------

    def new_key(self) -> str:
        """The key of a new definition."""
        return key_of(
            str(self.cleaned_data.get("title") or ""), getattr(self.definitions, self.defines), singular(self.defines)
        )

    def tree(self) -> dict[str, Any]:
        """The definition as YAML would hold it."""
        names = [
            name for name in self.base_fields if name in self.fields and name not in self.apart and name != VERSION
        ]
        entries = {name: self.rows_of(name) for name in self.entries if name not in self.apart}
        return self.laid_over({name: self.value_of(name) for name in names} | entries)

    def rows_of(self, name: str) -> list[dict[str, Any]]:
        """The parts of a list that say anything."""
        rows = [{part.rpartition("__")[2]: self.value_of(part) for part in row} for row in self._entry_names(name)]
        return [row for row in map(without_empty, rows) if row]

    def value_of(self, name: str) -> Any:  # noqa: ANN401 - what a definition may hold
        """What a field says, as a definition holds it; nothing where the switch says that it does not belong."""
        if name in self.shown_for and self.cleaned_data.get(self.switch) not in self.shown_for[name].split():
            return None
        each, value = self.fields[name], self.cleaned_data.get(name)
        if hasattr(each, "inwards"):
            return each.inwards(value)
        return float(value) if isinstance(each, forms.DecimalField) and value is not None else value

    def laid_over(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What stands, with some fields anew; what is empty, or holds anyway, is left out."""
        found: dict[str, Any] = deepcopy(dict(self.standing))
        for name, value in given.items():
            path = name.split("__")
            inner = found
            for part in path[:-1]:
                inner[part] = dict(inner.get(part) or {})
                inner = inner[part]
            inner[path[-1]] = None if value == self._default(path) else value
        return without_empty(found)

    def field_of(self, path: Sequence[str | int]) -> str | None:
        """The field that shows a place in the tree, or what is around it."""
        for end in range(len(path), 0, -1):
            name = "__".join(map(str, path[:end]))
            name = self.meant.get(name, name)
            if name in self.fields:
                return name
        return None

    # Inside ---------------------------------------------------------------------------------------------------------

    def model(self) -> type[Definition]:
        """The type of the definition."""
        held = bare(fields_of(Definitions)[self.defines])[0]
        found: type[Definition] = bare(get_args(held)[1])[0] if get_args(held) else held
        return found

    def _add_entries(self) -> None:
        for name, make in self.entries.items():
            for row in self._entry_names(name):
                self.fields |= dict(zip(row, make().values(), strict=True))

    def _entry_names(self, name: str) -> list[list[str]]:
        parts = list(self.entries[name]())
        return [[_ROW.format(name, at, part) for part in parts] for at in range(len(self.stands(name)) + self.more)]

    def _found(self, name: str, kinds: str) -> list[tuple[str, Any]]:
        """Definitions to choose among, and those that stand though they are not there (any more)."""
        found = [one for kind in kinds.split() for one in self.titles(kind)]
        stands = self.initial.get(name) or []
        own = [stands] if isinstance(stands, str) else list(stands)
        known = dict(found)
        return [*known.items(), *((key, f"{key} (is not defined)") for key in own if key not in known)]

    def _outwards(self, name: str, value: Any) -> Any:  # noqa: ANN401 - whatever is held
        field = self.fields.get(name)
        if value in _EMPTY:
            return value if isinstance(value, str) else None
        return field.outwards(value) if field and hasattr(field, "outwards") else trimmed(value)

    def _default(self, path: Sequence[str]) -> Any:  # noqa: ANN401 - whatever a definition holds by itself
        model: Any = self.model()
        for part in path[:-1]:
            model = bare(fields_of(model)[part])[0] if part in getattr(model, "model_fields", ()) else None
        held = getattr(model, "model_fields", {}).get(path[-1])
        return None if held is None or held.is_required() else held.get_default(call_default_factory=True)

    def _rows(self, names: str) -> list[list[BoundField]]:
        return self._fields([row.split("+") for row in names.split()])

    def _fields(self, rows: Sequence[Sequence[str]], kinds: str = "") -> list[list[BoundField]]:
        """Fields by name as far as they are offered, each told for which words of the switch it is shown."""
        offered = [found for row in rows if (found := [name for name in row if name in self.fields])]
        for name in (name for row in offered for name in row):
            self[name].kinds = kinds or self.shown_for.get(name, "")  # type: ignore[attr-defined]  # for the page
        return [[self[name] for name in row] for row in offered]

    def _says(self, name: str) -> bool:
        if self.errors.get(name) or self.is_bound:
            return bool(self.errors.get(name) or self[name].value())
        held = self.initial.get(name)
        return held not in _EMPTY and held != self._outwards(name, self._default(name.split("__")))


def without_empty(tree: Mapping[str, Any]) -> dict[str, Any]:
    """A tree without what is empty, however deep."""
    inner = {name: without_empty(value) if isinstance(value, dict) else value for name, value in tree.items()}
    return {name: value for name, value in inner.items() if not any(value is none or value == none for none in _EMPTY)}


def key_of(title: str, taken: Collection[str], otherwise: str) -> str:
    """A key made of a title, different from all taken ones."""
    from vitalfew.connect.words import key_of as made  # the room of files is heavy, and only this is needed here

    return made(title, taken, otherwise)
