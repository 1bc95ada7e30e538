"""What training must do, and how it goes wrong."""

from collections import Counter
from itertools import pairwise

from studytrack.grader.authoring import alternative, case, check, mistake

case(
    "the example of the statement",
    lambda rng: ({"low": 5, "lower": 2, "newest": 6, "widest": 3}, 4),
    shown=True,
)
case(
    "more merges of the same words",
    lambda rng: ({"low": 5, "lower": 2, "newest": 6, "widest": 3}, 12),
)
case("one word", lambda rng: ({"banana": 3}, 4))
case("one merge", lambda rng: ({"low": 5, "lower": 2, "newest": 6}, 1))
case(
    "counts weigh",
    lambda rng: ({"xy": 9, "aba": 2, "cab": 2, "dab": 2, "abe": 2, "xz": 5, "zx": 6}, 6),
)
case("pairs do not cross words", lambda rng: ({"ab": 4, "ba": 4, "zz": 5, "a": 9, "b": 9}, 6))
case(
    "a tie",
    lambda rng: ({"zz": 4, "ba": 4, "cd": 4, "ab": 4, "ac": 4, "yb": 4, "cc": 4, "bb": 4}, 8),
)
case(
    "a tie with a merged id",
    lambda rng: ({"abz": 5, "abd": 3, "ze": 5, "yx": 5, "dz": 3, "zd": 3}, 8),
)
case(
    "a tie after both words",
    lambda rng: ({"ez": 2, "fy": 2, "fa": 2, "ea": 2, "ba": 2, "bz": 2}, 9),
)
case("a run of three", lambda rng: ({"aaa": 1}, 5))
case("overlapping runs count", lambda rng: ({"zzz": 2, "bc": 3, "zzzz": 1, "yyyyy": 1}, 8))
case("a long run", lambda rng: ({"x" + "a" * 37: 1, "aa": 1, "ax": 2}, 12))
case("every occurrence in a word", lambda rng: ({"abcabcabab": 2, "cab": 1}, 8))
case("nothing occurs twice", lambda rng: ({"ab": 1, "cd": 1, "efg": 1}, 5))
case("twice is enough", lambda rng: ({"ab": 2, "cd": 1, "ce": 1, "xfab": 1}, 5))
case("twice, in two words", lambda rng: ({"abc": 1, "dab": 1, "f": 9}, 5))
case("it ends early", lambda rng: ({"abcab": 1, "bcd": 1, "zz": 1}, 50))
case("no merges asked", lambda rng: ({"low": 5, "lower": 2}, 0))
case("no words", lambda rng: ({}, 3))
case("words without pairs", lambda rng: ({"": 7, "a": 5, "b": 9}, 3))
case("an empty word among others", lambda rng: ({"": 7, "low": 2, "a": 5, "lot": 3}, 6))
case(
    "words that are not ASCII",
    lambda rng: ({"é": 3, "e": 1, "né": 2, "ñe": 2, "日本": 4, "日曜日": 2, "🙂🙂": 3}, 14),
)
case("two ways to write é", lambda rng: ({"caf\u00e9": 3, "cafe\u0301": 2, "e\u0301": 2}, 8))
case(
    "capitals, spaces and digits",
    lambda rng: ({" the": 5, "The": 4, "the ": 3, " a b": 3, "THE": 2, "1 1 1": 2, "\n\n": 2}, 14),
)
case(
    "words that differ in capitals or spaces",
    lambda rng: ({"Ab": 2, "aB": 3, "ab": 2, "AB": 2, " ab": 2, "ab ": 2, "A b": 2, "B a": 2}, 12),
)
case(
    "counts beyond 2**53",
    lambda rng: ({"ab": 2**60, "xy": 2**60 + 1, "cd": 10**30, "ce": 2**60 + 2}, 5),
)
case("another long word", lambda rng: ({"mississippi": 4, "miss": 3, "sip": 3}, 8))
case(
    "digits before a merged id",
    lambda rng: ({"ab": 40, "cd": 19, "8cd": 8, "abcd": 3, "abcdx": 2}, 6),
)
case("random words", lambda rng: (_words(rng, 40, "abcd"), 30))
case("random words of two letters", lambda rng: (_words(rng, 20, "ab"), 40))
case("random words, all once", lambda rng: (dict.fromkeys(_words(rng, 30, "abcde"), 1), 40))


def _words(rng, count, letters):
    words = {}
    while len(words) < count:
        word = "".join(letters[i] for i in rng.integers(0, len(letters), rng.int(1, 9)).tolist())
        words[word] = rng.int(1, 6)
    return words


@check("the order of the dictionary does not matter")
def any_order(fn, rng):
    words = _words(rng, 25, "abc")
    there, back = fn(words, 20), fn(dict(reversed(list(words.items()))), 20)
    assert there == back, "the same words in another order give other merges"


@check("fewer merges are the first of more")
def prefix(fn, rng):
    words = _words(rng, 25, "abc")
    few, many = fn(words, 7), fn(words, 19)
    assert isinstance(many, list), "the result must be a list"
    assert few == many[:7], "the first 7 of 19 merges are not those of 7 asked"


@check("150 words, 50 merges")
def many_words(fn, rng, ref):
    words = {
        f"{word}{i:x}": count for i, (word, count) in enumerate(_words(rng, 150, "aeinrst").items())
    }
    got, want = fn(words, 50), ref(words, 50)
    assert got == want, "150 words are trained like a few"


def _merged(ids, pair, new_id):
    merged, i = [], 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) == pair:
            merged.append(new_id)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


def _trained(sequences, n_merges, least=2, choose=None, count_pairs=None, merge=_merged, first=256):
    """Train on (ids, count), with one thing done otherwise."""
    merges = []
    for k in range(n_merges):
        counts = {}
        for ids, count in sequences:
            for pair in count_pairs(ids) if count_pairs else pairwise(ids):
                counts[pair] = counts.get(pair, 0) + count
        if not counts or max(counts.values()) < least:
            break
        best = choose(counts) if choose else min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        sequences = [(merge(ids, best, first + k), count) for ids, count in sequences]
    return merges


def _bytes(word_counts):
    return [(list(word.encode()), count) for word, count in word_counts.items()]


@mistake("Weigh each word by its count: a word that occurs 5 times adds 5 for each of its pairs.")
def counts_words_once(word_counts, n_merges):
    return _trained([(ids, 1) for ids, _ in _bytes(word_counts)], n_merges)


@mistake("Among equal counts the smallest pair wins, so that everyone gets the same merges.")
def largest_on_ties(word_counts, n_merges):
    return _trained(
        _bytes(word_counts),
        n_merges,
        choose=lambda counts: max(counts, key=lambda pair: (counts[pair], pair)),
    )


@mistake("Among equal counts the smallest pair wins, not the one that was seen first.")
def first_seen_on_ties(word_counts, n_merges):
    return _trained(
        _bytes(word_counts), n_merges, choose=lambda counts: max(counts, key=counts.get)
    )


@mistake("Ties compare ids, not the text of the tokens: any byte comes before any merged id.")
def ties_by_text(word_counts, n_merges):
    text = {i: bytes([i]) for i in range(256)}

    def choose(counts):
        best = min(counts, key=lambda pair: (-counts[pair], text[pair[0]], text[pair[1]]))
        text[len(text)] = text[best[0]] + text[best[1]]
        return best

    return _trained(_bytes(word_counts), n_merges, choose=choose)


@mistake("Pairs do not cross from one word to the next: count within each word.")
def crosses_words(word_counts, n_merges):
    text = "".join(word * count for word, count in word_counts.items())
    return _trained([(list(text.encode()), 1)], n_merges)


@mistake("Start from the UTF-8 bytes: é is two of them, and `ord` gives other ids.")
def characters_for_bytes(word_counts, n_merges):
    words = [([ord(char) for char in word], count) for word, count in word_counts.items()]
    return _trained(words, n_merges)


@mistake("Every adjacent position counts, also in a run: `a a a` has the pair twice.")
def runs_without_overlap(word_counts, n_merges):
    def pairs(ids):
        i = 0
        while i + 1 < len(ids):
            yield ids[i], ids[i + 1]
            run = i + 2 < len(ids) and ids[i] == ids[i + 1] == ids[i + 2]
            i += 2 if run else 1

    return _trained(_bytes(word_counts), n_merges, count_pairs=pairs)


@mistake("A pair may stand in a word several times: count every position, not each word once.")
def once_per_word(word_counts, n_merges):
    return _trained(
        _bytes(word_counts),
        n_merges,
        count_pairs=lambda ids: sorted(set(pairwise(ids))),
    )


@mistake("Replace the pair everywhere in a word, not only at its first place.")
def merges_first_place_only(word_counts, n_merges):
    def merge(ids, pair, new_id):
        for i in range(len(ids) - 1):
            if (ids[i], ids[i + 1]) == pair:
                return [*ids[:i], new_id, *ids[i + 2 :]]
        return ids

    return _trained(_bytes(word_counts), n_merges, merge=merge)


@mistake("Merge from left to right: in a run of three the first two become one.")
def merges_from_the_right(word_counts, n_merges):
    return _trained(
        _bytes(word_counts),
        n_merges,
        merge=lambda ids, pair, new_id: _merged(ids[::-1], pair[::-1], new_id)[::-1],
    )


@mistake("Stop when no pair is counted at least twice: a pair seen once is no pattern.")
def never_stops_early(word_counts, n_merges):
    return _trained(_bytes(word_counts), n_merges, least=1)


@mistake("A count of 2 is enough for a merge: stop below 2, not at 2.")
def stops_at_two(word_counts, n_merges):
    return _trained(_bytes(word_counts), n_merges, least=3)


@mistake("The loop must end when no pair is left: `max` or `min` of nothing raises ValueError.")
def fails_without_pairs(word_counts, n_merges):
    words, merges = _bytes(word_counts), []
    for k in range(n_merges):
        counts = Counter()
        for ids, count in words:
            for pair in pairwise(ids):
                counts[pair] += count
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        if counts[best] < 2:
            break
        merges.append(best)
        words = [(_merged(ids, best, 256 + k), count) for ids, count in words]
    return merges


@mistake("Merge the pair in the words before you count again: these are the counts of one round.")
def counts_only_once(word_counts, n_merges):
    counts = Counter()
    for ids, count in _bytes(word_counts):
        for pair in pairwise(ids):
            counts[pair] += count
    ranked = sorted(counts, key=lambda pair: (-counts[pair], pair))
    return [pair for pair in ranked if counts[pair] > 1][:n_merges]


@mistake("The first merge gets id 256: ids 0 to 255 are the bytes.")
def ids_begin_at_257(word_counts, n_merges):
    return _trained(_bytes(word_counts), n_merges, first=257)


@mistake("The order within a pair counts: (a, b) and (b, a) are two pairs.")
def pairs_without_order(word_counts, n_merges):
    def merge(ids, pair, new_id):
        merged, i = [], 0
        while i < len(ids):
            if tuple(sorted(ids[i : i + 2])) == pair:
                merged.append(new_id)
                i += 2
            else:
                merged.append(ids[i])
                i += 1
        return merged

    return _trained(
        _bytes(word_counts),
        n_merges,
        count_pairs=lambda ids: [tuple(sorted(p)) for p in pairwise(ids)],
        merge=merge,
    )


@mistake("A key is one word: do not split it at spaces, strip it or change its case.")
def tidies_words(word_counts, n_merges):
    tidy = Counter()
    for word, count in word_counts.items():
        tidy[word.strip().lower()] += count
    return _trained(_bytes(tidy), n_merges)


@mistake("The dictionary stays as it was: this empties or changes the caller's.")
def changes_its_input(word_counts, n_merges):
    for word in [word for word in word_counts if len(word.encode()) < 2]:
        del word_counts[word]
    return _trained(_bytes(word_counts), n_merges)


@alternative
def with_kept_counts(word_counts, n_merges):
    """Keep the counts, and mend them only for the words in which the pair stands."""
    words = [list(word.encode()) for word in word_counts]
    weights = list(word_counts.values())
    counts, where = {}, {}

    def add(index, sign):
        ids = words[index]
        for pair in pairwise(ids):
            counts[pair] = counts.get(pair, 0) + sign * weights[index]
            where.setdefault(pair, set()).add(index)

    for index in range(len(words)):
        add(index, 1)
    merges = []
    while len(merges) < n_merges:
        top = max(counts.values(), default=0)
        if top < 2:
            return merges
        left, right = min(pair for pair, count in counts.items() if count == top)
        new = 256 + len(merges)
        merges.append((left, right))
        for index in where.pop((left, right)):
            add(index, -1)
            ids, kept = words[index], []
            while ids:
                if len(ids) > 1 and ids[0] == left and ids[1] == right:
                    kept, ids = [*kept, new], ids[2:]
                else:
                    kept, ids = [*kept, ids[0]], ids[1:]
            words[index] = kept
            add(index, 1)
    return merges


@alternative
def by_sorting(word_counts, n_merges):
    """Work on texts of private characters, whose `replace` goes from left to right as well."""
    texts = [("".join(map(chr, word.encode())), count) for word, count in word_counts.items()]
    merges = []
    for new in range(256, 256 + n_merges):
        counts = Counter()
        for text, count in texts:
            for at in range(1, len(text)):
                counts[text[at - 1 : at + 1]] += count
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if not ranked or ranked[0][1] <= 1:
            break
        best = ranked[0][0]
        merges.append((ord(best[0]), ord(best[1])))
        texts = [(text.replace(best, chr(new)), count) for text, count in texts]
    return merges
