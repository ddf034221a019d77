#!/usr/bin/env bash
# Build the web pages with the machine's Node, or with the one pip brings where there is none (or one too old).
set -euo pipefail
bin=$(cd "$1" && pwd)
good='const [a,b]=process.versions.node.split(".").map(Number);process.exit(a>20||(a===20&&b>=19)?0:1)'
if ! { command -v node >/dev/null && command -v npm >/dev/null && node -e "$good"; }; then
  echo "no Node 20.19 or newer on this machine: installing one into the virtual environment …"

  "$bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-node.lock
  "$bin/python" tools/link_node.py "$bin"
  export PATH="$bin:$PATH"
fi
echo "building the web pages …"
cd web
npm ci --no-audit --no-fund --loglevel=error
npm run --loglevel=error build
