"""Roles and rights, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from models.errors import BadData, Text
from models.files import DATA, read_yaml

_PATH = DATA / "access" / "roles.yaml"


@dataclass(frozen=True, slots=True)
class Role:
    """What someone may do, and in which kinds of organisation the role exists."""

    name: str
    label: Text
    organisations: frozenset[str]
    rights: frozenset[str]


@dataclass(frozen=True, slots=True)
class Access:
    """Every right, kind of organisation and role."""

    rights: Mapping[str, Text]
    organisations: Mapping[str, Text]
    roles: Mapping[str, Role]


@cache
def access() -> Access:
    """
    Return the roles, read once.

    Raises
    ------
    BadData
        A role names a right or a kind of organisation that is not listed.
    """
    found: Mapping[str, Mapping[str, Any]] = read_yaml(_PATH)
    rights = {name: Text(**said) for name, said in found["rights"].items()}
    kinds = {name: Text(**said) for name, said in found["organisations"].items()}
    roles = {}
    for name, given in found["roles"].items():
        role = Role(name, Text(given["zh"], given["en"]), frozenset(given["organisations"]), frozenset(given["rights"]))
        if unknown := sorted((role.rights - rights.keys()) | (role.organisations - kinds.keys())):
            raise BadData(path=_PATH.name, what=f"{name}: not listed: {', '.join(unknown)}")
        roles[name] = role
    return Access(rights, kinds, roles)


def rights_of(role: str) -> frozenset[str]:
    """Return the rights of a role; a role that is no more has none."""
    found = access().roles.get(role)
    return found.rights if found else frozenset()
