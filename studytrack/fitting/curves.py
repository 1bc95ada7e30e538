"""Recall and its derivatives for many histories at once: the arithmetic under the fit.

All items go through FSRS-6 side by side, one step per review, in float64. The derivatives of
stability and difficulty by the 21 parameters are carried along by hand (forward mode): that costs a
few operations per step where a backward pass would keep the whole history, and it gives the
curvature that the fit steps by. The formulas are those of `domain.fsrs`, and tests hold the two
together. What is fitted, and how, is `recipe`'s business.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from studytrack.domain.fsrs import AGAIN, D_MAX, D_MIN, EASY, GOOD, HARD, S_MAX, S_MIN
from studytrack.domain.usable import Review

COUNT = 21
LONGEST = 64  # reviews of one item; later ones carry little that the first have not told
_FIRST_D, _LAST_D = 4, 8  # difficulty depends on the parameters from 4 to before 8 only


@dataclass(frozen=True, slots=True)
class Batch:
    """Histories side by side, the longest first: step i concerns the first `sizes[i]` columns.

    `days` and `ratings` are [T, N]. The usable reviews, step by step, have the flat positions
    `where` in [T, N]; `passed` and `order` (place in time) go with them.
    """

    days: Tensor
    ratings: Tensor
    sizes: tuple[int, ...]
    where: tuple[Tensor, ...]
    passed: Tensor
    order: Tensor


def batch(histories: Sequence[Sequence[Review]], longest: int = LONGEST) -> Batch:
    """Return histories padded to one block."""
    kept = sorted((list(items)[:longest] for items in histories if items), key=len, reverse=True)
    steps, width = (len(kept[0]), len(kept)) if kept else (0, 0)
    days, ratings = torch.zeros(steps, width), torch.zeros(steps, width, dtype=torch.int64)
    where: list[Tensor] = []
    passed: list[bool] = []
    order: list[int] = []
    sizes = []
    for step in range(steps):
        column = [items[step] for items in kept if len(items) > step]
        sizes.append(len(column))
        days[step, : len(column)] = torch.tensor([float(one.days) for one in column])
        ratings[step, : len(column)] = torch.tensor([one.rating for one in column])
        used = [place for place, one in enumerate(column) if one.usable]
        where.append(torch.tensor(used, dtype=torch.int64))
        passed += [column[place].rating > AGAIN for place in used]
        order += [column[place].order for place in used]
    return Batch(
        days=days.double(),
        ratings=ratings,
        sizes=tuple(sizes),
        where=tuple(where),
        passed=torch.tensor(passed, dtype=torch.float64),
        order=torch.tensor(order, dtype=torch.int64),
    )


def recalls(given: Batch, w: Tensor, *, slopes: bool) -> tuple[Tensor, Tensor]:
    """Return the recall expected at each usable review, [n], and its derivatives, [21, n].

    Without `slopes` the second is empty.
    """
    if not given.sizes:
        return torch.zeros(0, dtype=torch.float64), torch.zeros(COUNT, 0, dtype=torch.float64)
    values = w.tolist()
    state = _first(given.ratings[0], w, values, slopes=slopes)
    found: list[Tensor] = []
    found_slopes: list[Tensor] = []
    for step in range(1, len(given.sizes)):
        size = given.sizes[step]
        state = _State(*(part[..., :size] for part in state.parts))
        days, rating = given.days[step, :size], given.ratings[step, :size]
        recall, by_s, by_decay = _recall(state.s, days, values)
        used = given.where[step]
        if len(used):
            found.append(recall[used])
            if slopes:
                one = by_s[used] * state.ds[:, used]
                one[20] += by_decay[used]
                found_slopes.append(one)
        if step + 1 < len(given.sizes):
            state = _next(state, days, rating, (recall, by_s, by_decay), values, slopes=slopes)
    empty = torch.zeros(0, dtype=torch.float64)
    chances = torch.cat(found) if found else empty
    return chances, torch.cat(found_slopes, 1) if found_slopes else empty.expand(COUNT, 0)


class _State:
    """Stability [n], difficulty [n], and what the parameters do to them: [21, n] and [4, n]."""

    __slots__ = ("d", "dd", "ds", "s")

    def __init__(self, s: Tensor, d: Tensor, ds: Tensor, dd: Tensor) -> None:
        self.s, self.d, self.ds, self.dd = s, d, ds, dd

    @property
    def parts(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        return self.s, self.d, self.ds, self.dd


def _first(rating: Tensor, w: Tensor, values: list[float], *, slopes: bool) -> _State:
    size = len(rating)
    s = w[rating - 1].clamp(S_MIN, S_MAX)
    steps = (rating - 1).double()
    grown = torch.exp(values[5] * steps)
    raw = values[4] - grown + 1
    d = raw.clamp(D_MIN, D_MAX)
    ds = torch.zeros(COUNT if slopes else 0, size, dtype=torch.float64)
    dd = torch.zeros(4 if slopes else 0, size, dtype=torch.float64)
    if slopes:
        ds[rating - 1, torch.arange(size)] = 1.0
        inside = (raw == d).double()
        dd[0] = inside
        dd[1] = -steps * grown * inside
    return _State(s, d, ds, dd)


def _recall(s: Tensor, days: Tensor, w: list[float]) -> tuple[Tensor, Tensor, Tensor]:
    """Return recall, and its derivatives by stability and by the decay."""
    decay = w[20]
    power = 0.9 ** (-1 / decay)
    factor = power - 1
    part = days / s
    base = 1 + factor * part
    recall = base**-decay
    by_s = decay * factor * part / s * recall / base
    by_factor = -decay * part * recall / base
    by_decay = -recall * torch.log(base) + by_factor * power * math.log(0.9) / decay**2
    return recall, by_s, by_decay


@dataclass(frozen=True, slots=True)
class _Rule:
    """One way to the next stability, for all items: where it holds, and its derivatives.

    `own` are those by the parameters that it uses itself.
    """

    holds: Tensor
    value: Tensor
    by_s: Tensor
    by_d: Tensor
    by_recall: Tensor
    own: dict[int, Tensor]


@dataclass(frozen=True, slots=True)
class _Answers:
    """What the rules need of one step."""

    s: Tensor
    d: Tensor
    log_s: Tensor
    missing: Tensor
    rating: Tensor
    same: Tensor
    failed: Tensor


def _next(
    state: _State,
    days: Tensor,
    rating: Tensor,
    seen: tuple[Tensor, Tensor, Tensor],
    w: list[float],
    *,
    slopes: bool,
) -> _State:
    """Return the states after one more review of each item."""
    recall, r_by_s, r_by_decay = seen
    given = _Answers(
        state.s, state.d, torch.log(state.s), 1 - recall, rating, days == 0, rating == AGAIN
    )
    rules = (_success(given, w), *_lapses(given, w), *_same_day(given, w))
    raw = torch.zeros_like(state.s)
    for rule in rules:
        raw = torch.where(rule.holds, rule.value, raw)
    new_s = raw.clamp(S_MIN, S_MAX)
    new_d, dd = _difficulty(state, (rating - GOOD).double(), w, slopes=slopes)
    if not slopes:
        return _State(new_s, new_d, state.ds, dd)
    inside = raw == new_s
    weights = [(rule.holds & inside).double() for rule in rules]
    by_s, by_d, by_recall = (
        sum(
            (weight * part for weight, part in zip(weights, parts, strict=True)),
            start=torch.zeros_like(raw),
        )
        for parts in zip(*((rule.by_s, rule.by_d, rule.by_recall) for rule in rules), strict=True)
    )
    ds = (by_s + by_recall * r_by_s) * state.ds
    ds[_FIRST_D:_LAST_D] += by_d * state.dd
    for weight, rule in zip(weights, rules, strict=True):
        for index, slope in rule.own.items():
            ds[index] += weight * slope
    ds[20] += by_recall * r_by_decay
    return _State(new_s, new_d, ds, dd)


def _success(given: _Answers, w: list[float]) -> _Rule:
    s, d = given.s, given.d
    hard, easy = (given.rating == HARD).double(), (given.rating == EASY).double()
    plain = math.exp(w[8]) * (11 - d) * torch.exp(-w[9] * given.log_s)
    gain = plain * (1 + (w[15] - 1) * hard) * (1 + (w[16] - 1) * easy)
    lift = torch.exp(w[10] * given.missing)
    growth = gain * (lift - 1)
    grown = s * growth
    return _Rule(
        holds=~given.same & ~given.failed,
        value=s + grown,
        by_s=1 + growth * (1 - w[9]),
        by_d=-grown / (11 - d),
        by_recall=-w[10] * s * gain * lift,
        own={
            8: grown,
            9: -grown * given.log_s,
            10: s * gain * lift * given.missing,
            15: hard * s * plain * (lift - 1),
            16: easy * s * plain * (lift - 1),
        },
    )


def _lapses(given: _Answers, w: list[float]) -> tuple[_Rule, _Rule]:
    """Return the rule of a lapse, and the one that keeps it below the stability before."""
    s, d, none = given.s, given.d, torch.zeros_like(given.s)
    worn = w[11] * torch.exp(-w[12] * torch.log(d) + w[14] * given.missing)
    raised = (s + 1) ** w[13]
    fell = worn * (raised - 1)
    share = math.exp(-w[17] * w[18])
    held = fell > s * share
    lost = ~given.same & given.failed
    lapse = _Rule(
        holds=lost & ~held,
        value=fell,
        by_s=worn * w[13] * raised / (s + 1),
        by_d=-w[12] * fell / d,
        by_recall=-w[14] * fell,
        own={
            11: fell / w[11],
            12: -fell * torch.log(d),
            13: worn * raised * torch.log(s + 1),
            14: fell * given.missing,
        },
    )
    own = {17: -w[18] * s * share, 18: -w[17] * s * share}
    return lapse, _Rule(lost & held, s * share, none + share, none, none, own)


def _same_day(given: _Answers, w: list[float]) -> tuple[_Rule, _Rule]:
    """Return the rule of a review on the same day, and the one that keeps a success from losing."""
    s, none = given.s, torch.zeros_like(given.s)
    strength = (given.rating - GOOD).double() + w[18]
    factor = torch.exp(w[17] * strength - w[19] * given.log_s)
    floored = (given.rating >= HARD) & (factor < 1)
    moved = s * factor
    own = {17: moved * strength, 18: moved * w[17], 19: -moved * given.log_s}
    free = _Rule(given.same & ~floored, moved, factor * (1 - w[19]), none, none, own)
    return free, _Rule(given.same & floored, s, none + 1, none, none, {})


def _difficulty(
    state: _State, moves: Tensor, w: list[float], *, slopes: bool
) -> tuple[Tensor, Tensor]:
    """Return the next difficulty and its derivatives; `moves` is the rating's way from good."""
    d = state.d
    target = w[4] - math.exp(3 * w[5]) + 1
    moved = d - (10 - d) * w[6] * moves / 9
    raw = w[7] * target + (1 - w[7]) * moved
    new = raw.clamp(D_MIN, D_MAX)
    if not slopes:
        return new, state.dd
    dd = (1 - w[7]) * (1 + w[6] * moves / 9) * state.dd
    dd[0] += w[7]
    dd[1] -= 3 * w[7] * math.exp(3 * w[5])
    dd[2] -= (1 - w[7]) * (10 - d) * moves / 9
    dd[3] += target - moved
    return new, dd * (raw == new).double()
