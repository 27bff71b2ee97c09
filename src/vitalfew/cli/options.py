"""Commands with many options: the fields of a dataclass, each an option, handed over as one value."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable


def with_options[T](kind: type[T]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let a command take the fields of a dataclass as options; it gets them as its argument `options`."""

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(command, include_extras=True)
        parameters = [
            parameter.replace(annotation=hints[name])
            for name, parameter in inspect.signature(command).parameters.items()
            if name != "options"
        ]
        more = get_type_hints(kind, include_extras=True)
        own = {field.name: field.default for field in fields(kind)}  # type: ignore[arg-type]  # a dataclass by contract
        keyword = inspect.Parameter.KEYWORD_ONLY
        parameters += [
            inspect.Parameter(
                name,
                keyword,
                default=inspect.Parameter.empty if default is MISSING else default,
                annotation=more[name],
            )
            for name, default in own.items()
        ]

        def run(**given: Any) -> None:  # noqa: ANN401 - typer hands over whatever the options say
            chosen = kind(**{name: given.pop(name) for name in own})
            command(**given, options=chosen)

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        return run

    return wrap
