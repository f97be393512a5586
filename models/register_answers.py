"""What the registers answer: accepted, accredited, listed, held. Each answer is yes, no or not known, and says why."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from models.errors import BadData, Text
from models.files import read_yaml
from models.findings import Finding
from models.holdings import Lot, cost_of, draw_by_age
from models.law import CONFIDENCE
from models.registers import (
    Accreditation,
    CatalogueItem,
    Certificate,
    Credit,
    FirmStatus,
    Listing,
    Recognition,
    same,
    same_firm,
    standing,
)

Word = Literal["yes", "no", "not_known"]
ACCEPTED: dict[Word, Text] = {
    "yes": Text("接受", "accepted"),
    "no": Text("不接受", "not accepted"),
    "not_known": Text("不明", "not known"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, its reasons, and the sources of the records it rests on."""

    word: Word
    reasons: tuple[Text, ...]
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccreditationPolicy:
    """
    Classes of data quality that a statement loses by the answer about its verifier; ``worst`` is the last class.

    ``scopes`` are the scopes of accreditations that cover the verification of a statement.
    """

    lost: Mapping[Word, float]
    worst: float
    scopes: tuple[str, ...]
    source: str
    confidence: str

    def line(self) -> str:
        """Return where it stands, as one line of a proof."""
        said = ", ".join(f"{word}: {lost:g}" for word, lost in self.lost.items())
        return f"registers.accreditation = {{{said}}} [{self.source}, {self.confidence}]"


@dataclass(frozen=True, slots=True)
class StatementQuality:
    """Data quality of a statement (1 best): as stated, and with what its verifier's accreditation does to it."""

    stated: float
    effective: float
    accredited: Answer
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class OffsetEffect:
    """
    Credits against the limit of a compliance year, t and CNY.

    ``usable_t`` is ``None`` where the limit is not known; ``cost_cny`` is what the
    usable ones had cost, ``saved_cny`` what as many allowances would cost more;
    both ``None`` where a price is not stated.
    """

    held_t: float
    usable_t: float | None
    cost_cny: float | None
    saved_cny: float | None
    findings: tuple[Finding, ...]


def load_accreditation_policy(data_dir: Path) -> AccreditationPolicy:
    """Read ``data_dir/registers/accreditation.yaml``; a loss below zero or an unknown key is ``BadData``."""
    path = data_dir / "registers" / "accreditation.yaml"
    told = read_yaml(path)
    lost = told.get("classes_lost", {})
    if (
        set(told) != {"classes_lost", "worst", "statement_scopes", "source", "confidence"}
        or not told["statement_scopes"]
        or set(lost) != {"not_accredited", "not_known"}
        or min(lost.values()) < 0
        or told["confidence"] not in CONFIDENCE
    ):
        raise BadData(
            path=path.name,
            what="needs classes lost by not_accredited and not_known, worst, statement_scopes, source, confidence",
        )
    words: dict[Word, float] = {"yes": 0.0, "no": lost["not_accredited"], "not_known": lost["not_known"]}
    scopes = tuple(map(str, told["statement_scopes"]))
    return AccreditationPolicy(words, float(told["worst"]), scopes, told["source"], told["confidence"])


def accepted(
    certificate: Certificate, region: str, day: dt.date, records: Sequence[Recognition], method: str | None = None
) -> Answer:
    """
    Return whether a certificate is accepted in a region on a day.

    Parameters
    ----------
    certificate : Certificate
        As it is held.
    region : str
        As the records of recognition name it, such as ``HK``.
    day : date
        Day of the question.
    records : sequence of Recognition
        All that are held.
    method : str, optional
        Method asked for; that of the certificate where absent.

    Notes
    -----
    No record is "not known". A certificate that does not hold on the day is not
    accepted anywhere; one record that accepts and one that refuses cancel out.
    """
    own = standing(certificate, day)
    if own.state != "valid":
        word: Word = "not_known" if own.state == "not_known" else "no"
        return Answer(
            word, (Text(f"证书 {certificate.number}：{own.why.zh}", f"certificate {certificate.number}: {own.why.en}"),)
        )
    scheme = certificate.scheme
    found = [one for one in records if same(one.scheme, scheme) and same(one.accepted_in, region)]
    found = [one for one in found if _may_be_about(one.product_group, certificate.product_group)]
    if not found:
        return Answer(
            "not_known",
            (
                Text(
                    f"没有“{scheme}”在“{region}”互认的记录",
                    f"no record says whether '{scheme}' is accepted in '{region}'",
                ),
            ),
        )
    asked = method or certificate.method
    votes = [_vote(one, certificate, asked, day) for one in found]
    sources = tuple(dict.fromkeys(one.source for one in found))
    words = {word for word, _ in votes}
    said = tuple(reason for _, reason in votes)
    refused = any(word == "no" and not one.accepted for one, (word, _) in zip(found, votes, strict=True))
    if "yes" in words and refused:
        return Answer("not_known", (Text("记录互相矛盾", "the records contradict each other"), *said), sources)
    if "yes" in words:
        return Answer("yes", tuple(r for w, r in votes if w == "yes"), sources)
    return Answer("not_known" if "not_known" in words else "no", said, sources)


def _may_be_about(group: str | None, of: str | None) -> bool:
    return group is None or of is None or same(group, of)


def _vote(one: Recognition, certificate: Certificate, asked: str | None, day: dt.date) -> tuple[Word, Text]:
    """Return what one record says of a certificate, and why."""
    stands = standing(one, day)
    where = Text(f"“{one.scheme}”在“{one.accepted_in}”", f"'{one.scheme}' in '{one.accepted_in}'")
    if stands.state != "valid":
        # A refusal that does not hold on the day says nothing; an acceptance that does not hold is none.
        word: Word = "no" if one.accepted and stands.state != "not_known" else "not_known"
        return word, Text(f"{where.zh}的互认{stands.why.zh}", f"recognition of {where.en}: {stands.why.en}")
    if one.product_group is not None and certificate.product_group is None:
        return "not_known", Text(
            f"互认限于产品组“{one.product_group}”，证书没有写明产品组",
            f"recognition is for '{one.product_group}' only and the certificate names no product group",
        )
    if one.method is not None and asked is None:
        return "not_known", Text(
            f"互认限于方法“{one.method}”，证书没有写明方法",
            f"recognition is under '{one.method}' only and the certificate names no method",
        )
    if one.method is not None and not same(one.method, asked):
        return ("no" if one.accepted else "not_known"), Text(
            f"互认记录针对方法“{one.method}”，不是“{asked}”", f"the record is about '{one.method}', not '{asked}'"
        )
    if not one.accepted:
        return "no", Text(
            f"记录写明{where.zh}不被接受（{one.source}）",
            f"the record says that {where.en} is not accepted ({one.source})",
        )
    under = (
        Text("，未限定方法", ", no method named")
        if one.method is None
        else Text(f"，方法“{one.method}”", f", under '{one.method}'")
    )
    return "yes", Text(f"{where.zh}{stands.why.zh}{under.zh}", f"{where.en} {stands.why.en}{under.en}")


def accredited(
    verifier: str,
    day: dt.date,
    records: Iterable[Accreditation],
    scope: str | Sequence[str] | None = None,
    uscc: str | None = None,
) -> Answer:
    """Return whether a verifier is accredited on a day, for a scope (or one of several) as the accreditation words it."""
    scopes = () if scope is None else (scope,) if isinstance(scope, str) else tuple(scope)
    asked = Text("、".join(scopes), ", ".join(scopes))
    found = [one for one in records if same_firm(verifier, uscc, one.verifier, one.verifier_uscc)]
    if not found:
        return Answer("not_known", (Text(f"没有“{verifier}”的认可记录", f"no accreditation of '{verifier}' is held"),))
    sources = tuple(dict.fromkeys(one.source for one in found))
    reasons: list[Text] = []
    words: set[Word] = set()
    for one in found:
        stands = standing(one, day)
        reason = Text(f"{one.body} {one.number}：{stands.why.zh}", f"{one.body} {one.number}: {stands.why.en}")
        if stands.state == "valid" and (not scopes or any(same(one.scope, name) for name in scopes)):
            return Answer("yes", (reason,), sources)
        if stands.state == "valid":
            told = Text(
                f"范围是“{one.scope or '未写明'}”，不是“{asked.zh}”",
                f"its scope is '{one.scope or 'not stated'}', not '{asked.en}'",
            )
            reason = Text(f"{reason.zh}；{told.zh}", f"{reason.en}; {told.en}")
        reasons.append(reason)
        unsure = stands.state == "not_known" or (stands.state == "valid" and one.scope is None)
        words.add("not_known" if unsure else "no")
    return Answer("not_known" if "not_known" in words else "no", tuple(reasons), sources)


def statement_quality(
    stated: float,
    verifier: str | None,
    day: dt.date,
    records: Iterable[Accreditation],
    policy: AccreditationPolicy,
    scope: str | None = None,
) -> StatementQuality:
    """
    Return the data quality of a statement, lower where its verifier has no valid accreditation on the day.

    Parameters
    ----------
    stated : float
        Data quality, 1 best.
    verifier : str or None
        Who verified it; none is as good as one without accreditation.
    day : date
        Day of the statement.
    records : iterable of Accreditation
        All that are held.
    policy : AccreditationPolicy
        Classes lost.
    scope : str, optional
        Scope that the accreditation must name; one of the policy's where absent.
    """
    if verifier is None:
        answer = Answer("no", (Text("没有核查机构", "no verifier is named"),))
    else:
        answer = accredited(verifier, day, records, scope or policy.scopes)
    effective = max(stated, min(policy.worst, stated + policy.lost[answer.word]))
    findings = () if answer.word == "yes" else (_not_accredited(verifier, day, answer, stated, effective),)
    return StatementQuality(stated, effective, answer, findings)


def _not_accredited(verifier: str | None, day: dt.date, answer: Answer, stated: float, effective: float) -> Finding:
    why_zh, why_en = "；".join(r.zh for r in answer.reasons), "; ".join(r.en for r in answer.reasons)
    return Finding(
        code="register.not_accredited" if answer.word == "no" else "register.accreditation_not_known",
        severity="warning",
        text=Text(
            f"{day} 没有“{verifier or '—'}”有效认可的证明（{why_zh}），数据质量由 {stated:g} 降为 {effective:g}。",
            f"No valid accreditation of '{verifier or '—'}' is shown on {day} ({why_en}): "
            f"data quality goes from {stated:g} to {effective:g}.",
        ),
        hint=Text("请录入认可证书及其有效期。", "Enter the accreditation with its days."),
        field="verifier",
    )


def listed(name: str, uscc: str | None, day: dt.date, records: Iterable[Listing]) -> Answer:
    """Return whether a firm is on the list of seriously untrustworthy entities; no record is not known, never "no"."""
    found = [one for one in records if same_firm(name, uscc, one.name, one.uscc)]
    there = [one for one in found if standing(one, day).state == "valid"]
    if there:
        return Answer("yes", tuple(_entry(one) for one in there), tuple(one.source for one in there))
    removed = [one for one in found if one.removed_on is not None and one.removed_on <= day]
    if removed:
        return Answer("no", tuple(_entry(one) for one in removed), tuple(one.source for one in removed))
    return Answer(
        "not_known",
        (Text(f"没有“{name}”的记录；名单未经查询", f"no record of '{name}'; the public list was not searched"),),
    )


def _entry(one: Listing) -> Text:
    out = Text("", "") if one.removed_on is None else Text(f"，{one.removed_on} 移出", f", removed on {one.removed_on}")
    return Text(
        f"{one.authority} {one.listed_on} 列入{out.zh}（{one.source}）",
        f"listed on {one.listed_on} by {one.authority}{out.en} ({one.source})",
    )


def statuses(name: str, uscc: str | None, day: dt.date, records: Iterable[FirmStatus]) -> tuple[FirmStatus, ...]:
    """Return the statuses of a firm that hold on a day, in the order they came."""
    held = [one for one in records if same_firm(name, uscc, one.holder, one.holder_uscc)]
    return tuple(one for one in held if standing(one, day).state == "valid")


def in_catalogue(product: str, catalogue: str, day: dt.date, records: Iterable[CatalogueItem]) -> Answer:
    """Return whether a catalogue has a product on a day; "no" only where the record of it ended or has not begun."""
    found = [one for one in records if same(one.catalogue, catalogue) and same(one.product, product)]
    if not found:
        return Answer(
            "not_known", (Text(f"没有“{product}”在“{catalogue}”的记录", f"no record of '{product}' in '{catalogue}'"),)
        )
    said = [(standing(one, day), one) for one in found]
    reasons = tuple(Text(f"{one.version}：{s.why.zh}", f"{one.version}: {s.why.en}") for s, one in said)
    sources = tuple(one.source for one in found)
    if any(s.state == "valid" for s, _ in said):
        return Answer("yes", reasons, sources)
    return Answer("not_known" if any(s.state == "not_known" for s, _ in said) else "no", reasons, sources)


def lots_on(records: Iterable[Credit], day: dt.date) -> tuple[Lot, ...]:
    """Return the credits held on a day as lots of the allowance account, oldest vintage first."""
    made = [
        Lot(one.instrument, one.vintage, "offset", one.acquired_on, one.tonnes, one.price_cny_per_t, one.local)
        for one in records
        if standing(one, day).state == "valid"
    ]
    return tuple(sorted(made, key=lambda lot: (lot.vintage or lot.on.year, lot.on)))


def offset_effect(
    records: Iterable[Credit], day: dt.date, limit_t: float | None, allowance_cny_per_t: float | None
) -> OffsetEffect:
    """
    Return what credits held do to the cost of a compliance year.

    Parameters
    ----------
    records : iterable of Credit
        All that are held or were.
    day : date
        Day of the question.
    limit_t : float or None
        Most that may be surrendered, t, from ``models.offset_limit``; none where not known.
    allowance_cny_per_t : float or None
        Price of the allowances they stand in for, CNY per t.

    Notes
    -----
    Saved is usable tonnes times the allowance price, less what they had cost.
    """
    lots = lots_on(records, day)
    held = math.fsum(lot.tonnes for lot in lots)
    if limit_t is None:
        return OffsetEffect(held, None, None, None, (_no_limit(),))
    drawn = [replace(lot, tonnes=part) for lot, part in draw_by_age(lots, limit_t)]
    usable = math.fsum(lot.tonnes for lot in drawn)
    cost = cost_of(drawn)
    saved = None if cost is None or allowance_cny_per_t is None else usable * allowance_cny_per_t - cost
    findings = [] if cost is not None else [_no_price()]
    if held > usable + 1e-6:
        findings.append(_above(held, limit_t))
    return OffsetEffect(held, usable, cost, saved, tuple(findings))


def _no_limit() -> Finding:
    return Finding(
        code="register.offset_limit_not_known",
        severity="info",
        text=Text("抵销上限不明，没有计算可用量。", "The limit on offsets is not known: how many may be used is not worked out."),
        hint=Text("请先计算履约年度头寸。", "Work out the position of the compliance year first."),
    )  # fmt: skip


def _no_price() -> Finding:
    return Finding(
        code="register.credit_price_not_stated",
        severity="warning",
        text=Text("有抵销单位没有填写单价，节省额无法得知。", "Some credits have no price: what they save cannot be told."),
        hint=Text("请填写合同价格；无偿取得填 0。", "Enter the contract price; 0 for units given free."),
        field="price_cny_per_t",
    )  # fmt: skip


def _above(held: float, limit: float) -> Finding:
    return Finding(
        code="register.credits_above_limit",
        severity="info",
        text=Text(f"持有 {held:,.0f} t，本年度最多可用 {limit:,.0f} t。", f"{held:,.0f} t are held; {limit:,.0f} t may be used this year."),
    )  # fmt: skip
