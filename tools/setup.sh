#!/usr/bin/env bash
# Makes .venv exactly as requirements.lock says, and builds the pages' scripts and styles with the Node that comes with it.
# Safe to repeat; does nothing when nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."

# A fresh machine may have a `python3.13` that is only a stub and fails, so each candidate is run.
find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3.13 python3.12 python3.14 python3 \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.{13,12,14}*/bin/python; do
        "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' 2>/dev/null &&
            "$candidate" -c 'import sys; print(sys.executable)' && return
    done
    echo "vitalfew needs Python 3.12 or newer with its venv module, and found none." >&2
    echo "Install one (on Debian or Ubuntu: python3 and python3-venv), or name it: PYTHON=/path/to/python make setup" >&2
    return 1
}

# The pages: packages by the lock file, then one build. Without it everything works but `vitalfew serve`.
build_pages() {
    local dist=src/vitalfew/server/static/dist packages sources
    packages=$(cat frontend/package.json frontend/package-lock.json frontend/.npmrc | cksum)
    sources=$(find frontend/src frontend/*.ts frontend/*.json src/vitalfew/report/report.css -type f -print0 |
        sort -z | xargs -0 cat | cksum)
    [[ -f $dist/manifest.json && "$(cat frontend/node_modules/.built-from 2>/dev/null)" == "$packages $sources" ]] &&
        return
    echo "Building the pages ..."
    if [[ "$(cat frontend/node_modules/.made-from 2>/dev/null)" != "$packages" ]]; then
        (cd frontend && PATH="$PWD/../.venv/bin:$PATH" npm ci --silent --no-progress)
        echo "$packages" >frontend/node_modules/.made-from
    fi
    (cd frontend && PATH="$PWD/../.venv/bin:$PATH" node node_modules/vite/bin/vite.js build --logLevel warn)
    echo "$packages $sources" >frontend/node_modules/.built-from
}

wanted="$(cat requirements.lock pyproject.toml tools/setup.sh | cksum) $PWD"
if [[ -x .venv/bin/python && "$(cat .venv/.made-from 2>/dev/null)" == "$wanted" ]]; then
    build_pages
    exit 0
fi

echo "Setting up .venv ..."
# The programs in .venv hold its path, so one that was moved is made anew.
if ! grep -qsF "$PWD/.venv" .venv/pyvenv.cfg || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    "$python" -m venv --clear .venv
fi
# uv itself comes from the lock too, checked against its hashes.
locked_uv=$(mktemp)
trap 'rm -f "$locked_uv"' EXIT
sed -n '/^uv==/,/[^\\]$/p' requirements.lock >"$locked_uv"
.venv/bin/python -m pip install -qq --disable-pip-version-check --root-user-action=ignore \
    --no-deps --require-hashes -r "$locked_uv"
# Behind a company proxy pip asks the system whom to trust; so does uv then.
export VIRTUAL_ENV="$PWD/.venv" UV_SYSTEM_CERTS=true
.venv/bin/uv pip sync --quiet --require-hashes --compile-bytecode requirements.lock
.venv/bin/uv pip install --quiet --no-deps --no-build-isolation -e .
echo "$wanted" >.venv/.made-from
build_pages
