"""Exercise sources as text: the starter, and a stand-alone submission from a mistake.

Everything here works on text and syntax trees; nothing is imported or run.
"""

from __future__ import annotations

import ast
import re
import textwrap

from studytrack.errors import ContentFault

_REGION = re.compile(
    r"^(?P<indent>[ \t]*)# solution[ \t]*\n(?P<body>.*?)^[ \t]*# end[ \t]*(?:\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
_MARKER = re.compile(r"^[ \t]*# (?:solution|end)[ \t]*$", re.MULTILINE)
_DECLARING = frozenset({"check", "mistake", "alternative"})


def make_starter(reference: str) -> str:
    """Return the reference with each `# solution` … `# end` region taken out.

    A region becomes `raise NotImplementedError`; the module docstring, which explains the
    solution, is dropped, and imports that only the solution used stay (a learner may need them).

    Raises:
        ContentFault: no region, or a marker without its partner.
    """
    starter, count = _REGION.subn(r"\g<indent>raise NotImplementedError\n", reference)
    if count == 0 or _MARKER.search(starter):
        raise ContentFault("`# solution` and `# end` must stand in pairs, at least one pair.")
    tree = ast.parse(starter)
    if ast.get_docstring(tree) is not None and isinstance(tree.body[0], ast.Expr):
        lines = starter.splitlines(keepends=True)
        starter = "".join(lines[tree.body[0].end_lineno :]).lstrip("\n")
    return starter


def solution_lines(reference: str) -> int:
    """Return how many lines of code the reference's solution regions hold."""
    return sum(
        1
        for match in _REGION.finditer(reference)
        for line in match["body"].splitlines()
        if line.strip() and not line.strip().startswith("#")
    )


def decorated(checks: str, decorator: str) -> list[str]:
    """Return the names that a `checks.py` defines under a decorator, in order.

    Args:
        checks: the text of `checks.py`.
        decorator: "mistake" or "alternative".
    """
    return [
        node.name
        for node in ast.parse(checks).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        and any(_decorator(used) == decorator for used in node.decorator_list)
    ]


def _decorator(used: ast.expr) -> str:
    target = used.func if isinstance(used, ast.Call) else used
    return target.id if isinstance(target, ast.Name) else ""


def extract_submission(checks: str, name: str, entry: str) -> str:
    """Return `name` of a `checks.py` as a submission: renamed to `entry`, with what it needs.

    Imports (but for studytrack's own), constants and helpers of the file come along. Decorators
    stay but for those that declare: a helper may be cached, a mistake may turn gradients off.

    Args:
        checks: the text of `checks.py`.
        name: the decorated function or class, a mistake or an alternative.
        entry: the name that graders look for.

    Raises:
        ContentFault: no such definition.
    """
    tree = ast.parse(checks)
    kept: list[ast.stmt] = []
    found = False
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("studytrack"):
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)):
            kept.append(node)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            declaring = [used for used in node.decorator_list if _decorator(used) in _DECLARING]
            if node.name == name:
                node.decorator_list = [d for d in node.decorator_list if d not in declaring]
                node.name, found = entry, True
                node.body = _without_docstring(node.body)
                kept.append(_renamed(node, name, entry))
            elif not declaring:
                kept.append(node)
    if not found:
        raise ContentFault(f"`{name}` is not defined in checks.py.")
    return "\n\n".join(ast.unparse(ast.fix_missing_locations(node)) for node in kept) + "\n"


def extract_definition(checks: str, name: str, entry: str, *, imports: bool = False) -> str:
    """Return `name` of a `checks.py` renamed to `entry`, after the helpers that it uses.

    What nothing refers to is left out. Without `imports` it is to be read, not run.

    Raises:
        ContentFault: no such definition.
    """
    body = ast.parse(extract_submission(checks, name, entry)).body
    defined = {one: node for node in body for one in _defines(node)}
    used, waiting = set[str](), [entry]
    while waiting:
        one = waiting.pop()
        if one not in used:
            used.add(one)
            names = (n.id for n in ast.walk(defined[one]) if isinstance(n, ast.Name))
            waiting += [other for other in names if other in defined]
    kept = [
        node
        for node in body
        if not used.isdisjoint(_defines(node))
        or (imports and isinstance(node, (ast.Import, ast.ImportFrom)))
    ]
    return "\n\n".join(ast.unparse(node) for node in kept)


def _defines(node: ast.stmt) -> list[str]:
    """Return the names that a statement of a module defines, imports left out."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    documented = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    return body[1:] if documented and len(body) > 1 else body


def _renamed(node: ast.FunctionDef | ast.ClassDef, name: str, entry: str) -> ast.stmt:
    """Rename recursive uses of the definition, so that it still finds itself."""

    class Rename(ast.NodeTransformer):
        def visit_Name(self, inner: ast.Name) -> ast.Name:
            if inner.id == name:
                inner.id = entry
            return inner

    renamed = Rename().visit(node)
    assert isinstance(renamed, (ast.FunctionDef, ast.ClassDef))
    return renamed


def split_front_matter(text: str) -> tuple[str, str]:
    """Return the TOML between two `+++` lines at the top, and the rest.

    Raises:
        ContentFault: the first line is not `+++`, or the block is never closed.
    """
    fence = r"\+\+\+[ \t]*"
    match = re.match(rf"{fence}\n(.*?)^{fence}(?:\n(.*))?\Z", text, re.DOTALL | re.MULTILINE)
    if match is None:
        raise ContentFault("The file must begin with TOML between two lines of `+++`.")
    return match[1], textwrap.dedent(match[2] or "").strip() + "\n"
