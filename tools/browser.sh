#!/usr/bin/env bash
# See that a Chromium is there for the browser journeys; install Debian's where we may. Without one those tests skip, and say so.
set -u
for b in "${ANSIMNET_CHROMIUM:-}" chromium chromium-browser google-chrome "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
  [ -n "$b" ] && { command -v "$b" >/dev/null 2>&1 || [ -x "$b" ]; } && exit 0
done
if command -v apt-get >/dev/null 2>&1; then
  root=""; [ "$(id -u)" = 0 ] || root="sudo -n"
  echo "installing Chromium for the browser tests …"
  $root apt-get update -qq && $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null && exit 0
fi
echo "no Chromium found: the browser tests will skip. Install one (apt-get install chromium) or set ANSIMNET_CHROMIUM." >&2
exit 0
