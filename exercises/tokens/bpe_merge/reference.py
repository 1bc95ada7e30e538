"""The merge step of byte-pair encoding: Gage 1994, "A New Algorithm for Data Compression";
for words, Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units",
section 3.2.

One pass over one list. An encoder keeps all words in one array with linked neighbours instead,
so that a merge touches only the places where the pair stands.
"""


def merge(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    """Replace every non-overlapping occurrence of `pair`, from the left, by `new_id`.

    Shapes: a list of n ids -> a new list of at most n ids.
    """
    # solution
    merged = []
    i = 0
    while i < len(ids):
        if i + 1 < len(ids) and (ids[i], ids[i + 1]) == pair:
            merged.append(new_id)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged
    # end
