import { expect, setDefaultTimeout, test } from "bun:test";
import { Machine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

const HANDLERS = `
import { context, CellError } from "cell";
export function never(): Promise<string> { return new Promise(() => {}); }
export function block(): string { for (;;) {} }
export function throwsText(): string { throw "just text"; }
export function throwsEscape(): string { throw new Error("\\u001b[31mred"); }
export function throwsNull(): string { throw null; }
export function throwsError(): string { throw new TypeError("x is not a thing"); }
export function refuses(): string {
  throw new CellError("RESOURCE_EXHAUSTED", "come back later", { retryable: true, data: { afterMs: 50 } });
}
export function lies(): number { return "not a number" as unknown as number; }
export async function slow(): Promise<string> {
  console.log("working");
  await Bun.sleep(300);
  return "done";
}
export async function waits(): Promise<string> {
  const { signal } = context();
  console.log("waiting");
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  console.log("aborted");
  return "too late";
}
export async function* endless(): AsyncGenerator<number> {
  try {
    for (let n = 0; ; n++) { yield n; await Bun.sleep(1); }
  } finally {
    console.log("returned");
  }
}
export function quick(): string { return "quick"; }
`;

test.concurrent("a handler that never returns is left at the caller's deadline, and others are served meanwhile", async () => {
  await using machine = new Machine();
  await machine.serve("handlers.ts", HANDLERS);
  const never = machine.cell(["call", "handlers", "never", "--timeout", "400ms"]);
  expect((await machine.cell(["call", "handlers", "quick"])).stdout).toBe('"quick"\n');
  const finished = await never;
  expect(finished.exit).toBe(4);
  expect(finished.stderr).toContain("DEADLINE_EXCEEDED");
});

test.concurrent("a handler that blocks the event loop cannot hold its caller beyond the deadline", async () => {
  await using machine = new Machine();
  await machine.serve("handlers.ts", HANDLERS);
  const finished = await machine.cell(["call", "handlers", "block", "--timeout", "400ms"]);
  expect(finished.exit).toBe(4);
});

test.concurrent("whatever a handler throws reaches the caller as a clean error and the log as a stack", async () => {
  await using machine = new Machine();
  const service = await machine.serve("handlers.ts", HANDLERS);
  const error = await machine.cell(["call", "handlers", "throwsError"]);
  expect(error.exit).toBe(1);
  expect(error.stderr).toContain("x is not a thing");
  expect(error.stderr).not.toContain("handlers.ts:");
  await service.until(() => /x is not a thing[\s\S]*handlers\.ts:\d+/.test(service.stderr), "the stack in the log");

  const text = await machine.cell(["call", "handlers", "throwsText"]);
  expect(text.exit).toBe(1);
  expect(text.stderr).toContain("just text");
  expect((await machine.cell(["call", "handlers", "throwsNull"])).exit).toBe(1);
  expect((await machine.cell(["call", "handlers", "throwsEscape"])).stderr).toBe("error: \\u001b[31mred\n");
  expect((await machine.cell(["call", "handlers", "quick"])).exit).toBe(0);
});

test.concurrent("a CellError keeps its code and its data", async () => {
  await using machine = new Machine();
  await machine.serve("handlers.ts", HANDLERS);
  const finished = await machine.cell(["call", "handlers", "refuses"]);
  expect(finished.exit).toBe(1);
  expect(finished.stderr).toContain("RESOURCE_EXHAUSTED");
  expect(finished.stderr).toContain("come back later");
  expect(finished.stderr).toContain("50");
});

test.concurrent("a result that does not fit its own type is the service's fault and says where", async () => {
  await using machine = new Machine();
  await machine.serve("handlers.ts", HANDLERS);
  const finished = await machine.cell(["call", "handlers", "lies"]);
  expect(finished.exit).toBe(1);
  expect(finished.stderr).toContain("INTERNAL");
  expect(finished.stderr).toContain('result: expected number, found string "not a number"');
});

test.concurrent("SIGTERM lets a call in flight finish, then the service ends with exit 0", async () => {
  await using machine = new Machine();
  const service = await machine.serve("handlers.ts", HANDLERS);
  const slow = machine.start(["call", "handlers", "slow"]);
  await service.until(() => service.stdout.includes("working"), "the handler to run");
  service.signal("SIGTERM");
  expect(await slow.exited()).toBe(0);
  expect(slow.stdout).toBe('"done"\n');
  expect(await service.exited()).toBe(0);
});

test.concurrent("a caller that dies aborts its call's signal", async () => {
  await using machine = new Machine();
  const service = await machine.serve("handlers.ts", HANDLERS);
  // Its deadline, which would abort it as well, comes after the end of this test.
  const caller = machine.start(["call", "handlers", "waits", "--timeout", "600s"]);
  await service.until(() => service.stdout.includes("waiting"), "the handler to run");
  await caller.kill();
  await service.until(() => service.stdout.includes("aborted"), "the signal");
});

test.concurrent("a reader that has seen enough ends the stream, the generator and the command quietly", async () => {
  await using machine = new Machine();
  const service = await machine.serve("handlers.ts", HANDLERS);
  const piped = Bun.spawn(
    ["bash", "-c", 'set -o pipefail; "$CELL" call handlers endless | head -1; echo "exit ${PIPESTATUS[0]}"'],
    {
      env: machine.environment({ CELL: machine.binary }),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  expect(await piped.stdout.text()).toBe("0\nexit 0\n");
  expect(await piped.stderr.text()).toBe("");
  await service.until(() => service.stdout.includes("returned"), "the generator's end");
});
