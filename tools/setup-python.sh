#!/usr/bin/env bash
# Make the virtual environment and install the pinned, hash-checked dependencies. Safe to run again.
set -euo pipefail
python=$1 venv=$2
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  for try in python3.13 python3.12 python3.11; do command -v "$try" >/dev/null && python=$try && break; done
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Ansimnet needs Python 3.11 or newer; found $("$python" --version 2>&1). Install one and say: make setup PYTHON=python3.12" >&2
  exit 1
}
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv" || {
  echo "no venv module: on Debian or Ubuntu install it with  apt-get install python3-venv" >&2
  exit 1
}
echo "installing Python packages (a few minutes the first time) …"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
