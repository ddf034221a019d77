"""Run every test in lanes side by side: most wait for a database, a browser or a clock, and two lanes share a core.

Usage: tools/test.py [OPTION ...] [PATH ...]; every lane gets the options; with paths there is one lane alone.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent
PYTEST = [sys.executable, "-m", "pytest"]
SLOW = "tests/journeys"
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
        whole = [*argv, *options]
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
                failed.append(name)
    print(f"\n{'failed: ' + ', '.join(failed) if failed else 'every lane passed'}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
