"""The submission as Python objects in the judge: `fn`, instances of its class, gradients.

A call sends private copies, waits, decodes, and writes what the submission did to its inputs back
into the caller's, so that "the caller's tensor is unchanged" can be written as an assert. Inputs
that require grad make the call a node of the judge's autograd graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from studytrack.grader.authoring import Call, RemoteError
from studytrack.grader.codec import Decoder, Described, Encoder, Handle, Unread
from studytrack.grader.session import Session
from studytrack.grader.subject import (
    IMMUTABLE,
    Answer,
    Question,
    cotangents,
    prepare,
    private_copy,
    tensors_of,
)
from studytrack.grader.wire import ProtocolFault

Observer = Callable[[Call, Answer], None]


class Exchange:
    """One call that was answered: its value, and what is needed to ask for gradients."""

    def __init__(
        self, number: int, value: Any, outputs: list[Tensor], described: Sequence[Described]
    ) -> None:
        self.number = number
        self.value = value
        self.outputs = outputs
        self.described = described
        self.inputs: Any = None
        self.aliased = False


class RemoteSubject:
    """The submission, asked as the reference is (`subject.Subject`)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def answer(self, question: Question) -> Answer:
        """Answer one question; the submission's exceptions are part of the answer."""
        args, kwargs = prepare(question)
        try:
            header: dict[str, Any] = {"op": "call"}
            if question.ctor is not None:
                target = RemoteClass(self._session)(**question.ctor)
                target.load(question.state)
                header = {"op": "invoke", "h": target.handle, "method": ""}
            exchange = exchanged(self._session, header, args, kwargs)
            answer = Answer(value=exchange.value, inputs=exchange.inputs)
            answer.subclasses = tuple(claim.subclass for claim in exchange.described)
            if tensors_of([args, kwargs]):
                answer.strayed = self._strayed(exchange)
            if question.cotangent_seed is not None:
                self._add_gradients(answer, exchange, question)
        except RemoteError as error:
            return Answer(error=error)
        return answer

    def _strayed(self, exchange: Exchange) -> str:
        home = self._session.device.partition(":")[0]
        return next((c.device for c in exchange.described if c.device != home), "")

    def _add_gradients(self, answer: Answer, exchange: Exchange, question: Question) -> None:
        assert question.cotangent_seed is not None
        drawn = cotangents(exchange.outputs, question.cotangent_seed)
        wanted: list[Tensor | None] = [
            cotangent if claim.requires_grad else None
            for cotangent, claim in zip(drawn, exchange.described, strict=True)
        ]
        try:
            grads, named = ask_backward(self._session, exchange.number, wanted, parameters=True)
        except RemoteError as error:
            answer.gradient_error = str(error)
            return
        answer.gradients = {f"input {n}": grad for n, grad in enumerate(grads, start=1)} | named


_numbers = iter(range(1, 1 << 62))


def exchanged(
    session: Session, header: dict[str, Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Exchange:
    """Make one call in the runner.

    Raises:
        RemoteError: the submission raised.
        ProtocolFault and the other faults of `Session.ask`.
    """
    encoder = Encoder(keep_strides=True)
    packed = {"args": encoder.node(list(args)), "kwargs": encoder.node(dict(kwargs))}
    number = next(_numbers)
    reply, buffers = session.ask({**header, **packed, "call": number}, encoder.buffers)
    unread = Unread(buffers)
    decoder = Decoder(unread)
    value = decoder.value(reply.get("value"))
    exchange = Exchange(number, value, decoder.tensors, decoder.described)
    exchange.inputs = Decoder(unread).value(reply.get("inputs"))
    exchange.aliased = reply.get("aliased") is True
    if not _are_inputs(exchange.inputs, args, kwargs):
        raise ProtocolFault("an answer without its inputs")
    return exchange


def _are_inputs(found: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Tell whether decoded inputs have the form [args, kwargs] of what was sent."""
    match found:
        case [list() as theirs, dict() as named]:
            return len(theirs) == len(args) and named.keys() == kwargs.keys()
    return False


def ask_backward(
    session: Session, number: int, drawn: Sequence[Tensor | None], *, parameters: bool
) -> tuple[list[Tensor | None], dict[str, Tensor | None]]:
    """Return the gradients of a call's inputs and, for a module, of its parameters by name."""
    encoder = Encoder()
    question = {
        "op": "backward",
        "call": number,
        "parameters": parameters,
        "cotangents": encoder.node(list(drawn)),
    }
    reply, buffers = session.ask(question, encoder.buffers)
    decoder = Decoder(Unread(buffers))
    grads, named = decoder.value(reply.get("grads")), decoder.value(reply.get("named"))
    if not isinstance(grads, list) or not isinstance(named, dict):
        raise ProtocolFault("gradients that are no list")
    if not all(found is None or isinstance(found, Tensor) for found in (*grads, *named.values())):
        raise ProtocolFault("gradients that are no tensors")
    return grads, named


class RemoteFunction:
    """`fn` of a check, for a function.

    After a call, `aliased` tells whether the result shares a list or storage with an argument
    (the runner's word: code that lies about it only fools its author).
    """

    def __init__(self, session: Session, observer: Observer | None = None) -> None:
        self._session = session
        self._observer = observer
        self.aliased = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        before = Call(tuple(private_copy(value) for value in args), private_copy(kwargs))
        try:
            exchange = exchanged(self._session, {"op": "call"}, args, kwargs)
        except RemoteError as error:
            self._observe(before, Answer(error=error))
            raise
        self.aliased = exchange.aliased
        self._observe(before, Answer(value=exchange.value, inputs=exchange.inputs))
        return connect(self._session, exchange, args, kwargs)

    def _observe(self, asked: Call, answer: Answer) -> None:
        if self._observer is not None:
            self._observer(asked, answer)


class RemoteClass:
    """`fn` of a check, for a class: calling it constructs an instance in the runner."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, *args: Any, **kwargs: Any) -> RemoteObject:
        encoder = Encoder(keep_strides=True)
        packed = {"args": encoder.node(list(args)), "kwargs": encoder.node(kwargs)}
        reply, buffers = self._session.ask({"op": "new", **packed}, encoder.buffers)
        handle = Decoder(buffers).value(reply.get("value"))
        if not isinstance(handle, Handle):
            raise ProtocolFault("a construction without an object")
        return RemoteObject(self._session, handle.id)


class RemoteObject:
    """An instance that lives in the runner.

    Calling it calls it there; `load` sets parameters and buffers by name, `state` returns them,
    `trainable` names the parameters, `attr` reads an attribute. Any other name is a method.
    """

    def __init__(self, session: Session, handle: int) -> None:
        self._session = session
        self.handle = handle

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._invoke("", args, kwargs)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self._invoke(name, args, kwargs)

    def _invoke(self, method: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        header = {"op": "invoke", "h": self.handle, "method": method}
        return connect(self._session, exchanged(self._session, header, args, kwargs), args, kwargs)

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Set parameters and buffers; names must fit exactly, dtype follows the values."""
        encoder = Encoder()
        packed = encoder.node({name: value.detach() for name, value in values.items()})
        self._session.ask({"op": "set", "h": self.handle, "values": packed}, encoder.buffers)

    def state(self) -> dict[str, Tensor]:
        """Return parameters and buffers by name."""
        return dict(self._state("value", dict))

    def trainable(self) -> list[str]:
        """Return the names of the parameters that an optimiser would see."""
        return list(self._state("trainable", list))

    def _state(self, part: str, kind: type[Any]) -> Any:
        reply, buffers = self._session.ask({"op": "state", "h": self.handle})
        value = Decoder(buffers).value(reply.get(part))
        if not isinstance(value, kind):
            raise ProtocolFault("a state of the wrong type")
        return value

    def attr(self, name: str) -> Any:
        """Return an attribute's value.

        Raises:
            RemoteError: there is none.
        """
        reply, buffers = self._session.ask({"op": "attr", "h": self.handle, "name": name})
        return Decoder(buffers).value(reply.get("value"))


def connect(
    session: Session, exchange: Exchange, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    """Return a call's value as a check sees it: inputs written back, gradients connected."""
    with torch.no_grad():
        for ours, theirs in zip(args, exchange.inputs[0], strict=False):
            _write_back(ours, theirs)
        for name, theirs in exchange.inputs[1].items():
            _write_back(kwargs.get(name), theirs)
    leaves = [tensor for tensor in tensors_of([list(args), dict(kwargs)]) if tensor.requires_grad]
    return _connected(session, exchange, leaves) if leaves else exchange.value


def _write_back(ours: Any, theirs: Any) -> None:
    """Make `ours` show what the submission did to it; an unchanged input stays untouched."""
    if isinstance(ours, Tensor) and isinstance(theirs, Tensor):
        if ours.shape == theirs.shape and ours.dtype == theirs.dtype and not _same(ours, theirs):
            ours.copy_(theirs)
    elif isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs) or _holds_scalars(ours):
            if ours != theirs:
                ours[:] = theirs
            return
        for index, right in enumerate(theirs):
            _write_item(ours, index, right)
    elif isinstance(ours, dict) and isinstance(theirs, dict):
        for key in [key for key in ours if key not in theirs]:
            del ours[key]
        for key, right in theirs.items():
            _write_item(ours, key, right)


def _write_item(container: Any, key: Any, right: Any) -> None:
    known = isinstance(container, list) or key in container
    if known and isinstance(container[key], (Tensor, list, dict)):
        _write_back(container[key], right)
    else:
        container[key] = right


def _holds_scalars(items: Sequence[Any]) -> bool:
    return IMMUTABLE.issuperset(map(type, items))


def _same(left: Tensor, right: Tensor) -> bool:
    return bool(((left == right) | ((left != left) & (right != right))).all())  # noqa: PLR0124 - NaN stays NaN


class _Remote(torch.autograd.Function):
    """The runner's part of the judge's graph: backward is a question too."""

    @staticmethod
    def forward(ctx: Any, session: Session, exchange: Exchange, *leaves: Tensor) -> Any:
        ctx.session, ctx.exchange, ctx.count = session, exchange, len(leaves)
        outputs = [
            output
            for output, claim in zip(exchange.outputs, exchange.described, strict=True)
            if claim.requires_grad
        ]
        return tuple(output.clone() for output in outputs)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        flowing = iter(grads)
        drawn = [next(flowing) if claim.requires_grad else None for claim in ctx.exchange.described]
        found, _ = ask_backward(ctx.session, ctx.exchange.number, drawn, parameters=False)
        return (None, None, *(found + [None] * ctx.count)[: ctx.count])


def _connected(session: Session, exchange: Exchange, leaves: list[Tensor]) -> Any:
    connected = iter(_Remote.apply(session, exchange, *leaves))  # type: ignore[no-untyped-call]
    replaced = {
        id(output): next(connected)
        for output, claim in zip(exchange.outputs, exchange.described, strict=True)
        if claim.requires_grad
    }
    return _replace(exchange.value, replaced)


def _replace(value: Any, replaced: Mapping[int, Tensor]) -> Any:
    if isinstance(value, Tensor):
        return replaced.get(id(value), value)
    if isinstance(value, dict):
        return {key: _replace(item, replaced) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_replace(item, replaced) for item in value)
    return value
