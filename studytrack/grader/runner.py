"""The runner's side: the submission answers one question at a time.

Runs in a forked, closed-in process. It knows no reference, seed or expected value, and nothing
that it says about itself is believed: the judge compares the values it sends.
"""

from __future__ import annotations

import linecache
import os
import random
import sys
import traceback
import types
from typing import Any

import torch
from torch import Tensor

from studytrack.grader.codec import Decoder, Encoder, Handle, NotGradable
from studytrack.grader.forbid import Closed
from studytrack.grader.wire import FrameReader, ProtocolFault, pack

FILE = "solution.py"
_MAX_HANDLES, _KEPT_GRAPHS, _MAX_MESSAGE, _MAX_LINES = 64, 8, 500, 8

_SCALARS = {int, float, str, bool, bytes, type(None)}


class Runner:
    """Holds the loaded submission, its live objects and the last few graphs."""

    def __init__(self) -> None:
        self._entry: Any = None
        self._objects: dict[int, Any] = {}
        self._graphs: dict[int, tuple[list[Tensor], list[Tensor], Any]] = {}
        self._closed = Closed(())

    def answer(self, question: dict[str, Any], buffers: list[bytes]) -> bytes:
        """Return the frame that answers one question; the learner's faults are answers too."""
        number = question.get("id", 0)
        try:
            operation = getattr(self, f"_do_{question['op']}")
            return self._packed(number, *operation(question, buffers))
        except NotGradable as error:
            return pack(
                {"id": number, "ok": False, "error": _plain_error("NotGradable", str(error))}
            )
        except ProtocolFault as error:
            text = f"The result is too large to be graded: {error}."
            return pack({"id": number, "ok": False, "error": _plain_error("NotGradable", text)})
        except BaseException as error:  # noqa: BLE001 - a submission may raise anything, also SystemExit
            said = {"id": number, "ok": False, "error": _describe(error)}
            if _is_on_gpu(question) and _has_lost_device():
                said["lost"] = True
            return pack(said)

    @staticmethod
    def _packed(number: int, header: dict[str, Any], buffers: list[bytes]) -> bytes:
        return pack({"id": number, "ok": True, **header}, buffers)

    def _do_load(self, question: dict[str, Any], buffers: list[bytes]) -> Any:
        source = buffers[0].decode("utf-8")
        torch.set_num_threads(1)
        torch.manual_seed(question["seed"])
        random.seed(question["seed"])
        linecache.cache[FILE] = (len(source), None, source.splitlines(keepends=True), FILE)
        module = types.ModuleType("solution")
        module.__file__ = FILE
        sys.modules["solution"] = module
        self._closed = Closed(question.get("forbid", ()))
        with self._closed.watching():
            exec(compile(source, FILE, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - this is what a runner is for
        self._entry = getattr(module, question["entry"], None)
        return {"found": callable(self._entry)}, []

    def _do_call(self, question: dict[str, Any], buffers: list[bytes]) -> Any:
        return self._call(self._entry, question, buffers)

    def _do_new(self, question: dict[str, Any], buffers: list[bytes]) -> Any:
        decoder, args, kwargs = self._arguments(question, buffers)
        del decoder
        with self._closed.watching():
            made = self._entry(*args, **kwargs)
            if isinstance(made, torch.nn.Module) and _is_on_gpu(question):
                made.to(question["device"])  # as its user would; the inputs come there too
        return {"value": ["h", self._keep(made)]}, []

    def _do_invoke(self, question: dict[str, Any], buffers: list[bytes]) -> Any:
        target = self._objects[question["h"]]
        method = question["method"]
        return self._call(getattr(target, method) if method else target, question, buffers)

    def _do_forget(self, question: dict[str, Any], buffers: list[bytes]) -> Any:
        del question, buffers
        self._objects.clear()
        self._graphs.clear()
        return {"value": None}, []

    def _do_attr(self, question: dict[str, Any], buffers: list[bytes]) -> Any:
        del buffers
        encoder = Encoder(handle=self._keep)
        value = getattr(self._objects[question["h"]], question["name"])
        return {"value": encoder.node(value)}, encoder.buffers

    def _do_state(self, question: dict[str, Any], buffers: list[bytes]) -> Any:
        del buffers
        target = self._objects[question["h"]]
        encoder = Encoder()
        state = {str(name): value for name, value in target.state_dict().items()}
        trainable = [name for name, value in target.named_parameters() if value.requires_grad]
        header = {"value": encoder.node(state), "trainable": encoder.node(trainable)}
        return header, encoder.buffers

    def _do_set(self, question: dict[str, Any], buffers: list[bytes]) -> Any:
        target = self._objects[question["h"]]
        values = Decoder(buffers).value(question["values"])
        dtype = next((value.dtype for value in values.values() if value.is_floating_point()), None)
        if dtype is not None:
            target.to(dtype)
        target.load_state_dict(values)
        return {"value": None}, []

    def _do_backward(self, question: dict[str, Any], buffers: list[bytes]) -> Any:
        inputs, outputs, target = self._graphs[question["call"]]
        cotangents = Decoder(buffers).value(question["cotangents"])
        named = dict(target.named_parameters()) if isinstance(target, torch.nn.Module) else {}
        wanted = inputs + list(named.values()) if question.get("parameters") else inputs
        pairs = [
            (output, cotangent)
            for output, cotangent in zip(outputs, cotangents, strict=True)
            if cotangent is not None and output.requires_grad
        ]
        grads: list[Tensor | None] = [None] * len(wanted)
        if pairs and wanted:
            grads = list(
                torch.autograd.grad(
                    [output for output, _ in pairs],
                    wanted,
                    [cotangent.to(output.device) for output, cotangent in pairs],
                    allow_unused=True,
                    retain_graph=True,
                )
            )
        encoder = Encoder()
        names = list(named) if question.get("parameters") else []
        header = {
            "grads": encoder.node(grads[: len(inputs)]),
            "named": encoder.node(dict(zip(names, grads[len(inputs) :], strict=True))),
        }
        return header, encoder.buffers

    def _call(self, target: Any, question: dict[str, Any], buffers: list[bytes]) -> Any:
        decoder, args, kwargs = self._arguments(question, buffers)
        with self._closed.watched():
            result = target(*args, **kwargs)
            if _is_on_gpu(question):
                torch.cuda.synchronize()  # a kernel's fault shows in the call that launched it
        methods_may_return_objects = question["op"] == "invoke"
        encoder = Encoder(handle=self._keep if methods_may_return_objects else None)
        value = encoder.node(result)
        outputs = list(encoder.tensors)
        leaves = [tensor for tensor in decoder.tensors if tensor.requires_grad]
        aliased = bool(identities(result) & identities([args, kwargs]))
        with torch.no_grad():
            after = encoder.node([list(args), kwargs])
        self._graphs[question["call"]] = (leaves, outputs, getattr(target, "__self__", target))
        while len(self._graphs) > _KEPT_GRAPHS:
            del self._graphs[next(iter(self._graphs))]
        return {"value": value, "inputs": after, "aliased": aliased}, encoder.buffers

    def _arguments(
        self, question: dict[str, Any], buffers: list[bytes]
    ) -> tuple[Decoder, list[Any], dict[str, Any]]:
        decoder = Decoder(buffers, question.get("device", "cpu"), strided=True)
        args, kwargs = decoder.value(question["args"]), decoder.value(question["kwargs"])
        for tensor, claim in zip(decoder.tensors, decoder.described, strict=True):
            if claim.requires_grad:
                tensor.requires_grad_()
        args = [self._resolved(value) for value in args]
        return decoder, args, {name: self._resolved(value) for name, value in kwargs.items()}

    def _resolved(self, value: Any) -> Any:
        return self._objects[value.id] if isinstance(value, Handle) else value

    def _keep(self, value: Any) -> int | None:
        for number, known in self._objects.items():
            if known is value:
                return number
        if isinstance(value, Tensor) or len(self._objects) >= _MAX_HANDLES:
            return None
        self._objects[len(self._objects)] = value
        return len(self._objects) - 1


def _is_on_gpu(question: dict[str, Any]) -> bool:
    return str(question.get("device", "cpu")).startswith("cuda")


def _has_lost_device() -> bool:
    """Tell whether the GPU's context is broken: then every later call to it fails, too."""
    try:
        torch.cuda.synchronize()
    except RuntimeError:
        return True
    return False


def identities(value: Any) -> set[tuple[str, int]]:
    """Return what a value is made of that can be shared: storages and mutable containers."""
    if isinstance(value, Tensor):
        return {("storage", value.untyped_storage().data_ptr())} if value.numel() else set()
    found: set[tuple[str, int]] = set()
    if isinstance(value, (list, dict, set)):
        found.add(("object", id(value)))
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)) and not set(map(type, value)) <= _SCALARS:
        for item in value:
            found |= identities(item)
    return found


def _plain_error(kind: str, message: str) -> dict[str, Any]:
    return {"type": kind, "message": message[:_MAX_MESSAGE], "mro": [kind], "lines": []}


def _describe(error: BaseException) -> dict[str, Any]:
    """Return class names, message and the submission's own line numbers of an exception."""
    lines = [
        frame.lineno or 0
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == FILE
    ]
    if isinstance(error, SyntaxError) and error.filename == FILE:
        lines.append(error.lineno or 0)
    try:
        message = str(error)
    except BaseException:  # noqa: BLE001 - a hostile __str__
        message = ""
    return {
        "type": type(error).__name__[:80],
        "message": _printable(message)[:_MAX_MESSAGE],
        "mro": [kind.__name__[:80] for kind in type(error).__mro__][:20],
        "lines": lines[-_MAX_LINES:],
    }


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def serve(questions: int, answers: int, isolation: tuple[str, ...]) -> None:
    """Say which layers closed this process in, then answer questions until the pipe ends."""
    runner, reader = Runner(), FrameReader()
    _write(answers, pack({"id": 0, "ok": True, "isolation": list(isolation)}))
    while data := os.read(questions, 1 << 20):
        for question, buffers in reader.feed(data):
            _write(answers, runner.answer(question, buffers))


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
