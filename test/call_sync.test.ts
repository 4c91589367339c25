import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Machine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

test("a script calls synchronously in shared memory, and is told why it cannot over a socket", async () => {
  await using machine = new Machine();
  await machine.serve("hello.ts", readFileSync(join(import.meta.dir, "../examples/hello.ts"), "utf8"));
  const source = `
import { CellError, connect } from "cell";
const fast = await connect("hello", { transport: "shm" });
let letters = 0;
for (let n = 0; n < 1000; n++) letters += fast.callSync<{ greeting: string }>("greet", [{ name: "x" }]).greeting.length;
console.log(letters);
try {
  fast.callSync("gret");
} catch (error) {
  if (error instanceof CellError) console.log(error.code, error.message);
}
try {
  fast.callSync("greet", [{ name: 3 }]);
} catch (error) {
  if (error instanceof CellError) console.log(error.code);
}
const slow = await connect("hello", { transport: "uds" });
await slow.call("greet", [{ name: "x" }]);
try {
  slow.callSync("greet", [{ name: "x" }]);
} catch (error) {
  if (error instanceof CellError) console.log(error.code, error.message);
}
const moving = await connect("hello", { transport: "auto" });
const before = moving.transport;
while (moving.transport !== "shm") await moving.call("greet", [{ name: "x" }]);
console.log(fast.transport, slow.transport, before, moving.transport);
await moving.close();
console.log(moving.transport);
`;
  const finished = await machine.cell(["run", machine.write("script.ts", source)]);
  expect(finished).toMatchObject({ exit: 0, stderr: "" });
  expect(finished.stdout.split("\n")).toEqual([
    "9000",
    "NOT_FOUND hello has no method gret. Did you mean greet?",
    "INVALID_ARGUMENT",
    'FAILED_PRECONDITION calling hello.greet synchronously: this client keeps to Unix sockets, by its option transport: "uds"; ' +
    'connect with transport "shm", or await call() instead',
    "shm uds uds shm",
    "undefined",
    "",
  ]);
});

test("a synchronous call ends at its deadline, and when the process that it waits for dies", async () => {
  await using machine = new Machine();
  const source = `
export const never = () => new Promise<void>(() => {});
export const die = () => process.kill(process.pid, "SIGKILL");
export const echo = (text: string) => text;
`;
  const service = await machine.serve("moody.ts", source);
  const script = `
import { CellError, connect } from "cell";
const moody = await connect("moody", { transport: "shm" });
const attempt = (method: string, args: unknown[], timeoutMs?: number) => {
  try {
    console.log(moody.callSync(method, args, timeoutMs === undefined ? {} : { timeoutMs }));
  } catch (error) {
    console.log(error instanceof CellError ? error.code : error);
  }
};
attempt("never", [], 50);
attempt("echo", ["still there"]);
attempt("die", []);
attempt("echo", ["gone"]);
`;
  const finished = await machine.cell(["run", machine.write("script.ts", script)]);
  expect(finished).toMatchObject({ exit: 0, stderr: "" });
  const [late, alive, dead, gone] = finished.stdout.trimEnd().split("\n");
  expect([late, alive, dead]).toEqual(["DEADLINE_EXCEEDED", "still there", "UNAVAILABLE"]);
  expect(["UNAVAILABLE", "FAILED_PRECONDITION"]).toContain(gone!);
  await service.kill();
});
