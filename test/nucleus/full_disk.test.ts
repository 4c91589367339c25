import { expect, setDefaultTimeout, test } from "bun:test";
import { BINARY } from "../harness/mod.ts";
import { NodeMachine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/** A file system of its own that is small enough to fill needs namespaces, which not every machine gives to everybody. */
const canMount = process.platform === "linux" &&
  Bun.spawnSync(["unshare", "-Urm", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"]).success;

/** One step per line of output, so that a failure says how far it came. */
const SCRIPT = `
set -u
fail() { echo "FAILED: $1"; cat err 2>/dev/null; cell down >/dev/null 2>&1; exit 1; }
mkdir -m 700 "$CELL_HOME" && mount -t tmpfs -o size=24m,mode=700 tmpfs "$CELL_HOME" || exit 77
cell up >/dev/null 2>err || fail up
cell deploy steady.ts --instances 2 >/dev/null 2>err || fail deploy
before=$(cell ps --json | grep -o '"pid": *[0-9]*')
dd if=/dev/zero of="$CELL_HOME/ballast" bs=64k >/dev/null 2>&1
dd if=/dev/zero of="$CELL_HOME/ballast2" bs=1 count=65536 >/dev/null 2>&1
echo "full: $(df --output=avail "$CELL_HOME" | tail -1)"
cell deploy other.ts >/dev/null 2>err && fail "a deploy on a full disk succeeded"
grep -qiE 'space|full|ENOSPC' err || fail "the error does not say what is wrong"
echo "refused"
for n in 1 2 3 4 5; do cell call steady say "line $n" >/dev/null 2>err || fail "a call failed"; done
cell scale steady 3 >/dev/null 2>err && echo "scaled" || echo "not scaled: $(head -1 err)"
[ "$(cell call steady answer 2>err)" = 42 ] || fail "a call failed after the scaling"
cell status >/dev/null 2>err || fail status
rm "$CELL_HOME/ballast" "$CELL_HOME/ballast2"
cell deploy other.ts >/dev/null 2>err || fail "a deploy after there was room again"
[ "$(cell call other answer 2>err)" = 43 ] || fail "a call of the new service"
cell scale steady 2 >/dev/null 2>err || fail "scaling after there was room again"
for pid in $(echo "$before" | tr -dc '0-9\\n'); do kill -0 "$pid" || fail "process $pid is gone"; done
echo "kept"
cell down >/dev/null 2>err || fail down
echo "done"
`;

test.skipIf(!canMount)("a full disk gives errors and stops nothing that runs", async () => {
  await using machine = new NodeMachine();
  machine.write(
    "steady.ts",
    `export function answer(): number { return 42; }\nexport function say(text: string): void { console.log(text); }`,
  );
  machine.write("other.ts", `export function answer(): number { return 43; }`);
  const script = machine.write("script.sh", `cell() { '${BINARY}' "$@"; }\n${SCRIPT}`);
  const { exit, stdout, stderr } = await machine.cell(["-Urm", "bash", script], { command: ["unshare"] });
  expect({ exit, stdout, stderr }).toMatchObject({ exit: 0, stderr: "" });
  expect(stdout.split("\n")).toEqual(expect.arrayContaining(["refused", "kept", "done"]));
});
