"""Work on many addresses at once, but on those of one host one after the other."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar
from urllib.parse import urlsplit

_CREW = 8

Item = TypeVar("Item")
Result = TypeVar("Result")


def of(url: str) -> str:
    """The host of *url*, with its port where it names one."""
    return urlsplit(url).netloc.lower()


def by_host(items: Iterable[Item], url_of: Callable[[Item], str]) -> dict[str, list[Item]]:
    """*items* by the hosts of their addresses, in their order."""
    groups = defaultdict(list)
    for item in items:
        groups[of(url_of(item))].append(item)
    return dict(groups)


def work(groups: dict[str, list[Item]], do: Callable[[Item], Result]) -> Iterator[Result]:
    """What *do* made of each item, as soon as it is there. *do* must not raise; it runs in several threads."""
    results: SimpleQueue[Result] = SimpleQueue()
    stop = threading.Event()

    def one_host(items: list[Item]) -> None:
        for item in items:
            if stop.is_set():
                return
            results.put(do(item))

    pool = ThreadPoolExecutor(_CREW, thread_name_prefix="visit")
    try:
        for items in groups.values():
            pool.submit(one_host, items)
        for _ in range(sum(map(len, groups.values()))):
            yield results.get()
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
