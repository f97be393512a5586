"""Joint processes: members between which nothing leaves the site are computed as one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cbam.installation_errors import JointLeaves, JointMerged, JointUnclear
from cbam.plant import PlantProcess
from cbam.process import Link
from cbam.purchased import EQUAL
from models.errors import YuetanError


@dataclass(frozen=True, slots=True)
class Joint:
    """Which process each one is computed in (``into``, itself where it is not joint), what is said, what is refused."""

    into: dict[str, str]
    remarks: tuple[YuetanError, ...] = ()
    refused: dict[str, YuetanError] = field(default_factory=dict)

    def is_inside(self, link: Link) -> bool:
        """Whether a link lies within one joint process, so that it is no precursor."""
        ends = self.into.get(link.from_process), self.into.get(link.to_process)
        return link.from_process != link.to_process and ends[0] is not None and ends[0] == ends[1]


def joined(processes: Sequence[PlantProcess], links: Iterable[Link]) -> Joint:
    """
    Join the processes that name one ``joint``.

    Notes
    -----
    Only the final product counts in the activity level, and what the members
    hand each other is no precursor (``eu-2025-2547`` Art. 4 and Annex II, F).
    It is allowed where no intermediate is sold or used elsewhere: every tonne
    that a member makes must go into another member.
    """
    into = {process.id: process.id for process in processes}
    groups: dict[str, dict[str, PlantProcess]] = {}
    for process in processes:
        if process.joint is not None:
            groups.setdefault(process.joint, {})[process.id] = process
    if not groups:
        return Joint(into)
    by_giver: dict[str, list[Link]] = {}
    for link in links:
        by_giver.setdefault(link.from_process, []).append(link)
    remarks: list[YuetanError] = []
    refused: dict[str, YuetanError] = {}
    for name, members in groups.items():
        wrong, final = _final(name, members, by_giver)
        if wrong is not None:
            refused |= dict.fromkeys(members, wrong)
            continue
        for key in members:
            into[key] = final
            if key != final:
                remarks.append(JointMerged(field="joint", process=key, final=final))
    return Joint(into, tuple(remarks), refused)


def _final(
    name: str, members: Mapping[str, PlantProcess], by_giver: Mapping[str, list[Link]]
) -> tuple[YuetanError | None, str]:
    """Return the member whose product leaves, or why there is none."""
    inside = {
        key: math.fsum(k.mass_t for k in by_giver.get(key, ()) if k.to_process in members and k.to_process != key)
        for key in members
    }
    ends = [key for key, mass in inside.items() if mass == 0.0]
    if len(ends) != 1:
        return JointUnclear(field="joint", joint=name, ends=", ".join(ends) or "—"), ""
    for key, mass in inside.items():
        if key == ends[0]:
            continue
        elsewhere = math.fsum(k.mass_t for k in by_giver.get(key, ()) if k.to_process not in members)
        leaving = max(elsewhere, members[key].activity_t - mass)
        if leaving > EQUAL * members[key].activity_t:
            return JointLeaves(field="joint", joint=name, process=key, mass_t=leaving), ""
    return None, ends[0]
