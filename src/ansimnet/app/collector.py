"""Python's collector of cycles in a server: it need not walk what lives as long as the process."""

from __future__ import annotations

import gc

FIRST, SECOND, THIRD = 50_000, 20, 50
"""After how many new containers a first walk, and after how many walks of a generation the next one's (ours).

Python's 700 took a seventh of a gateway's time: a batch makes thousands, hardly any of them in a cycle. What cycles
hold meanwhile is at most some ten megabytes."""


def settle() -> None:
    """Take all that is loaded now out of the collector's rounds, and let it go round less often.

    Called once, when a process has built what it serves with.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(FIRST, SECOND, THIRD)
