"""Write docs/asvs.md of data/access/asvs.yaml: ``python -m tests.asvs``."""

from __future__ import annotations

from collections import Counter
from typing import Any

from models.files import DATA, read_yaml
from service.settings import TREE

PAGE = TREE / "docs" / "asvs.md"
STATES = {
    "met": ("满足", "met"),
    "part": ("部分", "in part"),
    "open": ("未满足", "open"),
    "not_applicable": ("不适用", "does not apply"),
}
_HEAD = """# 对照 OWASP ASVS 5.0.0 · Compared with OWASP ASVS 5.0.0

目标：适用的二级要求全部满足（一级 70 项、二级 183 项），另加三级 9 项。下表为我们自己逐项阅读代码和测试后的判断，未经第三方审核。
“满足”须有测试；“部分”和“未满足”写明还缺什么。要求以自己的话略写，原文见 OWASP ASVS 5.0.0（CC BY-SA 4.0）。
The goal: every requirement of level 2 that applies (70 of level 1 and 183 of level 2), and nine of level 3. What stands here is our own
reading of code and tests; nobody from outside has looked at it. *Met* has a test; *in part* and *open* say what is missing. What is
asked is put in a few words of our own; the text is OWASP ASVS 5.0.0 (CC BY-SA 4.0). Written by `python -m tests.asvs` of
`data/access/asvs.yaml`.
"""


def asked() -> dict[str, Any]:
    """Return the chapters and the requirements, in their order."""
    found: dict[str, Any] = read_yaml(DATA / "access" / "asvs.yaml")
    return found


def written() -> str:
    """Return the whole page."""
    said = asked()
    rows = said["requirements"]
    lines = [_HEAD]
    names = [f"{zh} {en}" for zh, en in STATES.values()]
    lines += ["| 级 level | " + " | ".join(names) + " | 合计 all |", "| --- |" + " ---: |" * (len(STATES) + 1)]
    for level in (1, 2, 3):
        counts = Counter(row["state"] for row in rows if row["level"] == level)
        numbers = [counts[state] for state in STATES]
        lines.append(f"| {level} | " + " | ".join(map(str, [*numbers, sum(numbers)])) + " |")
    for number, name in said["chapters"].items():
        lines += ["", f"## {number}. {name['zh']} · {name['en']}", ""]
        lines += [
            "| 编号 id | 级 level | 要求 what is asked | 状态 state | 依据 shown by | 说明 why |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for row in rows:
            if row["id"].split(".")[0] == str(number):
                zh, en = STATES[row["state"]]
                by = "<br>".join(f"`{one}`" for one in row.get("shown_by", ()))
                lines.append(
                    f"| {row['id']} | {row['level']} | {row['asked']} | {zh} {en} | {by} | {row.get('why', '')} |"
                )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(written(), "utf-8")
