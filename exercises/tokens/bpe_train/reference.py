"""Byte-level BPE as in Radford et al. 2019, "Language Models are Unsupervised Multitask Learners",
after Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units".

Every round counts from scratch. Trainers for real corpora keep the counts and mend them where a
merge took place; how a text is cut into words is left out.
"""

from collections import Counter
from itertools import pairwise


def train_bpe(word_counts: dict[str, int], n_merges: int) -> list[tuple[int, int]]:
    """Learn up to `n_merges` merges; merge k makes id 256 + k.

    Shapes: a dict of W words -> a list of at most n_merges pairs.
    """
    # solution
    words = [(list(word.encode("utf-8")), count) for word, count in word_counts.items()]
    merges: list[tuple[int, int]] = []
    while len(merges) < n_merges:
        counts: Counter[tuple[int, int]] = Counter()
        for ids, count in words:
            for pair in pairwise(ids):
                counts[pair] += count
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        if best is None or counts[best] < 2:
            break
        words = [(_merge(ids, best, 256 + len(merges)), count) for ids, count in words]
        merges.append(best)
    return merges


def _merge(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    merged, i = [], 0
    while i < len(ids):
        found = tuple(ids[i : i + 2]) == pair
        merged.append(new_id if found else ids[i])
        i += 2 if found else 1
    return merged
    # end
