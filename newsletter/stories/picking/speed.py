"""numpy and scipy, the extra `speed`: loaded only for weeks that are worth the third of a second that it takes."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from typing import Any


@cache
def is_installed() -> bool:
    """Whether both are there."""
    return find_spec("numpy") is not None and find_spec("scipy") is not None


def load() -> tuple[Any, Any]:
    """numpy, and scipy's sparse matrices."""
    import numpy
    from scipy import sparse

    return numpy, sparse


def loaded() -> Any:
    """numpy, where it was loaded already; else None."""
    return sys.modules.get("numpy")


@contextmanager
def without_collecting() -> Iterator[None]:
    """Let the collector of cycles rest: what is made here has none, and looking for them is a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            # what was made is old by now; looked through at once, it would cost what was saved
            gc.freeze()
            gc.unfreeze()
            gc.enable()
