"""What a fit is worth: simulated learners whose truth is known, and how long a fit takes.

Run by hand, since it takes long: `python -m tests.bench.fit [--learners 24] [--reviews 400 …]
[--seed WORD] [--plain]`. Prints, for each number of usable reviews, the change of log loss on the
next 3,000 against the defaults: mean and worst over the learners, beside what knowing the truth
would gain. The recipe was chosen on learners of the seed `tune`; any other seed is fresh. Asserts
nothing.

`--plain` adds what a plain fit gains on the same learners: Adam from the defaults with fsrs-rs'
spreads, four times its penalty, first stabilities pulled back by their number, no gate.
"""

from __future__ import annotations

import argparse
import platform
import random
import statistics
import time
from collections import Counter
from dataclasses import dataclass

import torch

from studytrack.domain.fsrs import BOUNDS, DEFAULTS
from studytrack.domain.usable import Review
from studytrack.fitting.curves import Batch, batch, recalls
from studytrack.fitting.recipe import SPREADS, losses, search
from tests.bench.learners import drawn_truth, histories, upto

NEXT = 3000
WHOLE = 10**6  # histories are judged in full
TIMED = 20_000
PENALTY, PULL = 4.0, 50  # of the plain fit


@dataclass(frozen=True)
class Gain:
    """Change of the mean log loss against the defaults: of the fit, and of the truth."""

    fit: float
    truth: float
    plain: float
    adopted: bool
    seconds: float


def gain(seed: str, reviews: int, *, compared: bool = False) -> Gain:
    """Fit one learner's first reviews and judge on the next 3,000; `compared` with a plain fit."""
    truth = drawn_truth(random.Random(seed))
    whole = histories(
        truth, random.Random(f"{seed}|{reviews}"), reviews + NEXT, rate=max(4, reviews // 400)
    )
    began = time.perf_counter()
    found = search(upto(whole, reviews), DEFAULTS)
    seconds = time.perf_counter() - began
    judged = later(whole, reviews)
    known = mean_loss(judged, DEFAULTS)
    after = mean_loss(judged, found.parameters) if found.better else known
    plain = mean_loss(judged, plain_fit(upto(whole, reviews))) - known if compared else 0.0
    return Gain(after - known, mean_loss(judged, truth.w) - known, plain, found.better, seconds)


def plain_fit(log: list[list[Review]], steps: int = 50) -> tuple[float, ...]:
    """Return what Adam makes of a log: no gate, no path."""
    given = batch(log)
    defaults, spreads = (torch.tensor(one, dtype=torch.float64) for one in (DEFAULTS, SPREADS))
    low, high = (torch.tensor(side, dtype=torch.float64) for side in zip(*BOUNDS, strict=True))
    count = len(given.order)
    rank = torch.argsort(torch.argsort(given.order)).double()
    weights = 0.25 + 0.75 * (rank / max(count - 1, 1)) ** 3
    w = defaults.clone().requires_grad_()
    adam = torch.optim.Adam([w], lr=0.04)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    for _ in range(steps):
        recall, slopes = recalls(given, w.detach(), slopes=True)
        sure = recall.clamp(1e-6, 1 - 1e-6)
        away = 2 * PENALTY * (w.detach() - defaults) / spreads**2 / count
        w.grad = slopes @ (weights / weights.sum() * (sure - given.passed) / (sure - sure**2))
        w.grad += away
        adam.step()
        cosine.step()
        with torch.no_grad():
            w.clamp_(low, high)
    found = w.detach()
    first = Counter(items[0].rating for items in log)
    for rating in range(1, 5):
        share = first[rating] / (first[rating] + PULL)
        index = rating - 1
        found[index] = found[index] ** share * defaults[index] ** (1 - share)
    found[:4] = torch.cummax(found[:4], 0).values
    return tuple(found.tolist())


def mean_loss(judged: Batch, parameters: tuple[float, ...]) -> float:
    """Return the mean log loss of a set of parameters."""
    return float(losses(judged, torch.tensor(parameters, dtype=torch.float64)).mean())


def later(whole: list[list[Review]], reviews: int) -> Batch:
    """Return the histories of which only the reviews after the first so many count."""
    last = sorted(one.order for items in whole for one in items if one.usable)[reviews - 1]
    marked = [
        [Review(one.days, one.rating, one.usable and one.order > last, one.order) for one in items]
        for items in whole
    ]
    return batch(marked, longest=WHOLE)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=24)
    parser.add_argument("--reviews", type=int, nargs="*", default=[400, 1600, 6400, 200, 800])
    parser.add_argument("--seed", default="judge")
    parser.add_argument("--plain", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)  # as the fit's own process does
    print(f"{platform.machine()}, torch {torch.__version__}, one thread")
    print("reviews   mean     worst    adopted  truth    of it   seconds  plain    worst")
    for reviews in given.reviews:
        found = [
            gain(f"{given.seed}{index}", reviews, compared=given.plain)
            for index in range(given.learners)
        ]
        mean = statistics.mean(one.fit for one in found)
        truth = statistics.mean(one.truth for one in found)
        print(
            f"{reviews:7d} {mean:+8.4f} {max(one.fit for one in found):+8.4f}"
            f" {sum(one.adopted for one in found):5d}/{len(found)} {truth:+8.4f}"
            f" {mean / truth:6.0%} {statistics.median(one.seconds for one in found):8.2f}"
            f" {statistics.mean(one.plain for one in found):+8.4f}"
            f" {max(one.plain for one in found):+8.4f}",
            flush=True,
        )
    rng = random.Random(given.seed)
    whole = histories(drawn_truth(rng), rng, TIMED, rate=4)
    began = time.perf_counter()
    search(whole, DEFAULTS)
    print(f"{TIMED} reviews of {len(whole)} cards: {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
