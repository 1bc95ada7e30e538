"""Values to JSON nodes and raw buffers, and back.

Exact types only: a tensor subclass travels as its plain values with its class named, anything
unknown is refused with a sentence. Used by the judge (which trusts nothing it decodes) and the
runner. Tensors travel as CPU bytes; strided inputs as their storage with strides, so that a
non-contiguous input arrives non-contiguous.

Nodes: None, bool, int (64 bits), str as themselves; all else is a list beginning with a tag:
["f", hex] float · ["I", digits] larger int · ["z", hex, hex] complex · ["b", buffer] bytes ·
["l" | "u" | "e", items] list, tuple, set · ["d", pairs] dict · ["t", {...}] tensor ·
["h", id] handle of an object in the runner · ["y", name] dtype.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from studytrack.grader.wire import ProtocolFault

DTYPES = {
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
    "float64": torch.float64,
    "int8": torch.int8,
    "int16": torch.int16,
    "int32": torch.int32,
    "int64": torch.int64,
    "uint8": torch.uint8,
    "bool": torch.bool,
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
MAX_DEPTH, MAX_DIMS, MAX_ITEMS, MAX_DIGITS = 8, 16, 100_000, 4000
MAX_ELEMENTS = 8 << 20  # of all tensors of a message: 64 MiB in float64
MAX_COLLISIONS = 64  # keys of one set or dict with the same hash
_INT64 = 1 << 63
_OWN_NODES = {type(None), bool, str, int}


class NotGradable(Exception):
    """A value that has no place on the wire; the message is for the learner."""


@dataclass(frozen=True, slots=True)
class Handle:
    """An object that stays in the runner."""

    id: int


@dataclass(frozen=True, slots=True)
class Described:
    """A decoded tensor's claims that its bytes do not show."""

    subclass: str
    device: str
    requires_grad: bool


class Encoder:
    """Turns values into nodes and collects their buffers.

    Args:
        keep_strides: send tensors as storage and strides (inputs) rather than values (results).
        handle: gives an object a handle, or None to refuse it.
    """

    def __init__(
        self, *, keep_strides: bool = False, handle: Callable[[Any], int | None] | None = None
    ) -> None:
        self.buffers: list[bytes] = []
        self.tensors: list[Tensor] = []
        self._keep_strides = keep_strides
        self._handle = handle
        self._elements = 0

    def node(self, value: Any, depth: int = 0) -> Any:
        """Return the node of a value.

        Raises:
            NotGradable: a type the wire does not know, too deep, too large.
        """
        if depth > MAX_DEPTH:
            raise NotGradable("A result nested this deep cannot be graded.")
        if value is None or type(value) in (bool, str):
            if type(value) is str:
                value.encode("utf-8", "surrogatepass")
            return value
        if type(value) is int:
            return self._int(value)
        if type(value) is float:
            return ["f", value.hex()]
        if type(value) is complex:
            return ["z", value.real.hex(), value.imag.hex()]
        if type(value) is bytes:
            return ["b", self._keep(value)]
        if isinstance(value, Tensor):
            return self._tensor(value)
        if type(value) is torch.dtype and value in NAMES:
            return ["y", NAMES[value]]
        if type(value) is Handle:
            return ["h", value.id]
        return self._container(value, depth)

    def _container(self, value: Any, depth: int) -> Any:
        tags: dict[type, str] = {list: "l", tuple: "u", set: "e"}
        if type(value) in tags:
            _limit(len(value))
            if type(value) is not set and is_flat(value):
                return [tags[type(value)], list(value)]
            items = sorted(value, key=repr) if type(value) is set else value
            return [tags[type(value)], [self.node(item, depth + 1) for item in items]]
        if type(value) is dict:
            _limit(len(value))
            pairs = [
                [self.node(key, depth + 1), self.node(item, depth + 1)]
                for key, item in value.items()
            ]
            return ["d", pairs]
        number = self._handle(value) if self._handle else None
        if number is not None:
            return ["h", number]
        raise NotGradable(f"A result of type `{type(value).__name__}` cannot be graded.")

    def _int(self, value: int) -> Any:
        if -_INT64 <= value < _INT64:
            return value
        if value.bit_length() > MAX_DIGITS * 3:
            raise NotGradable("An integer this large cannot be graded.")
        return ["I", str(value)]

    def _keep(self, data: bytes) -> int:
        self.buffers.append(data)
        return len(self.buffers) - 1

    def _tensor(self, value: Tensor) -> Any:
        with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():  # noqa: SLF001 - torch has no public name for it
            subclass = "" if type(value) in (Tensor, torch.nn.Parameter) else type(value).__name__
            if value.layout is not torch.strided or value.is_meta or value.dtype not in NAMES:
                raise NotGradable(
                    f"A tensor of layout {value.layout}, dtype {value.dtype} on {value.device} "
                    "cannot be graded."
                )
            plain = value.as_subclass(Tensor).detach()
            self._elements += plain.numel()  # before a copy: an expanded tensor is cheap until then
            if self._elements > MAX_ELEMENTS:
                raise NotGradable(f"A result of {self._elements:,} numbers is too large to grade.")
            self.tensors.append(value)
            description = {
                "d": NAMES[plain.dtype],
                "s": list(plain.shape),
                "v": plain.device.type,
                "c": subclass,
                "g": bool(value.requires_grad),
            }
            plain = plain.cpu()
            if self._keep_strides and not plain.is_contiguous():
                spread = 1 + sum(
                    (size - 1) * step
                    for size, step in zip(plain.shape, plain.stride(), strict=True)
                )
                base = plain.as_strided((spread,), (1,), plain.storage_offset())
                description["t"] = list(plain.stride())
                plain = base
            data = plain.contiguous().resolve_conj().resolve_neg()
            return ["t", {**description, "i": self._keep(_to_bytes(data))}]


def _to_bytes(data: Tensor) -> bytes:
    """Return the bytes of a contiguous tensor."""
    if not data.numel():
        return b""
    # A tensor of one element is contiguous whatever its strides are, but only a stride of 1 can be
    # viewed as bytes.
    flat = data.as_strided((data.numel(),), (1,), data.storage_offset())
    return flat.view(torch.uint8).numpy().tobytes()


def is_flat(items: Sequence[Any]) -> bool:
    """Tell whether all items are their own nodes: None, bools, text, 64-bit ints."""
    kinds = set(map(type, items))
    if not kinds <= _OWN_NODES:
        return False
    if int not in kinds:
        return True
    numbers = items if kinds == {int} else [item for item in items if type(item) is int]
    return min(numbers) >= -_INT64 and max(numbers) < _INT64


def _limit(count: int) -> None:
    if count > MAX_ITEMS:
        raise NotGradable(f"A result of {count} items cannot be graded.")


class Unread:
    """The buffers of one frame, each of which may be read once.

    An honest encoder writes a buffer for each value. Many tensors over one buffer would cost the
    reader many times the memory that the frame took.
    """

    def __init__(self, buffers: Sequence[bytes]) -> None:
        self._buffers: list[bytes | None] = list(buffers)
        self._elements = 0

    def take(self, index: Any) -> bytes:
        """Return a buffer.

        Raises:
            ProtocolFault: there is no such buffer, or it was read before.
        """
        _expect(type(index) is int and 0 <= index < len(self._buffers))
        found: bytes | None = self._buffers[index]
        self._buffers[index] = None
        if found is None:
            raise ProtocolFault("a buffer that is used twice")
        return found

    def count(self, elements: int) -> None:
        """Add to the number of elements that are made of these buffers.

        Raises:
            ProtocolFault: together they are too many.
        """
        self._elements += elements
        if self._elements > MAX_ELEMENTS:
            raise ProtocolFault("more numbers than an answer may have")


class Decoder:
    """Turns nodes back into values, believing nothing.

    Args:
        buffers: of the frame; `Unread` where several decoders read one frame.
        device: where the tensors go.
        strided: accept tensors with strides. Only the runner needs them, for its inputs.

    `described` collects, in order, what each tensor claims of itself.
    """

    def __init__(
        self, buffers: Sequence[bytes] | Unread, device: str = "cpu", *, strided: bool = False
    ) -> None:
        self._unread = buffers if isinstance(buffers, Unread) else Unread(buffers)
        self._device = device
        self._strided = strided
        self.described: list[Described] = []
        self.tensors: list[Tensor] = []

    def value(self, node: Any) -> Any:
        """Return the value of a node.

        Raises:
            ProtocolFault: anything that an honest encoder would not write.
            RuntimeError: another device than the CPU refuses.
        """
        try:
            return self._value(node, 0)
        except ProtocolFault:
            raise
        except Exception as error:
            if self._device != "cpu" and isinstance(error, RuntimeError):
                raise  # the device's word, not the sender's: out of memory, or a broken context
            raise ProtocolFault(
                f"a value that cannot be decoded: {type(error).__name__}"
            ) from error

    def _value(self, node: Any, depth: int) -> Any:
        if depth > MAX_DEPTH + 1:
            raise ProtocolFault("a value nested too deep")
        if node is None or type(node) in (bool, str):
            return node
        if type(node) is int:
            if not -_INT64 <= node < _INT64:
                raise ProtocolFault("an integer out of range")
            return node
        if type(node) is not list or not node or type(node[0]) is not str:
            raise ProtocolFault("a value without a tag")
        tag, *rest = node
        if tag in {"l", "u", "e"}:
            (items,) = rest
            _expect(type(items) is list and len(items) <= MAX_ITEMS)
            values = items if is_flat(items) else [self._value(item, depth + 1) for item in items]
            if tag == "e":
                _limit_collisions(values)
                return set(values)
            return values if tag == "l" else tuple(values)
        if tag == "d":
            (pairs,) = rest
            _expect(type(pairs) is list and len(pairs) <= MAX_ITEMS)
            found = [(self._value(k, depth + 1), self._value(v, depth + 1)) for k, v in pairs]
            _limit_collisions([key for key, _ in found])
            return dict(found)
        return self._leaf(tag, rest)

    def _leaf(self, tag: str, rest: list[Any]) -> Any:
        if tag == "f":
            return float.fromhex(rest[0])
        if tag == "z":
            return complex(float.fromhex(rest[0]), float.fromhex(rest[1]))
        if tag == "I":
            _expect(type(rest[0]) is str and len(rest[0]) <= MAX_DIGITS)
            return int(rest[0])
        if tag == "b":
            return self._unread.take(rest[0])
        if tag == "y":
            return DTYPES[rest[0]]
        if tag == "h":
            _expect(type(rest[0]) is int and rest[0] >= 0)
            return Handle(rest[0])
        if tag == "t":
            return self._tensor(rest[0])
        raise ProtocolFault("an unknown tag")

    def _tensor(self, text: Any) -> Tensor:
        dtype, shape = DTYPES[text["d"]], text["s"]
        _expect(type(shape) is list and len(shape) <= MAX_DIMS)
        _expect(all(type(size) is int and 0 <= size < 1 << 31 for size in shape))
        count = math.prod(shape)
        # The other sizes count too where one is 0: later code multiplies them into strides.
        _expect(math.prod(max(size, 1) for size in shape) < 1 << 62)
        self._unread.count(count)
        raw = self._unread.take(text["i"])
        if text.get("t") is not None:
            _expect(self._strided)
            tensor = _spread_out(raw, dtype, shape, text["t"], self._device)
        else:
            _expect(len(raw) == count * dtype.itemsize)
            tensor = _from_bytes(raw, dtype).reshape(shape).to(self._device)
        _expect(type(text["c"]) is str and type(text["v"]) is str and type(text["g"]) is bool)
        self.described.append(Described(text["c"][:80], text["v"][:20], text["g"]))
        self.tensors.append(tensor)
        return tensor


def _limit_collisions(keys: Sequence[Any]) -> None:
    """Refuse keys that were built to have one hash: a set of n of them takes n*n comparisons.

    Raises:
        ProtocolFault: too many keys share a hash.
        TypeError: a key has none.
    """
    if is_flat(keys):
        return  # text is hashed with a secret, and eight 64-bit integers share a hash at most
    (_, most), *_ = Counter(map(hash, keys)).most_common(1)
    if most > MAX_COLLISIONS:
        raise ProtocolFault("a set or dict whose keys share one hash")


def _expect(condition: bool) -> None:
    if not condition:
        raise ProtocolFault("a value that breaks the rules")


def _from_bytes(raw: bytes, dtype: torch.dtype) -> Tensor:
    if not raw:
        return torch.empty(0, dtype=dtype)
    if dtype is torch.bool and raw.translate(None, b"\x00\x01"):
        raise ProtocolFault("a bool that is neither 0 nor 1")
    return torch.frombuffer(bytearray(raw), dtype=dtype)


def _spread_out(
    raw: bytes, dtype: torch.dtype, shape: list[int], strides: Any, device: str
) -> Tensor:
    _expect(type(strides) is list and len(strides) == len(shape))
    _expect(all(type(step) is int and 0 <= step < 1 << 31 for step in strides))
    spread = 1 + sum((size - 1) * step for size, step in zip(shape, strides, strict=True))
    _expect(all(size > 0 for size in shape) and len(raw) == spread * dtype.itemsize)
    # moved before it is spread: moving an expanded tensor would lay its copies out
    return _from_bytes(raw, dtype).to(device).as_strided(shape, strides)
