#!/bin/sh
# A cluster of three nodes, all on this machine: each has a home of its own, as three boards would. They find each other, one
# service is spread over them, any of them calls it by its name, and one of them dies.
#
#     sh examples/three-nodes.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
nodes="ann bob cid"

# `on ann cell ...` is what somebody would type at the machine ann.
on() {
  home=$work/$1
  shift
  CELL_HOME=$home "$@"
}
the_end() {
  for node in $nodes; do on "$node" cell down >/dev/null 2>&1 || true; done
  rm -rf "$work"
}
trap the_end EXIT

# Three homes, in three regions. On machines of their own none of the lines below [network] would be needed.
for node in $nodes; do
  on "$node" cell init --node-id "$node" --region "region-$node"
  cat >>"$work/$node/node.toml" <<TOML
host = "127.0.0.1"
port = 0
gossip_port = 0
multicast = false
preset = "local"
TOML
done

# The first node makes a token, and the others join with it.
token=$(on ann cell token create --uses 2)
on bob cell join "$token"
on cid cell join "$token"
on ann cell members

# Three instances, as far from each other as they can be.
on ann cell deploy "$here/hello.ts" --instances 3 --spread region
on cid cell discover hello
on bob cell topology

# A name is all that a caller needs to know, wherever it is.
for node in $nodes; do on "$node" cell call hello greet "name=$node"; done

# Only bob has a counter; the others call it all the same.
on bob cell deploy "$here/counter.ts"
on ann cell call counter increment
on cid cell call counter increment

# A machine dies: its agent and everything that it runs, at once. Nobody has to do anything.
pid=$(on cid cell status --json | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' | head -n 1)
for worker in $(on cid cell ps --json | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p') "$pid"; do kill -9 "$worker" || true; done
on ann cell call hello greet name=survivor
on bob cell call hello greet name=survivor

the_end
trap - EXIT
