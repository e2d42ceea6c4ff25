"""numpy and scipy, the extra `speed`: loaded only for weeks that are worth the third of a second that it takes."""

import sys
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
