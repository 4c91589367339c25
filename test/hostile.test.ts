import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Machine, type Running, until } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/**
 * A live service under bytes that no honest client sends. After every attack the service must answer an honest call, hold
 * its memory, and be the same process as before.
 */
const SERVICE = `
export interface Line { sku: string; count: number; price?: number; tags: string[] }
export function order({ id, lines, at }: { id: string; lines: Line[]; at: Date }): { id: string; total: number } {
  return { id, total: lines.reduce((sum, line) => sum + line.count * (line.price ?? 0), at.getTime() * 0) };
}
export async function* count(to: number): AsyncGenerator<number> { for (let n = 0; n < to; n++) yield n; }
export async function total(numbers: AsyncIterable<number>): Promise<number> {
  let sum = 0;
  for await (const number of numbers) sum += number;
  return sum;
}
export function big(bytes: number): Uint8Array { return new Uint8Array(bytes); }
`;

const FRAMES_PER_RUN = process.env["CELL_SOAK"] === undefined ? 10_000 : 1_000_000;
/** The header's fields, as docs/protocol.md lays them out. */
const HEADER_BYTES = 20;
const REQUEST = 1;
/** A service under attack may need working memory, but not memory that the attacker chooses. */
const GROWTH_BYTES_MAX = 96 * 2 ** 20;

let machine: Machine;
let service: Running;
let socketPath: string;

beforeAll(async () => {
  machine = new Machine();
  service = await machine.serve("shop.ts", SERVICE);
  socketPath = join(machine.home, "run", "shop.sock");
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

/** Deterministic bytes: the seed is printed when an expectation fails. */
class Noise {
  #pool = Buffer.alloc(0);
  #round = 0;
  constructor(private readonly seed: string) {}

  bytes(count: number): Uint8Array<ArrayBuffer> {
    while (this.#pool.length < count) {
      const block = createHash("sha512").update(`${this.seed}:${this.#round++}`).digest();
      this.#pool = Buffer.concat([this.#pool, block]);
    }
    const taken = Uint8Array.from(this.#pool.subarray(0, count));
    this.#pool = this.#pool.subarray(count);
    return taken;
  }

  below(limit: number): number {
    return new DataView(this.bytes(4).buffer).getUint32(0) % limit;
  }
}

/** A raw connection that counts what it gets and knows when the other side has closed it. */
class RawClient {
  received = 0;
  isClosed = false;
  #socket: Bun.Socket | undefined;
  #backlog: Uint8Array[] = [];

  async connect(reads = true): Promise<this> {
    this.#socket = await Bun.connect({
      unix: socketPath,
      socket: {
        data: (_socket, chunk) => void (this.received += chunk.length),
        drain: () => this.#flush(),
        close: () => void (this.isClosed = true),
        error: () => void (this.isClosed = true),
      },
    });
    if (!reads) this.#socket.pause();
    return this;
  }

  send(bytes: Uint8Array): void {
    this.#backlog.push(bytes);
    this.#flush();
  }

  #flush(): void {
    while (this.#backlog.length > 0 && !this.isClosed) {
      const next = this.#backlog[0]!;
      const written = this.#socket!.write(next);
      if (written < 0) return;
      if (written < next.length) {
        this.#backlog[0] = next.subarray(written);
        return;
      }
      this.#backlog.shift();
    }
  }

  /** Everything sent has left this process, or nobody takes it any more. */
  get isFlushed(): boolean {
    return this.#backlog.length === 0 || this.isClosed;
  }

  end(): void {
    this.#socket?.terminate();
  }
}

function frame(kind: number, payload: Uint8Array, options: { method?: number; call?: number; length?: number } = {}) {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, options.length ?? payload.length, true);
  view.setUint8(4, kind);
  view.setUint16(6, options.method ?? 0, true);
  view.setUint32(8, options.call ?? 1, true);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

function residentBytes(): number {
  const status = new TextDecoder().decode(Bun.spawnSync(["cat", `/proc/${service.pid}/status`]).stdout);
  return Number(status.match(/VmRSS:\s+(\d+) kB/)?.[1] ?? 0) * 1024;
}

async function expectHealthy(): Promise<void> {
  const order = JSON.stringify({ id: "a", lines: [{ sku: "x", count: 2, price: 3, tags: [] }], at: "2026-01-01" });
  const called = await machine.cell(["call", "shop", "order", order]);
  expect(called).toEqual({ exit: 0, stdout: '{"id":"a","total":6}\n', stderr: "" });
}

test("random frames harm nobody", async () => {
  const noise = new Noise("random");
  const before = residentBytes();
  let client = await new RawClient().connect();
  for (let sent = 0; sent < FRAMES_PER_RUN; sent++) {
    if (client.isClosed) client = await new RawClient().connect();
    const payload = noise.bytes(noise.below(64));
    // Half of them with a kind that exists, so that they get past the first check.
    const kind = noise.below(2) === 0 ? noise.below(256) : 1 + noise.below(10);
    client.send(frame(kind, payload, { method: noise.below(8), call: noise.below(1000) }));
    if (sent % 100 === 0) await until(() => client.isFlushed, "the frames to be sent");
  }
  client.end();
  await expectHealthy();
  expect(residentBytes() - before).toBeLessThan(GROWTH_BYTES_MAX);
});

test("mutated frames of honest calls harm nobody", async () => {
  const noise = new Noise("mutated");
  // [{"id":"a","lines":[{"sku":"x","count":2,"tags":["t"]}],"at":<timestamp>}]
  const honest = Uint8Array.from(
    Buffer.from("9183a26964a161a56c696e65739183a3736b75a178a5636f756e7402a47461677391a174a26174d6ff67748580", "hex"),
  );
  const before = residentBytes();
  let client = await new RawClient().connect();
  for (let sent = 0; sent < FRAMES_PER_RUN; sent++) {
    if (client.isClosed) client = await new RawClient().connect();
    const bytes = frame(REQUEST, honest, { method: 2, call: sent + 1 });
    for (let flips = 1 + noise.below(3); flips > 0; flips--) {
      // The length stays honest most of the time; a dishonest one ends the conversation.
      const at = noise.below(20) === 0 ? noise.below(bytes.length) : 4 + noise.below(bytes.length - 4);
      bytes[at] = noise.below(256);
    }
    client.send(bytes);
    if (sent % 100 === 0) await until(() => client.isFlushed, "the frames to be sent");
  }
  client.end();
  await expectHealthy();
  expect(residentBytes() - before).toBeLessThan(GROWTH_BYTES_MAX);
});

test("claims of size are not believed", async () => {
  const before = residentBytes();
  const claims = [
    frame(REQUEST, new Uint8Array(0), { length: 0xffffffff }),
    frame(REQUEST, new Uint8Array(0), { length: 64 * 2 ** 20 }),
    // An array, a map, a string and a binary of four thousand million elements each.
    ...["dd", "df", "db", "c6"].map((head) => frame(REQUEST, Uint8Array.from(Buffer.from(`91${head}ffffffff`, "hex")))),
    // Ten thousand arrays inside each other.
    frame(REQUEST, new Uint8Array(10_000).fill(0x91)),
  ];
  for (const claim of claims) {
    const client = await new RawClient().connect();
    client.send(claim);
    await until(() => client.isFlushed && (client.received > 0 || client.isClosed || claim.length === 20), "an answer");
    client.end();
  }
  await expectHealthy();
  expect(residentBytes() - before).toBeLessThan(GROWTH_BYTES_MAX);
});

test("clients that connect and say nothing do not keep others out", async () => {
  const silent = await Promise.all(Array.from({ length: 200 }, () => new RawClient().connect()));
  await expectHealthy();
  for (const client of silent) client.end();
});

test("a client that asks and never reads does not make the service hold what it asked for", async () => {
  const before = residentBytes();
  const client = await new RawClient().connect(false);
  // big(1_000_000), five hundred times.
  for (let call = 1; call <= 500; call++) {
    client.send(frame(REQUEST, Uint8Array.from([0x91, 0xce, 0x00, 0x0f, 0x42, 0x40]), { method: 0, call }));
  }
  await expectHealthy();
  expect(residentBytes() - before).toBeLessThan(GROWTH_BYTES_MAX);
  client.end();
  await expectHealthy();
});

test("clients that die in the middle of a frame or a call leave nothing behind", async () => {
  for (let round = 0; round < 50; round++) {
    const client = await new RawClient().connect();
    const whole = frame(REQUEST, Uint8Array.from([0x91, 0xce, 0x7f, 0xff, 0xff, 0xff]), { method: 1, call: 1 });
    client.send(round % 2 === 0 ? whole : whole.subarray(0, 1 + (round % whole.length)));
    await until(() => client.isFlushed, "the bytes to be sent");
    client.end();
  }
  await until(async () => {
    const [instance] = JSON.parse((await machine.cell(["ps", "--json"])).stdout) as { inFlight: number }[];
    return instance?.inFlight === 0;
  }, "the calls of the dead to end");
  await expectHealthy();
});
