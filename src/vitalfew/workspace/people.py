"""Pseudonyms: who recorded an act, told apart but not named.

A name becomes a pseudonym by a keyed hash; the key is random, made once per copy of a workspace, and lies in
`.vitalfew/`, which git ignores. Whoever holds the key can test a guessed name; nobody else can.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from typing import TYPE_CHECKING

from vitalfew.errors import ActError, Where
from vitalfew.workspace.whole import write_whole

if TYPE_CHECKING:
    from pathlib import Path

PSEUDONYM = re.compile(r"p-[a-z2-7]{12}")
LONGEST_NAME = 120
_KEY_BYTES = 32


def pseudonym(root: Path, by: str) -> str:
    """The pseudonym of a person in this copy of the workspace; a pseudonym is returned as it is.

    Spelling differences that people do not see (capitals, spaces around, Unicode forms) do not make another person.

    Raises:
        ActError: the name is empty or too long, or the key cannot be read.
    """
    return by if PSEUDONYM.fullmatch(by) else _hashed(_named(by), _key(root))


def keyed_pseudonym(key: bytes, by: str) -> str:
    """The pseudonym of a person under a key that is kept elsewhere than in a folder.

    Raises:
        ActError: the name is empty or too long.
    """
    return by if PSEUDONYM.fullmatch(by) else _hashed(_named(by), key)


def _named(by: str) -> str:
    name = same_person(by)
    if not name or len(name) > LONGEST_NAME or any("\ud800" <= character <= "\udfff" for character in name):
        raise ActError("who records this act is not given", expected=f"a name of 1 to {LONGEST_NAME} characters")
    return name


def _hashed(name: str, key: bytes) -> str:
    return "p-" + base64.b32encode(hmac.digest(key, name.encode(), hashlib.sha256)).decode().lower()[:12]


def same_person(by: str) -> str:
    """A name without the differences of spelling that people do not see: equal for the same person."""
    return unicodedata.normalize("NFKC", by).strip().casefold()


def known_pseudonym(root: Path, by: str) -> str:
    """The pseudonym of whoever asks, without making a key: a pseudonym is returned as it is.

    Raises:
        ActError: a name is given where no name was ever turned into a pseudonym.
    """
    if PSEUDONYM.fullmatch(by):
        return by
    if not (root / ".vitalfew" / "people.key").is_file():
        hint = "in another copy of this workspace your name has another pseudonym: give the pseudonym (p-…) itself"
        raise ActError("no name is known in this copy of the workspace", hint=hint)
    return pseudonym(root, by)


def private_folder(root: Path) -> Path:
    """`.vitalfew/` below the workspace, made when absent, with a `.gitignore` that keeps all of it out of git."""
    folder = root / ".vitalfew"
    folder.mkdir(exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        write_whole(ignore, b"*\n")  # half of it would let the key into git
    return folder


def _key(root: Path) -> bytes:
    path = root / ".vitalfew" / "people.key"
    try:
        private_folder(root)
        _create_once(path)
    except OSError as error:
        message = f"the key of the pseudonyms cannot be made: {error.strerror}"
        raise ActError(message, where=Where(str(path))) from error
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise ActError("the key of the pseudonyms cannot be read", where=Where(str(path)), hint=_hint()) from error
    if len(key) != _KEY_BYTES:
        raise ActError("the key of the pseudonyms is damaged", where=Where(str(path)), hint=_hint())
    return key


def _create_once(path: Path) -> None:
    """Make the key unless it exists; a link is atomic, so that two processes never use two keys."""
    if path.exists():
        return
    draft = path.with_name(f"people.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_KEY_BYTES) + "\n")
        draft.rename(path) if os.name == "nt" else os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)


def _hint() -> str:
    return "restore it, or delete it and give your pseudonym (p-…) instead of your name from now on"
