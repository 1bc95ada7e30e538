"""Values cross the wire exactly, and a lying node is refused."""

from __future__ import annotations

import contextlib
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from studytrack.grader.codec import (
    DTYPES,
    MAX_ELEMENTS,
    Decoder,
    Encoder,
    Handle,
    NotGradable,
    Unread,
)
from studytrack.grader.wire import ProtocolFault

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text(max_size=20)
    | st.binary(max_size=20)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(
            st.integers() | st.tuples(st.integers(), st.integers()), inner, max_size=4
        )
    ),
    max_leaves=12,
)


def round_trip(value, **options):
    """Encode and decode a value."""
    encoder = Encoder(**options)
    node = encoder.node(value)
    return Decoder(encoder.buffers, strided=True).value(node)


@given(VALUES)
def test_plain_values_come_back_equal_and_of_the_same_type(value) -> None:
    """Lists stay lists, tuples tuples, large integers whole."""
    found = round_trip(value)

    assert value == found
    assert type(value) is type(found)


@pytest.mark.parametrize("name", DTYPES)
def test_every_dtype_comes_back_bit_for_bit(name) -> None:
    """Dtype, shape and values survive."""
    tensor = torch.tensor([[0, 1, 1], [1, 0, 1]]).to(DTYPES[name])

    found = round_trip(tensor)

    assert found.dtype == tensor.dtype
    assert torch.equal(tensor, found)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(12.0).reshape(3, 4).T,
        torch.arange(12.0)[2::3],
        torch.arange(3.0).expand(4, 3),
        torch.tensor(3.0),
        torch.empty(0, 5),
        torch.arange(24.0).reshape(2, 3, 4)[:, 1:, ::2],
    ],
)
def test_an_input_keeps_its_strides(tensor) -> None:
    """A non-contiguous input arrives non-contiguous and equal."""
    found = round_trip(tensor, keep_strides=True)

    assert torch.equal(tensor, found)
    assert tensor.is_contiguous() == found.is_contiguous()


def test_an_input_keeps_its_strides_on_another_device() -> None:
    """An expanded tensor is moved before it is spread, and shares its entries there too."""
    encoder = Encoder(keep_strides=True)
    node = encoder.node(torch.arange(3.0).expand(4, 3))

    found = Decoder(encoder.buffers, "meta", strided=True).value(node)

    assert "meta" == found.device.type
    assert (0, 1) == found.stride()


def test_special_floats_survive() -> None:
    """NaN, infinities and minus zero come back."""
    assert math.isnan(round_trip(float("nan")))
    assert round_trip(float("-inf")) == float("-inf")
    assert math.copysign(1, round_trip(-0.0)) == -1


@pytest.mark.parametrize(
    "value",
    [object(), range(3), torch.nn.Linear(1, 1), torch.ones(2).to_sparse(), 1 << 20000],
    ids=["object", "range", "module", "sparse", "huge"],
)
def test_what_has_no_place_on_the_wire_is_refused_with_a_sentence(value) -> None:
    """The message names the type and is meant for the learner."""
    with pytest.raises(NotGradable, match="cannot be graded"):
        Encoder().node(value)


def test_a_subclass_travels_as_values_with_its_name() -> None:
    """The judge sees that the result was no plain tensor."""

    class Lying(torch.Tensor):
        pass

    encoder = Encoder()
    node = encoder.node(torch.ones(2).as_subclass(Lying))
    decoder = Decoder(encoder.buffers)
    value = decoder.value(node)

    assert type(value) is torch.Tensor
    assert decoder.described[0].subclass == "Lying"


@pytest.mark.parametrize(
    "node",
    [
        ["t", {"d": "float32", "s": [3], "i": 0, "c": "", "v": "cpu", "g": False}],
        ["t", {"d": "float32", "s": [-1], "i": 0, "c": "", "v": "cpu", "g": False}],
        ["t", {"d": "bool", "s": [8], "i": 1, "c": "", "v": "cpu", "g": False}],
        ["t", {"d": "float99", "s": [2], "i": 0, "c": "", "v": "cpu", "g": False}],
        ["t", {"d": "float32", "s": [2], "t": [10**6], "i": 0, "c": "", "v": "cpu", "g": False}],
        ["t", None],
        ["b", 7],
        ["I", "9" * 5000],
        ["q"],
        [],
        1.5,
        1 << 64,
        ["d", [[["l", []], 1]]],
        ["h", -1],
    ],
)
def test_a_lying_node_is_a_protocol_fault(node) -> None:
    """Wrong sizes, types, tags and unhashable keys never reach the judge as values."""
    with pytest.raises(ProtocolFault):
        Decoder([bytes(8), bytes(range(8))]).value(node)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=20,
)
TAGGED = st.recursive(
    JSON,
    lambda inner: (
        st.tuples(st.sampled_from("fIzbluedthy"), inner).map(list)
        | st.tuples(st.sampled_from("lued"), st.lists(inner, max_size=3)).map(list)
    ),
    max_leaves=20,
)


@given(TAGGED, st.lists(st.binary(max_size=16), max_size=3))
def test_the_decoder_raises_nothing_but_protocol_faults(node, buffers) -> None:
    """Whatever JSON a hostile runner sends, the judge lives."""
    with contextlib.suppress(ProtocolFault):
        Decoder(buffers).value(node)


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("keep_strides", [False, True])
@pytest.mark.parametrize(
    "cut",
    [lambda t: t[:1, :1], lambda t: t[1:2, 2:3].T, lambda t: t[::2, 1][:1], lambda t: t[1, 2]],
)
def test_one_element_with_any_stride_comes_back(name, keep_strides, cut) -> None:
    """Torch calls such a tensor contiguous and yet refuses to view it as bytes."""
    tensor = cut(torch.arange(12).reshape(3, 4).to(DTYPES[name]))

    found = round_trip(tensor, keep_strides=keep_strides)

    assert tensor.shape == found.shape
    assert tensor.tolist() == found.tolist()


def test_a_result_of_too_many_numbers_is_refused_before_it_is_laid_out() -> None:
    """An expanded tensor is small until it is copied."""
    with pytest.raises(NotGradable, match="too large"):
        Encoder().node(torch.zeros(1).expand(1 << 40))
    with pytest.raises(NotGradable, match="too large"):
        Encoder().node([torch.zeros(MAX_ELEMENTS // 2 + 1, dtype=torch.bool)] * 2)


def test_a_buffer_is_read_once_by_all_decoders_of_a_frame() -> None:
    """Value and inputs are decoded apart, from one frame."""
    unread = Unread([bytes(2)])
    node = ["t", {"d": "uint8", "s": [2], "i": 0, "c": "", "v": "cpu", "g": False}]

    assert [0, 0] == Decoder(unread).value(node).tolist()
    with pytest.raises(ProtocolFault, match="twice"):
        Decoder(unread).value(node)


def test_nesting_is_capped_on_both_sides() -> None:
    """Deep nesting is refused when written and when read."""
    value: list = []
    node: list = ["l", []]
    for _ in range(40):
        value, node = [value], ["l", [node]]

    with pytest.raises(NotGradable):
        Encoder().node(value)
    with pytest.raises(ProtocolFault):
        Decoder([]).value(node)


def test_a_handle_needs_somebody_who_gives_it() -> None:
    """Objects become handles only where the encoder may give them."""
    encoder = Encoder(handle=lambda value: 5)

    assert encoder.node(object()) == ["h", 5]
    assert Decoder([]).value(["h", 5]) == Handle(5)
