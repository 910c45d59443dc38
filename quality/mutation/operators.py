"""The mistakes: what one node of a syntax tree could have been instead, by mistake and with another meaning.

Each operator takes a node and yields its replacements. A mutant is named by its number: the place of its replacement among
all of its file's, which is the same for the same text.
"""

import ast
from collections.abc import Callable, Iterator
from copy import copy
from typing import Final, NamedTuple

Replacements = Iterator[ast.AST]

# What each comparison and each operation is mistaken for.
EDGES: Final[dict[type, type]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATIONS: Final[dict[type, type]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
CLAMPS: Final = {"min", "max"}
STEP: Final = 1.1  # a tenth more or less of a number that is not whole


def _with(node: ast.AST, **fields: object) -> ast.AST:
    """Return a copy of a node with some fields changed."""
    changed = copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def edge(node: ast.AST) -> Replacements:
    """`<=` for `<`, `is not` for `is`, and so on, for each comparison of a chain."""
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            yield _with(node, ops=[*node.ops[:i], EDGES[type(op)](), *node.ops[i + 1 :]])


def connective(node: ast.AST) -> Replacements:
    """`or` for `and`, and the other way round."""
    if isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())


def condition(node: ast.AST) -> Replacements:
    """One condition of several left out."""
    if isinstance(node, ast.BoolOp):
        for i in range(len(node.values)):
            rest = [*node.values[:i], *node.values[i + 1 :]]
            yield rest[0] if len(rest) == 1 else _with(node, values=rest)


def constant(node: ast.AST) -> Replacements:
    """A whole number one more or less, another a tenth; the other one of True and False."""
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield from (ast.Constant(value + 1), ast.Constant(value - 1))
    elif isinstance(value, float):
        yield from (ast.Constant(value * STEP or 1.0), ast.Constant(value / STEP or -1.0))


def operation(node: ast.AST) -> Replacements:
    """`-` for `+`, `/` for `*`, and so on."""
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in OPERATIONS:
        yield _with(node, op=OPERATIONS[type(node.op)]())


def term(node: ast.AST) -> Replacements:
    """One term of an operation left out."""
    if isinstance(node, ast.BinOp):
        yield from (node.left, node.right)


def clamp(node: ast.AST) -> Replacements:
    """One argument of `min` or `max` instead of the least or the most of them."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLAMPS and len(node.args) > 1:
        yield from (arg for arg in node.args if not isinstance(arg, ast.Starred))


def swap(node: ast.AST) -> Replacements:
    """Two neighbouring arguments the other way round."""
    if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in CLAMPS):
        for i in range(len(node.args) - 1):
            yield _with(node, args=[*node.args[:i], node.args[i + 1], node.args[i], *node.args[i + 2 :]])


def negation(node: ast.AST) -> Replacements:
    """A `not` or a minus left out."""
    if isinstance(node, ast.UnaryOp):
        yield node.operand


def branch(node: ast.AST) -> Replacements:
    """One side of a conditional expression, whatever the condition."""
    if isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)


def truth(node: ast.AST) -> Replacements:
    """The condition of an `if` that is neither a comparison nor a connection of several, negated."""
    if isinstance(node, ast.If | ast.While) and not isinstance(node.test, ast.Compare | ast.BoolOp | ast.UnaryOp):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))


def selection(node: ast.AST) -> Replacements:
    """A comprehension that leaves nothing out."""
    if isinstance(node, ast.comprehension) and node.ifs:
        yield _with(node, ifs=[])


def statement(node: ast.AST) -> Replacements:
    """A call made for its effect, or a change of a sum, left out; the other one of `break` and `continue`."""
    if isinstance(node, ast.AugAssign) or (isinstance(node, ast.Expr) and _is_effect(node.value)):
        yield ast.Pass()
    elif isinstance(node, ast.Continue | ast.Break):
        yield ast.Break() if isinstance(node, ast.Continue) else ast.Continue()


def _is_effect(value: ast.expr) -> bool:
    call = value.value if isinstance(value, ast.Await) else value
    return isinstance(call, ast.Call) and not ast.unparse(call.func).startswith("log.")


def returned(node: ast.AST) -> Replacements:
    """The contrary of a truth returned, and None in the place of anything else."""
    if isinstance(node, ast.Return) and node.value is not None:
        if isinstance(node.value, ast.Compare | ast.BoolOp | ast.UnaryOp):
            yield _with(node, value=ast.UnaryOp(ast.Not(), node.value))
        elif not (isinstance(node.value, ast.Constant) and node.value.value is None):
            yield _with(node, value=ast.Constant(None))


OPERATORS: Final[dict[str, Callable[[ast.AST], Replacements]]] = {
    each.__name__: each
    for each in (
        edge,
        connective,
        condition,
        constant,
        operation,
        term,
        clamp,
        swap,
        negation,
        branch,
        truth,
        selection,
        statement,
        returned,
    )
}


class Site(NamedTuple):
    """One node in its place.

    Attributes:
        node: the node.
        put: puts another one in its place.
        lines: the first and the last line of its statement, or of the head of one that has a body.
        at_import: it runs when its module is imported, and not in a call.
    """

    node: ast.AST
    put: Callable[[ast.AST], None]
    lines: tuple[int, int]
    at_import: bool


class Change(NamedTuple):
    """One mistake: the operator's name, where, what stood there and what stands there now; `make` makes it."""

    rule: str
    site: Site
    before: str
    after: str
    make: Callable[[], None]


def changes(tree: ast.Module) -> Iterator[Change]:
    """Yield every mistake that can be made in a module, in an order that its text alone gives."""
    for site in _sites(tree, (1, 1), at_import=True):
        before = ast.unparse(site.node)
        for rule, operator in OPERATORS.items():
            for new in operator(site.node):
                after = ast.unparse(ast.fix_missing_locations(ast.copy_location(new, site.node)))
                if after != before:
                    yield Change(rule, site, before, after, _maker(site, new))


def _maker(site: Site, new: ast.AST) -> Callable[[], None]:
    return lambda: site.put(new)


def _sites(parent: ast.AST, lines: tuple[int, int], *, at_import: bool) -> Iterator[Site]:
    """Yield the nodes below one, each before those below it.

    Left out is what makes no difference to a run: annotations, options of classes, `strict` of zip, unions of types.
    """
    for name, value in ast.iter_fields(parent):
        if name in {"annotation", "returns"} or (name == "keywords" and isinstance(parent, ast.ClassDef)):
            continue
        is_inside = isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and name == "body"
        for i, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or _is_left_out(child, at_import=at_import):
                continue
            own = _lines_of(child, lines)
            inside = at_import and not is_inside
            put = _putter(parent, name, i if isinstance(value, list) else None)
            yield Site(child, put, own, inside)
            yield from _sites(child, own, at_import=inside)


def _is_left_out(node: ast.AST, *, at_import: bool) -> bool:
    """Tell whether nothing is to be changed in a node and below it."""
    if isinstance(node, ast.keyword):
        return node.arg in {"strict", "frozen", "slots"}
    if isinstance(node, ast.BinOp):
        return at_import and isinstance(node.op, ast.BitOr) and any(map(_is_type, (node.left, node.right)))
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "__name__ == '__main__'"
    return isinstance(node, ast.JoinedStr)


def _is_type(node: ast.expr) -> bool:
    """Tell whether an expression is a type by its name."""
    name = ast.unparse(node).rpartition(".")[2]
    return name in {"int", "float", "str", "bytes"} or (name[:1].isupper() and not name.isupper())


def _lines_of(node: ast.AST, around: tuple[int, int]) -> tuple[int, int]:
    if not isinstance(node, ast.stmt):
        return around
    body = getattr(node, "body", None)
    last = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno
    return node.lineno, last


def _putter(parent: ast.AST, name: str, index: int | None) -> Callable[[ast.AST], None]:
    def put(new: ast.AST) -> None:
        if index is None:
            setattr(parent, name, new)
        else:
            getattr(parent, name)[index] = new

    return put
