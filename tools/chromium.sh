#!/usr/bin/env bash
# Brings the browser for the browser tests, where that can be done without asking; else says how.
set -euo pipefail
command -v chromium >/dev/null && exit 0
if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the browser tests ..."
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium fonts-liberation; } >"$log" 2>&1 && exit 0
    tail -n 5 "$log" >&2
fi
echo "No 'chromium' on PATH: browser tests will be skipped. Install it, for example: sudo apt-get install chromium" >&2
