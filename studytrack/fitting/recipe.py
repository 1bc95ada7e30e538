"""How a set of parameters is found, and whether it is good enough: prior, fit, path, gate.

The fit maximises the posterior: the learner's reviews against what is known of learners at large.
It is then taken only part of the way from the set in use, as far as later reviews bear it out, and
offered only if it predicts the last quarter of the log better than the set in use. Nothing here
reads or writes anything.

The prior's spreads are those that fsrs-rs found over many users, with four changes: the first
stabilities are log-normal with a common part (whoever remembers one kind of first answer longer
remembers the others longer too), the scale of lapses and the decay are log-normal, and the mean
reversion of difficulty hardly moves. Its default lies on its bound, so chance can only raise it;
with a wide spread a few hundred reviews always did, which predicted them a little better and the
long run after them worse: nearly all harm that a fit did came from there. `STRENGTH`, `DOUBT`,
`CAUTION` and that spread were chosen on simulated learners other than those that judge it
(`tests/bench/fit.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from studytrack.domain.fsrs import BOUNDS, DEFAULTS
from studytrack.domain.parameters import Fitted
from studytrack.domain.usable import Review
from studytrack.fitting.curves import COUNT, Batch, batch, recalls

STRENGTH = 4.0  # how many times the prior counts
SPREADS = (
    6.43, 9.66, 17.58, 27.85, 0.57, 0.28, 0.6, 0.12, 0.39, 0.18, 0.33, 0.3, 0.09, 0.16, 0.57,
    0.25, 1.03, 0.31, 0.32, 0.14, 0.27,
)  # fmt: skip
LOGARITHMIC = (0, 1, 2, 3, 11, 20)  # the others are fitted as they are
COMMON_FIRST, OWN_FIRST, LAPSE, DECAY = 1.0, 0.4, 0.3, 0.8  # spreads of logarithms
REVERSION = 0.01  # spread of parameter 7
DOUBT = 3.0  # in nats, of going all the way to the fitted set
CAUTION = 50  # reviews that the set in use counts for, whatever later ones bear out
PATH = (0.0, 0.25, 0.5, 0.75, 1.0)  # how far from the set in use to the fitted one
LEAST_RECENT = 0.25  # weight of the oldest review; the newest has 1
QUARTERS = (0.25, 0.5, 0.75, 1.0)  # each fit but the last is judged on the quarter behind it
SATURATION_FLOOR = 0.01  # of parameter 19, as fsrs-rs
_ROUNDS, _HALVINGS, _ENOUGH = 20, 6, 0.01  # the last in nats over the whole log
_CLIP = 1e-6
_SHORT_A, _SHORT_B = 17, 18

Progress = Callable[[float], None]


def search(
    histories: Sequence[Sequence[Review]],
    current: Sequence[float],
    *,
    relearning_steps: int = 1,
    progress: Progress = lambda _: None,
) -> Fitted:
    """Fit parameters to histories and judge them on the last quarter.

    Args:
        histories: the reviews of each item in order.
        current: the set in use.
        relearning_steps: of the preset; with several, a lapse and its steps may not gain.
        progress: told what share of the work is done.
    """
    usable = sorted(one.order for items in histories for one in items if one.usable)
    cuts = [usable[round(len(usable) * share) - 1] for share in QUARTERS]
    used = torch.tensor(list(current), dtype=torch.float64)
    found: list[Tensor] = []
    start = used
    for done, cut in enumerate(cuts):
        start = fit(batch(_until(histories, cut)), start, relearning_steps=relearning_steps)
        found.append(start)
        progress((done + 1) / (len(cuts) + 1))
    behind = [batch(_between(histories, low, high)) for low, high in pairwise(cuts)]
    summed = [_on_path(one, used, early) for one, early in zip(behind, found, strict=False)]
    last, trained = behind[-1], sum(1 for one in usable if one <= cuts[-2])
    offered = mixed(used, found[-2], _share(summed[:-1], trained))
    before, after = (float(losses(last, w).mean()) for w in (used, offered))
    share = _share(summed, len(usable))
    progress(1.0)
    return Fitted(
        parameters=tuple(mixed(used, found[-1], share).tolist()),
        better=after < before,
        share=share,
        loss_before=before,
        loss_after=after,
        trained=trained,
        held_out=len(last.passed),
    )


def fit(given: Batch, start: Tensor, *, relearning_steps: int = 1) -> Tensor:
    """Return the most likely parameters, prior included (Fisher scoring with step halving)."""
    low, high = _bounds()
    centre, precision = _coded(_defaults()), _precision()
    weights = _recency(given.order)
    point = _coded(start).clamp(low, high)

    def judge(at: Tensor) -> tuple[float, Tensor, Tensor]:
        recall, slopes = recalls(given, _plain(at), slopes=True)
        away = at - centre
        loss = (weights * _losses(recall, given.passed)).sum() + 0.5 * away @ precision @ away
        return float(loss), recall.clamp(_CLIP, 1 - _CLIP), slopes

    value, recall, slopes = judge(point)
    for _ in range(_ROUNDS):
        chain = torch.where(_logarithmic(), _plain(point), 1.0)
        slopes = slopes * chain[:, None]
        spread = recall * (1 - recall)
        gradient = slopes @ (weights * (recall - given.passed) / spread)
        gradient = gradient + precision @ (point - centre)
        curvature = (slopes * (weights / spread)) @ slopes.T + precision
        step = _step(point, gradient, curvature, low, high)
        for halving in range(_HALVINGS):
            tried = (point + step * 0.4**halving).clamp(low, high)
            judged = judge(tried)
            if judged[0] < value:
                break
        else:
            break
        gained = value - judged[0]
        point, (value, recall, slopes) = tried, judged
        if gained < _ENOUGH:
            break
    return _settled(_plain(point), relearning_steps)


def losses(given: Batch, w: Tensor) -> Tensor:
    """Return the log loss of each usable review."""
    return _losses(recalls(given, w, slopes=False)[0], given.passed)


def mixed(used: Tensor, fitted: Tensor, share: float) -> Tensor:
    """Return the set that lies `share` of the way from the one in use to the fitted one."""
    if share in {0.0, 1.0}:
        return fitted if share else used
    low, high = (torch.tensor(side, dtype=torch.float64) for side in zip(*BOUNDS, strict=True))
    between = _coded(used) * (1 - share) + _coded(fitted) * share
    return _plain(between).clamp(low, high)


def _step(point: Tensor, gradient: Tensor, curvature: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Return Newton's step in the parameters that no bound holds."""
    held = ((point <= low) & (gradient > 0)) | ((point >= high) & (gradient < 0))
    free = torch.nonzero(~held).flatten()
    step = torch.zeros(COUNT, dtype=torch.float64)
    step[free] = -torch.linalg.solve(curvature[free][:, free], gradient[free])
    return step


def _on_path(held_out: Batch, used: Tensor, fitted: Tensor) -> list[float]:
    """Return the summed loss on later reviews of each set on the path."""
    return [float(losses(held_out, mixed(used, fitted, share)).sum()) for share in PATH]


def _share(windows: Sequence[Sequence[float]], reviews: int) -> float:
    """Return the mean of the path's shares, each as likely as it predicted the later reviews.

    Before these speak, the set in use is the likelier one, by `DOUBT`. Taking the mean instead of
    the best costs little where the fit is good, and keeps most of the harm off where luck made it
    look good. What was held out has shorter intervals than what is to come, so that even the best
    is not followed all the way (`CAUTION`).

    Args:
        windows: the summed loss of each set on the path, for each stretch that was held out.
        reviews: how many usable reviews the log has.
    """
    summed = [sum(column) for column in zip(*windows, strict=True)]
    best = min(summed)
    chances = [
        math.exp(best - one - DOUBT * share) for one, share in zip(summed, PATH, strict=True)
    ]
    mean = sum(c * s for c, s in zip(chances, PATH, strict=True)) / sum(chances)
    return mean * reviews / (reviews + CAUTION)


def _losses(recall: Tensor, passed: Tensor) -> Tensor:
    sure = recall.clamp(_CLIP, 1 - _CLIP)
    return -(passed * torch.log(sure) + (1 - passed) * torch.log(1 - sure))


def _recency(order: Tensor) -> Tensor:
    """Return the weight of each review, which together count as many as they are worth.

    With unequal weights that is (sum)²/(sum of squares) (Kish), so that the prior keeps its say.
    """
    rank = torch.argsort(torch.argsort(order)).double()
    weights = LEAST_RECENT + (1 - LEAST_RECENT) * (rank / max(len(order) - 1, 1)) ** 3
    return weights * weights.sum() / (weights * weights).sum()


def _precision() -> Tensor:
    spread = torch.diag(torch.tensor(SPREADS, dtype=torch.float64) ** 2)
    spread[:4, :4] = COMMON_FIRST**2 + torch.eye(4, dtype=torch.float64) * OWN_FIRST**2
    spread[7, 7], spread[11, 11], spread[20, 20] = REVERSION**2, LAPSE**2, DECAY**2
    precision: Tensor = torch.linalg.inv(spread)
    return precision * STRENGTH


def _defaults() -> Tensor:
    return torch.tensor(DEFAULTS, dtype=torch.float64)


def _bounds() -> tuple[Tensor, Tensor]:
    low, high = (torch.tensor(side, dtype=torch.float64) for side in zip(*BOUNDS, strict=True))
    low[19] = SATURATION_FLOOR
    return _coded(low), _coded(high)


def _logarithmic() -> Tensor:
    found = torch.zeros(COUNT, dtype=torch.bool)
    found[list(LOGARITHMIC)] = True
    return found


def _coded(w: Tensor) -> Tensor:
    return torch.where(_logarithmic(), torch.log(w.clamp(min=_CLIP)), w)


def _plain(point: Tensor) -> Tensor:
    return torch.where(_logarithmic(), torch.exp(point), point)


def _settled(w: Tensor, relearning_steps: int) -> Tensor:
    """Return a set with its order and limits kept: first stabilities rise, lapses never gain."""
    low, high = (torch.tensor(side, dtype=torch.float64) for side in zip(*BOUNDS, strict=True))
    w = w.clamp(low, high)
    w[:4] = torch.cummax(w[:4], 0).values
    if relearning_steps > 1:
        lost = math.log(w[11]) + math.log(2 ** float(w[13]) - 1) + 0.3 * float(w[14])
        most = min(2.0, math.sqrt(max(0.01, -lost / relearning_steps)))
        w[_SHORT_A], w[_SHORT_B] = min(float(w[17]), most), min(float(w[18]), most)
    return w


def _until(histories: Sequence[Sequence[Review]], last: int) -> list[list[Review]]:
    cut = [[one for one in items if one.order <= last] for items in histories]
    return [items for items in cut if items]


def _between(histories: Sequence[Sequence[Review]], after: int, last: int) -> list[list[Review]]:
    """Return the histories up to a place in time, of which only the reviews after another count."""
    return [
        [Review(one.days, one.rating, one.usable and one.order > after, one.order) for one in items]
        for items in _until(histories, last)
    ]
