#!/usr/bin/env sh
# Runs Deno's formatter, linter or checker where npm could install it (it has no build for musl).
set -eu
deno="$(dirname "$0")/../node_modules/.bin/deno"
if "$deno" --version >/dev/null 2>&1; then
  DENO_NO_UPDATE_CHECK=1 exec "$deno" "$@"
fi
echo "deno does not run on this machine: 'deno $1' is skipped" >&2
[ -z "${CI:-}" ]
