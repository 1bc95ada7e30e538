"""What a causal mask with a query offset must do, and how it goes wrong."""

import torch

from studytrack.grader.authoring import alternative, call, case, check, mistake, raises

case("the example of the statement", lambda rng: (2, 4), shown=True)
case("as many queries as keys", lambda rng: (6, 6))
case("some queries, more keys", lambda rng: (3, 8))
case("drawn sizes", lambda rng: (rng.int(2, 9), rng.int(11, 17)))
case("one step of generation", lambda rng: (1, 7))
case("one token", lambda rng: (1, 1))
case("one key less is cached", lambda rng: (4, 5))
case("arguments by name", lambda rng: call(tq=3, tk=5, device="cpu"))
case("the device by position", lambda rng: (5, 9, "cpu"))
case("no query", lambda rng: (0, 4))
case("neither query nor key", lambda rng: (0, 0))
case("a longer sequence", lambda rng: (120, 300))
case("one query too many", lambda rng: (5, 4))
case("a query without keys", lambda rng: (1, 0))
case("many queries too many", lambda rng: call(9, 3, device="cpu"))


@check("row i allows tk - tq + i + 1 keys, the first ones")
def counts(fn, rng):
    tq, extra = rng.int(2, 6), rng.int(1, 5)
    tk = tq + extra
    mask = fn(tq, tk)
    assert mask.dtype == torch.bool, "the mask is bool"
    for i in range(tq):
        row = mask[i].tolist()
        seen = extra + i + 1
        assert row == [True] * seen + [False] * (tk - seen), (
            f"with {tq} queries and {tk} keys, row {i} must allow the first {seen} keys"
        )


@check("generation step by step agrees with the whole sequence")
def steps(fn, rng):
    length = rng.int(5, 9)
    whole = fn(length, length)
    for position in range(length):
        step = fn(1, position + 1)
        assert torch.equal(step[0], whole[position, : position + 1]), (
            f"fn(1, {position + 1}) must be what row {position} of fn({length}, {length}) allows"
        )


@check("the device is handed on to torch")
def device(fn):
    assert raises(Exception, fn, 2, 3, device="nowhere"), (
        "`device` is ignored: a device that does not exist was accepted"
    )


@mistake("With a cache the queries are the last positions: shift the diagonal by `tk - tq`.")
def aligned_to_the_first_key(tq, tk, device="cpu"):
    if tq > tk:
        raise ValueError
    return torch.ones(tq, tk, dtype=torch.bool, device=device).tril()


@mistake("The diagonal is shifted to the wrong side: the offset is `tk - tq`, not `tq - tk`.")
def shifted_the_other_way(tq, tk, device="cpu"):
    if tq > tk:
        raise ValueError
    return torch.ones(tq, tk, dtype=torch.bool, device=device).tril(diagonal=tq - tk)


@mistake("A token may attend to itself: key `j` is allowed where `j <= position`.")
def excludes_itself(tq, tk, device="cpu"):
    if tq > tk:
        raise ValueError
    return torch.ones(tq, tk, dtype=torch.bool, device=device).tril(diagonal=tk - tq - 1)


@mistake("One key too many: the token after the query is its future.")
def sees_one_ahead(tq, tk, device="cpu"):
    if tq > tk:
        raise ValueError
    return torch.ones(tq, tk, dtype=torch.bool, device=device).tril(diagonal=tk - tq + 1)


@mistake("You allowed the future: the lower triangle is the past, `triu` is what comes after.")
def allows_the_future(tq, tk, device="cpu"):
    if tq > tk:
        raise ValueError
    return torch.ones(tq, tk, dtype=torch.bool, device=device).triu(diagonal=tk - tq)


@mistake('`True` means "may attend": this mask marks the keys that are closed.')
def true_means_closed(tq, tk, device="cpu"):
    if tq > tk:
        raise ValueError
    return torch.ones(tq, tk, dtype=torch.bool, device=device).triu(diagonal=tk - tq + 1)


@mistake('`True` means "may attend" (and with a cache, shift the diagonal by `tk - tq`).')
def true_means_closed_and_first_key(tq, tk, device="cpu"):
    if tq > tk:
        raise ValueError
    return torch.ones(tq, tk, dtype=torch.bool, device=device).triu(diagonal=1)


@mistake("`tq > tk` must raise ValueError.")
def accepts_more_queries_than_keys(tq, tk, device="cpu"):
    return torch.ones(tq, tk, dtype=torch.bool, device=device).tril(diagonal=tk - tq)


@mistake("`tq > tk` must raise ValueError (and with a cache, shift the diagonal by `tk - tq`).")
def accepts_more_queries_and_first_key(tq, tk, device="cpu"):
    return torch.ones(tq, tk, dtype=torch.bool, device=device).tril()


@mistake("`tq > tk` must raise ValueError itself: an `assert` raises AssertionError.")
def asserts_instead(tq, tk, device="cpu"):
    assert tq <= tk
    return torch.ones(tq, tk, dtype=torch.bool, device=device).tril(diagonal=tk - tq)


@mistake("`tq == tk` is the ordinary case: only `tq > tk` raises.")
def refuses_equal_sizes(tq, tk, device="cpu"):
    if tq >= tk:
        raise ValueError
    return torch.ones(tq, tk, dtype=torch.bool, device=device).tril(diagonal=tk - tq)


@mistake("The mask is bool, not a float of ones and zeros.")
def floats(tq, tk, device="cpu"):
    if tq > tk:
        raise ValueError
    return torch.ones(tq, tk, device=device).tril(diagonal=tk - tq)


@mistake("The mask is bool, not a float of 0 and -inf that is added to the scores.")
def additive(tq, tk, device="cpu"):
    if tq > tk:
        raise ValueError
    closed = torch.full((tq, tk), -torch.inf, device=device)
    return closed.triu(diagonal=tk - tq + 1)


@mistake("Rows are queries, columns are keys: the mask is transposed.")
def transposed(tq, tk, device="cpu"):
    if tq > tk:
        raise ValueError
    return torch.ones(tq, tk, dtype=torch.bool, device=device).tril(diagonal=tk - tq).T


@mistake("The device is ignored: make the mask on `device`.")
def ignores_the_device(tq, tk, device="cpu"):
    if tq > tk:
        raise ValueError
    return torch.ones(tq, tk, dtype=torch.bool).tril(diagonal=tk - tq)


@mistake("A size of 0 is allowed: without queries the mask is empty.")
def refuses_no_queries(tq, tk, device="cpu"):
    if tq > tk or tq < 1:
        raise ValueError
    return torch.ones(tq, tk, dtype=torch.bool, device=device).tril(diagonal=tk - tq)


@mistake("Without queries the shape is `[0, tk]` and the dtype bool.")
def from_a_list(tq, tk, device="cpu"):
    if tq > tk:
        raise ValueError
    return torch.tensor([[j <= tk - tq + i for j in range(tk)] for i in range(tq)], device=device)


@alternative
def by_comparing_positions(tq, tk, device="cpu"):
    """Positions of queries as a column, of keys as a row."""
    if tk < tq:
        raise ValueError("tq")
    keys = torch.arange(tk, device=device)
    return keys[None, :] <= keys[tk - tq :, None]


@mistake("This allows every key; a query may not see what comes after its position.")
def allows_everything(tq, tk, device="cpu"):
    if tq > tk:
        raise ValueError
    return torch.ones(tq, tk, dtype=torch.bool, device=device)


@mistake("`tq > tk` must raise ValueError, not another error.")
def raises_another_error(tq, tk, device="cpu"):
    if tq > tk:
        raise RuntimeError
    return torch.ones(tq, tk, dtype=torch.bool, device=device).tril(diagonal=tk - tq)
