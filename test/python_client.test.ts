import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CellError } from "../lib/base/mod.ts";
import { type Listener, listenUnix } from "../lib/net/mod.ts";
import { createServer, type RpcServer } from "../lib/rpc/mod.ts";
import { finishSchema, type Type } from "../lib/schema/mod.ts";

setDefaultTimeout(120_000);

/**
 * A client in another language, written from docs/protocol.md with nothing but its standard library, against a live
 * server: what it cannot do, the document does not say.
 */
const python = Bun.which("python3");
const mustRun = process.env["CI"] === "true";

const NUMBER: Type = { kind: "number" };
const STRING: Type = { kind: "string" };
const BYTES: Type = { kind: "bytes" };

let folder: string;
let listener: Listener;
let server: RpcServer;
let client: PythonClient;

class PythonClient {
  private readonly child;
  private readonly lines: AsyncIterator<string>;

  constructor(program: string, socket: string) {
    this.child = Bun.spawn([program, join(import.meta.dir, "clients/python_client.py"), socket], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    this.lines = linesOf(this.child.stdout);
  }

  /** One command, and the line that answers it. */
  async ask(
    command: { do: string; [field: string]: unknown },
  ): Promise<{ ok?: unknown; error?: Record<string, unknown> }> {
    this.child.stdin.write(`${JSON.stringify(command)}\n`);
    this.child.stdin.flush();
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error("the Python client ended");
    return JSON.parse(value);
  }

  async end(): Promise<void> {
    this.child.stdin.end();
    await this.child.exited;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
}

const greeting: Type = { kind: "object", properties: { greeting: { type: STRING } } };
const schema = finishSchema({
  name: "demo",
  types: {},
  methods: {
    greet: {
      params: [{ name: "p", type: { kind: "object", properties: { name: { type: STRING } } } }],
      result: greeting,
    },
    count: { params: [{ name: "to", type: NUMBER }], result: NUMBER, resultStream: true },
    total: { params: [{ name: "items", type: NUMBER, stream: true }], result: NUMBER },
    first: { params: [{ name: "items", type: NUMBER, stream: true }], result: NUMBER },
    double: { params: [{ name: "items", type: NUMBER, stream: true }], result: NUMBER, resultStream: true },
    bytes: { params: [{ name: "data", type: BYTES }], result: BYTES },
    big: { params: [{ name: "count", type: NUMBER }], result: BYTES, resultStream: true },
    hang: { params: [], result: { kind: "undefined" } },
    refuse: { params: [], result: { kind: "undefined" } },
    at: { params: [], result: { kind: "date" } },
  },
});
let returned = 0;
const handlers: { [name: string]: (...args: never[]) => unknown } = {
  greet: ({ name }: { name: string }) => ({ greeting: `Hello, ${name}!` }),
  count: async function* (to: number) {
    try {
      for (let n = 0; n < to; n++) yield n;
    } finally {
      returned++;
    }
  },
  total: async (items: AsyncIterable<number>) => {
    let total = 0;
    for await (const item of items) total += item;
    return total;
  },
  first: async (items: AsyncIterable<number>) => {
    for await (const item of items) return item;
    return -1;
  },
  double: async function* (items: AsyncIterable<number>) {
    for await (const item of items) yield item * 2;
  },
  bytes: (data: Uint8Array) => data,
  big: async function* (count: number) {
    for (let n = 0; n < count; n++) yield new Uint8Array(100_000);
  },
  hang: () => new Promise(() => {}),
  refuse: () => {
    throw new CellError("ABORTED", "try later", { retryable: true, data: { afterMs: 50 } });
  },
  at: () => new Date(1_700_000_000_500),
};

beforeAll(async () => {
  if (python === null) {
    if (mustRun) throw new Error("python3 is needed where CI=true: this test may not be skipped there");
    return;
  }
  folder = mkdtempSync(join(tmpdir(), "cell-python-"));
  server = createServer({
    schema,
    instance: "live",
    handlers: Object.fromEntries(Object.entries(handlers).map(([name, fn]) => [name, { fn }])),
  });
  listener = await listenUnix(join(folder, "demo.sock"), { onLink: (link) => server.accept(link) });
  client = new PythonClient(python, listener.path);
});
afterAll(async () => {
  if (python === null) return;
  await client.end();
  await listener.close();
  await server.drain(1000);
  rmSync(folder, { recursive: true });
});

test.skipIf(python === null)("a client written from the document says hello and reads the schema", async () => {
  expect((await client.ask({ do: "hello" })).ok).toMatchObject({
    service: "demo",
    species: schema.species,
    protocol: 1,
  });
  expect((await client.ask({ do: "methods" })).ok).toEqual(Object.keys(handlers).sort());
});

test.skipIf(python === null)("it calls, and reads results and errors", async () => {
  const call = (method: string, ...args: unknown[]) => client.ask({ do: "call", method, args });
  expect(await call("greet", { name: "Wörld" })).toEqual({ ok: { greeting: "Hello, Wörld!" } });
  expect(await call("at")).toEqual({ ok: 1_700_000_000.5 });
  expect((await call("greet", { name: 3 })).error).toMatchObject({
    code: "INVALID_ARGUMENT",
    message: "args[0].name: expected string, found number 3",
  });
  expect((await call("refuse")).error).toEqual({
    code: "ABORTED",
    message: "try later",
    retryable: true,
    data: { afterMs: 50 },
  });
  expect((await client.ask({ do: "call", method: "hang", args: [], deadline: 30 })).error).toMatchObject({
    code: "DEADLINE_EXCEEDED",
  });
});

test.skipIf(python === null)("it reads streams, gives credit, and leaves early", async () => {
  expect(await client.ask({ do: "stream", method: "count", args: [5] })).toEqual({ ok: [0, 1, 2, 3, 4] });
  // Far more than the window: without credit the server would stop.
  expect(await client.ask({ do: "stream", method: "count", args: [50_000], count: true })).toEqual({ ok: 50_000 });
  expect(await client.ask({ do: "stream", method: "big", args: [20], count: true })).toEqual({ ok: 20 });
  const before = returned;
  expect(await client.ask({ do: "stream", method: "count", args: [1e9], stop_after: 3 })).toEqual({ ok: [0, 1, 2] });
  expect(await client.ask({ do: "call", method: "greet", args: [{ name: "again" }] })).toEqual({
    ok: { greeting: "Hello, again!" },
  });
  while (returned === before) await new Promise((resolve) => setTimeout(resolve, 1));
});

test.skipIf(python === null)("it sends streams within its credit, and stops when it is told", async () => {
  expect(await client.ask({ do: "call", method: "total", args: [null], items: 30_000 })).toEqual({ ok: 449_985_000 });
  expect(await client.ask({ do: "call", method: "first", args: [null], items: 1_000_000 })).toEqual({ ok: 0 });
  expect(await client.ask({ do: "stream", method: "double", args: [null], items: [1, 2, 3] })).toEqual({
    ok: [2, 4, 6],
  });
});

test.skipIf(python === null)("it reads what the server counts", async () => {
  const { ok } = await client.ask({ do: "stats" });
  expect(ok).toMatchObject({ service: "demo", inFlight: 0, methods: { greet: { errors: 0 } } });
});

test.skipIf(python === null)(
  "it finds in every golden frame what is said to be there",
  async () => {
    const file = join(import.meta.dir, "../docs/vectors/frames.json");
    expect((await client.ask({ do: "vectors", file })).ok).toBeGreaterThan(20);
  },
);
