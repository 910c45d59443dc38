"""A mistake put into functions that are imported already: their code is exchanged, in a fork."""

import ast
import gc
import os
from collections.abc import Iterator
from functools import cache
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FunctionType

from quality.mutation.targets import Mutant, mutated

Key = tuple[str, int]  # a function's qualified name and its first line


def put_in(mutant: Mutant) -> bool:
    """Give every function of a mutant's file the mutated code, and return whether that is the whole of the mistake.

    It is not where the mistake stands outside of any function, or in one that nothing has imported, or in one whose place
    among the file's is not unique; then a module has to be imported with the mistake in it.
    """
    text = Path(mutant.path).read_bytes()
    right, wrong = _functions(compile(ast.parse(text), mutant.path, "exec")), _functions(mutated(mutant))
    changed = {key for key in right if right[key] != wrong.get(key)}
    found = [each for each in _imported(Path(mutant.path)) if _key(each.__code__) in changed]
    keys = {_key(each.__code__) for each in found}
    if not keys or not {key for key in changed if "<locals>" not in key[0]} <= keys:
        return False
    if any(len(wrong.get(key, ())) != 1 for key in keys):
        return False
    if any(each.__code__.co_freevars != wrong[_key(each.__code__)][0].co_freevars for each in found):
        return False
    for each in found:
        each.__code__ = wrong[_key(each.__code__)][0]
    return True


def _key(code: CodeType) -> Key:
    return code.co_qualname, code.co_firstlineno


def _functions(module: CodeType) -> dict[Key, list[CodeType]]:
    """Return the code of every function of a module, of every lambda and of every comprehension."""
    found: dict[Key, list[CodeType]] = {}
    for code in _below(module):
        if code.co_flags & CO_OPTIMIZED:
            found.setdefault(_key(code), []).append(code)
    return found


def _below(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _below(constant)


def _imported(path: Path) -> list[FunctionType]:
    """Return the functions of a file that there are in this process."""
    real, is_it = str(path.resolve()), cache(os.path.realpath)
    return [
        each for each in gc.get_objects() if type(each) is FunctionType and is_it(each.__code__.co_filename) == real
    ]
