#!/bin/sh
# Everything that one machine needs: an agent, a service with three instances, more of them, a new version, the end.
#
#     CELL_HOME=/tmp/try sh examples/one-machine.sh
#
# Without CELL_HOME it works on ~/.cell, where your own services may live.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'cell down || true; rm -rf "$work"' EXIT

cell init --node-id 1
cell up

# Three instances of a file. What runs is a copy: editing the file changes nothing until it is deployed again.
cell deploy "$here/hello.ts" --instances 3
cell ps
cell call hello greet name=World

# More of them, and one look at what they do.
cell scale hello 5
cell top --once
cell health

# A new version takes over while callers go on calling; it is rolled back when it fails to start or to answer.
sed 's/Hello, /Welcome, /' "$here/hello.ts" >"$work/hello.ts"
cell swap hello "$work/hello.ts"
cell call hello greet name=World
cell logs hello -n 5

# None of them: the next call starts one and waits for it.
cell scale hello 0
cell call hello greet name=World

cell status
cell down
trap 'rm -rf "$work"' EXIT
