"""What the store touches of Faust's private names: all of it in one module, and still there in the installed Faust."""

import ast
import inspect
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import faust.app.base
import faust.transport.consumer
import pytest
from faust.stores.base import SerializedStore

from clientward_store import faust_private
from clientward_store.faust_private import TOUCHED, FlushBarrier, barrier_of, gone

PRIVATE = {name for name in dir(SerializedStore) if name.startswith("_") and not name.startswith("__")}
MODULE = Path(faust_private.__file__)
OTHERS = sorted(path for path in MODULE.parent.glob("*.py") if path != MODULE)


def private_names(path: Path) -> set[str]:
    """Return the private names of Faust's stores that a module defines or asks for."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    named = [node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {*named, *(node.attr for node in nodes if isinstance(node, ast.Attribute))} & PRIVATE


def test_the_installed_faust_has_every_name() -> None:
    """After an upgrade this names what Faust has taken away, beside the version that took it."""
    assert gone() == [], f"faust-streaming {version('faust-streaming')}"


def test_what_is_gone_is_named() -> None:
    """A name that the class does not have is told with its module and class; what is there is not."""
    touched = {SerializedStore: ("_get", "_fetch"), FlushBarrier: ("flushed",)}
    assert gone(touched) == [
        "faust.stores.base.SerializedStore._fetch",
        "clientward_store.faust_private.FlushBarrier.flushed",
    ]


def test_every_private_name_is_listed() -> None:
    """The list holds what the module touches, no more and no less."""
    assert private_names(MODULE) == set(TOUCHED[SerializedStore])


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.name)
def test_no_other_module_touches_a_private_name(path: Path) -> None:
    """The store's other modules know Faust by its public names alone."""
    assert private_names(path) == set()


@pytest.mark.parametrize("module", [faust.transport.consumer, faust.app.base], ids=lambda module: module.__name__)
def test_faust_awaits_the_flush_that_is_replaced(module: ModuleType) -> None:
    """The consumer flushes the producer before it commits, and the app before it lets partitions go or ends."""
    assert "producer.flush()" in inspect.getsource(module)


async def test_a_barrier_flushes_kafka_before_the_stores() -> None:
    """An app has one barrier, however often it is asked for: Kafka's confirmations come first, then every store's flush."""
    order: list[str] = []

    class Producer:
        async def flush(self) -> None:
            order.append("kafka")

    async def store_flush() -> None:
        order.append("redis")

    producer = Producer()
    barrier_of(producer).store_flushes.add(store_flush)
    assert barrier_of(producer) is producer.flush
    await producer.flush()
    assert order == ["kafka", "redis"]
