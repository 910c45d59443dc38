"""The mutation run's own parts: where a mistake is put, and what becomes of a process that it ends."""

import os
from pathlib import Path

import pytest

from clientward_store.keys import check_key
from quality.mutation.forks import each, in_child
from quality.mutation.patching import put_in
from quality.mutation.targets import Mutant, files, mutants, sample


def _mutant(path: str, *, rule: str, before: str = "", is_at_import: bool = False) -> Mutant:
    """Return the first mistake of a rule in a file, in a text that begins so."""
    return next(
        each
        for each in mutants(Path(path))
        if (each.rule, each.at_import) == (rule, is_at_import) and each.before.startswith(before)
    )


def test_a_mistake_in_a_function_is_made_where_it_is_imported_and_in_the_fork_alone() -> None:
    """Who imported the function long ago is answered wrongly from then on; here it goes on being right."""
    found = _mutant(
        "packages/store/src/clientward_store/keys.py",
        rule="returned",
        before="return f'{_tag(prefix, partition)}:doctor'",
    )
    right = check_key("app-table", 3)
    assert in_child(lambda: (put_in(found), check_key("app-table", 3))) == (True, None)
    assert check_key("app-table", 3) == right == "{app-table:3}:doctor"


def test_a_mistake_that_has_its_effect_at_import_is_not_made_in_place() -> None:
    """A constant of a module is known to whoever imported it: the module is to be imported anew."""
    found = _mutant("relationship/contract/times.py", rule="constant", is_at_import=True)
    assert in_child(lambda: put_in(found)) is False


def test_a_process_that_ends_without_an_answer_has_none() -> None:
    """The others' answers arrive, whatever becomes of one."""
    answers = {
        done.job: done.answer for done in each([0, 1, 2, 3], lambda job: os._exit(3) if job == 2 else job * job, 2)
    }
    assert answers == {0: 0, 1: 1, 2: None, 3: 9}
    with pytest.raises(RuntimeError, match="without an answer"):
        in_child(lambda: os._exit(0))
    with pytest.raises(RuntimeError, match="by zero"):
        in_child(lambda: 1 // 0)


def test_a_seed_draws_the_same_mistakes_every_time() -> None:
    """So that a figure can be had again; another seed draws others."""
    paths = files(["relationship/contract/*.py"])
    assert sample(paths, 20, 1) == sample(paths, 20, 1) != sample(paths, 20, 2)
