"""Run every test in lanes side by side: most wait for a database, a browser or a clock, and two lanes share a core.

A few tests keep time as the product must (a lease of a second, a picture in ten): beside other lanes on a slow machine
one may lose it. What failed is run once more when the lanes are done, alone; failing twice fails, and both are told.

Usage: tools/test.py [OPTION ...] [PATH ...]; every lane gets the options; with paths there is one lane alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).parent.parent
PYTEST = [sys.executable, "-m", "pytest"]
SLOW = "tests/journeys"
MOST_AGAIN = 8
"""Ours: more failures than these are no want of time."""
STAGGER_S = 2.0
"""Between the lanes' beginnings: each clears what killed runs left, and must not take the next one for such a rest."""
LANES: dict[str, list[str]] = {
    "journeys": [*PYTEST, SLOW],
    "slices": [*PYTEST, "tests/slices"],
    "the rest": [*PYTEST, "tests", f"--ignore={SLOW}", "--ignore=tests/slices"],
}


def main() -> int:
    """Run the lanes and print what each said when it ends; return 1 if any failed."""
    options = sys.argv[1:]
    if any(not word.startswith("-") for word in options):
        return subprocess.run([*PYTEST, *options], cwd=ROOT, check=False).returncode
    began, running = time.monotonic(), dict[str, tuple[subprocess.Popen[bytes], IO[bytes]]]()
    said: IO[bytes]
    for name, argv in LANES.items():
        said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as its lane
        whole = [*argv, *_cache(name), *options]
        running[name] = subprocess.Popen(whole, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT), said
        time.sleep(STAGGER_S)
        print(f"{name}: {' '.join(argv[2:])}", flush=True)
    failed = []
    while running:
        time.sleep(0.5)
        for name in [n for n, (lane, _) in running.items() if lane.poll() is not None]:
            lane, said = running.pop(name)
            said.seek(0)
            print(f"\n== {name}, after {time.monotonic() - began:.0f} s", flush=True)
            sys.stdout.buffer.write(said.read())
            sys.stdout.flush()
            if lane.returncode:
                failed.append((name, lane.returncode))
    lost = [name for name, code in failed if not _alone(name, code, options)]
    print(f"\n{'failed: ' + ', '.join(lost) if lost else 'every lane passed'}", flush=True)
    return 1 if lost else 0


def _cache(name: str) -> list[str]:
    """Return the option that keeps a lane's failures apart from the others'."""
    return ["-o", f"cache_dir={ROOT / '.pytest_cache' / name.replace(' ', '-')}"]


def _alone(name: str, code: int, options: list[str]) -> bool:
    """Run what failed in a lane once more, alone; return whether all of it passed."""
    kept = ROOT / ".pytest_cache" / name.replace(" ", "-") / "v" / "cache" / "lastfailed"
    names = sorted(json.loads(kept.read_text(encoding="utf-8"))) if kept.is_file() else []
    if code != pytest.ExitCode.TESTS_FAILED or not 0 < len(names) <= MOST_AGAIN:
        return False
    print(f"\n== {name}: once more, alone: {' '.join(names)}", flush=True)
    again = [*LANES[name], *_cache(name), "--last-failed", "--last-failed-no-failures=none", *options]
    return subprocess.run(again, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
