"""One hop of the relay over 176,371 cameras, and a search of ten million sightings beside pgvector and FAISS.

Keys: hop_p50_ms hop_p99_ms hop_cpu_p99_ms search_p50_ms search_p99_ms search_cpu_p99_ms recall rivals memory_mb. The
`cpu` figures are the processor's time of the same steps: what others on the machine take is not in them.
"""

from __future__ import annotations

from typing import Any

from benchmarks import _tracing_hop, _tracing_search

from ansimnet.app.measure import Options


def run(options: Options) -> dict[str, Any]:
    """Measure both halves and return the figures."""
    hop = _tracing_hop.run(options)
    search = _tracing_search.run(options)
    memory = {"net": hop.pop("memory_mb"), "search": search.pop("memory_mb", None)}
    return {**hop, **search, "memory_mb": sum(m for m in memory.values() if m), "memory_parts_mb": memory}
