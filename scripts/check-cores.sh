#!/usr/bin/env sh
# The cores, which do no I/O, are checked by Deno too: it knows nothing of Bun or Node.
set -eu
cd "$(dirname "$0")/.."
exec scripts/deno.sh check lib/base/mod.ts lib/schema/mod.ts lib/wire/mod.ts lib/sim/mod.ts lib/nucleus/core/mod.ts \
  lib/gossip/core/mod.ts lib/gossip/catalog/mod.ts
