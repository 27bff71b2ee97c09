"""At most three questions to the person at the terminal, each with an answer that stands when nobody is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[[str, tuple[str, ...], str], str]

MOST_QUESTIONS = 3


@dataclass
class Asker:
    """Asks through `through`, or not at all when it is None.

    `assumes`: where nobody answers, what is likelier is taken even of a file that could be two things.
    `answered`: whether the last answer was a person's.
    """

    through: Ask | None
    assumes: bool = False
    asked: int = 0
    answered: bool = False

    def ask(self, question: str, choices: tuple[str, ...], default: str) -> str:
        """The chosen one of `choices`; `default` when nobody may be asked, or the answer is none of them."""
        self.answered = False
        if self.through is None or self.asked >= MOST_QUESTIONS:
            return default
        self.asked += 1
        wanted = self.through(question, choices, default).strip().lower()
        found = [choice for choice in choices if choice.lower() == wanted]
        self.answered = bool(found)
        return found[0] if found else default
