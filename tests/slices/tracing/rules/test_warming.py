"""Whatever is compiled is compiled before a process is ready: the first judgement waits for nobody."""

from __future__ import annotations

import pkgutil
from dataclasses import replace
from importlib import import_module

import pytest
from numba.core.registry import CPUDispatcher
from tests.slices.tracing.rules.small_city import seen, town

from ansimnet.kernel.geo import Point
from ansimnet.slices.tracing import rules
from ansimnet.slices.tracing.rules import relay, warming
from ansimnet.slices.tracing.rules.learned import prior
from ansimnet.slices.tracing.rules.types import Opening, Subject, Verdict


def kernels() -> dict[str, int]:
    """Return every kernel of the rules, and for how many kinds of arguments it is ready (0: only inside others)."""
    found = {}
    for module in pkgutil.iter_modules(rules.__path__):
        for name, value in vars(import_module(f"{rules.__name__}.{module.name}")).items():
            if isinstance(value, CPUDispatcher) and not name.startswith("__"):
                found[f"{module.name}.{name}"] = len(value.signatures)
    return found


@pytest.mark.requirement("TR-05")
def test_a_relay_finds_every_kernel_compiled() -> None:
    warming.warm()
    ready = kernels()
    assert sum(ready.values()) > 0
    trace = relay.begin(town(), prior(), Subject(), seen(0, 0.0, heading=90.0))
    (named, *_) = relay.ahead(trace, 0.0)
    he = replace(seen(named.camera, 70.0, id="he", heading=90.0), ground=Point(37.5, 127.0))
    trace = relay.observe(trace, [Opening(named.camera, 0.0, 80.0)], [he], 80.0)
    relay.heat(relay.judge(trace, "he", Verdict.HIM), 90.0)
    relay.openings(trace, 80.0, 90.0)
    relay.stopped(trace, 90.0)
    assert kernels() == ready
