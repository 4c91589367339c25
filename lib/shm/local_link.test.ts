import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CellError, MIB } from "../base/mod.ts";
import { dialUnix, type Link, type LinkReceiver, listenUnix, type LocalPeer, type StreamLink } from "../net/mod.ts";
import { beginFrame, endFrame, type Frame, Kind, writeGoaway } from "../wire/mod.ts";
import { RING_BYTES_INITIAL, RING_BYTES_MAX, segmentBytes, Word } from "./layout.ts";
import { LocalLink } from "./local_link.ts";
import { MemoryBudget } from "./memory_budget.ts";
import { MOVE_AFTER_FRAMES } from "./move.ts";
import { Poller } from "./poller.ts";
import type { RingMemory } from "./ring_memory.ts";
import { writeUpgrade } from "./upgrade/mod.ts";

/** Connections are made and moved, on a machine that may be busy. */
setDefaultTimeout(120_000);

const SECRET = new Uint8Array(32).fill(1);
const OTHER_SECRET = new Uint8Array(32).fill(2);
const PAYLOAD_BYTES_MAX = 64 * 1024;

/** Notes the call ids of the frames that come, and how it ended. */
class Recorder implements LinkReceiver {
  readonly ids: number[] = [];
  violation: CellError | undefined;
  closeError: CellError | undefined;
  isClosed = false;
  violations = 0;
  onEach: (callId: number) => void = () => {};

  onFrame({ callId }: Frame): void {
    this.ids.push(callId);
    this.onEach(callId);
  }
  onOversized(): void {}
  onViolation(error: CellError): void {
    this.violation = error;
    this.violations++;
  }
  onWritable(): void {}
  onClose(error: CellError | undefined): void {
    this.isClosed = true;
    this.closeError = error;
  }
}

interface Setup {
  secret?: Uint8Array;
  when?: "auto" | "asked";
  budget?: MemoryBudget;
  payloadBytesMax?: number;
  reservedMs?: number;
}

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The two ends of a Unix socket. */
async function sockets(): Promise<{ server: StreamLink<LocalPeer>; client: StreamLink<LocalPeer> }> {
  const folder = mkdtempSync(join(tmpdir(), "cell-test-"));
  const accepted = Promise.withResolvers<StreamLink<LocalPeer>>();
  const listener = await listenUnix(join(folder, "a.sock"), { onLink: accepted.resolve });
  const client = await dialUnix(listener.path);
  const server = await accepted.promise;
  cleanups.push(async () => {
    client.destroy();
    server.destroy();
    await listener.close();
    rmSync(folder, { recursive: true });
  });
  return { server, client };
}

/** Two links that may move, started. */
async function pair(
  { secret = SECRET, when = "auto", budget = new MemoryBudget(), payloadBytesMax = PAYLOAD_BYTES_MAX, reservedMs }:
    Setup = {},
) {
  const ends = await sockets();
  const poller = new Poller();
  const server = new LocalLink(ends.server, {
    role: "server",
    secret: () => SECRET,
    budget,
    poller,
    ...(reservedMs !== undefined && { reservedMs }),
  });
  const client = new LocalLink(ends.client, { role: "client", when, secret: () => secret, poller });
  const atServer = new Recorder();
  const atClient = new Recorder();
  server.start(atServer, payloadBytesMax);
  client.start(atClient, payloadBytesMax);
  return { server, client, atServer, atClient, ends };
}

/** A server that may move, and a client that says what the test wants. */
async function rawClient() {
  const ends = await sockets();
  const poller = new Poller();
  const server = new LocalLink(ends.server, {
    role: "server",
    secret: () => SECRET,
    budget: new MemoryBudget(),
    poller,
  });
  const atServer = new Recorder();
  server.start(atServer, PAYLOAD_BYTES_MAX);
  ends.client.start(new Recorder(), PAYLOAD_BYTES_MAX);
  return { client: ends.client, atServer };
}

function send(link: Link, callId: number, payloadBytes = 10): void {
  const start = beginFrame(link.writer, Kind.item, 0, 0, callId, 0, 0);
  link.writer.append(new Uint8Array(payloadBytes));
  endFrame(link.writer, start);
  link.commit();
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe("a link between two processes of one machine", () => {
  test("stays on the socket while it is hardly used", async () => {
    const { client, atServer, server } = await pair();
    for (const id of upTo(MOVE_AFTER_FRAMES - 1)) send(client, id);
    await until(() => atServer.ids.length === MOVE_AFTER_FRAMES - 1);
    expect([client.transport, server.transport]).toEqual(["uds", "uds"]);
  });

  test("moves while both sides send, and every frame arrives once and in order", async () => {
    const { client, server, atServer, atClient } = await pair();
    let sent = 0;
    while (sent < 200 || client.transport !== "shm" || server.transport !== "shm" || sent < 20_000) {
      sent++;
      send(client, sent, sent % 300);
      send(server, sent, sent % 200);
      if (sent % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => atServer.ids.length === sent && atClient.ids.length === sent);
    expect(atServer.ids).toEqual(upTo(sent));
    expect(atClient.ids).toEqual(upTo(sent));
  });

  test("counts what was committed and what has left across the move", async () => {
    const { client, atServer } = await pair();
    let before = 0;
    for (const id of upTo(500)) {
      send(client, id);
      expect(client.committedBytes).toBeGreaterThan(before);
      before = client.committedBytes;
      if (id % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    // The answers of the move may come after all frames.
    await until(() => atServer.ids.length === 500 && client.transport === "shm");
    expect(client.leftBytes).toBe(client.committedBytes);
  });

  test("stays on the socket, and works, when the secrets differ", async () => {
    const { client, atServer } = await pair({ secret: OTHER_SECRET });
    for (const id of upTo(1000)) {
      send(client, id);
      if (id % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => atServer.ids.length === 1000);
    expect(client.transport).toBe("uds");
    expect(await client.moved.catch((error: CellError) => error.message)).toContain("proof is wrong");
  });

  test("stays on the socket when the server has no memory left for it", async () => {
    const { client, atServer } = await pair({ budget: new MemoryBudget(0) });
    for (const id of upTo(100)) send(client, id);
    await until(() => atServer.ids.length === 100);
    expect(await client.moved.catch((error: CellError) => error.message)).toContain("all the memory that it may");
    expect(client.transport).toBe("uds");
  });

  test("gets some of the server's memory although many others ask for it at the same time", async () => {
    const budget = new MemoryBudget(16 * MIB);
    const pairs = await Promise.all(upTo(80).map(() => pair({ budget, when: "asked" })));
    await Promise.all(pairs.map(({ client }) => client.moved));
    for (const { client } of pairs) client.close();
    await until(() => pairs.every(({ atServer }) => atServer.isClosed));
    expect(budget.take(RING_BYTES_MAX)).toBe(true);
  });

  test("leaves the memory that it was granted and cannot use to others", async () => {
    const budget = new MemoryBudget(segmentBytes(RING_BYTES_INITIAL) * 1.5);
    const { client } = await pair({ budget, secret: OTHER_SECRET, when: "asked", reservedMs: 1 });
    expect(await client.moved.catch((error: CellError) => error.message)).toContain("proof is wrong");
    await until(() => budget.ringBytesMax !== undefined);
  });

  test("moves although it answers so late that its memory was let go of, if there is some", async () => {
    const budget = new MemoryBudget(segmentBytes(RING_BYTES_INITIAL) * 1.5);
    const { client, server } = await pair({ budget, when: "asked", reservedMs: 1 });
    let isLetGo = false;
    budget.giveBack = (ringBytesMax) => {
      isLetGo = true;
      MemoryBudget.prototype.giveBack.call(budget, ringBytesMax);
    };
    client.pause();
    await until(() => isLetGo);
    client.resume();
    await client.moved;
    await until(() => server.transport === "shm");
    expect(budget.ringBytesMax).toBeUndefined();
  });

  test("gives the server's memory back when it is gone", async () => {
    const budget = new MemoryBudget(segmentBytes(RING_BYTES_INITIAL) * 1.5);
    const { client, server, atServer } = await pair({ budget, when: "asked" });
    await client.moved;
    await until(() => server.transport === "shm");
    const left = budget.ringBytesMax;
    client.close();
    await until(() => atServer.isClosed);
    expect(left).toBeUndefined();
    expect(budget.ringBytesMax).toBeDefined();
  });

  test("delivers what was in shared memory when the other side closes", async () => {
    const { client, server, atServer } = await pair({ when: "asked" });
    await client.moved;
    await until(() => server.transport === "shm");
    for (const id of upTo(1000)) send(client, id);
    client.close();
    await until(() => atServer.isClosed);
    expect(atServer.ids).toEqual(upTo(1000));
    expect(atServer.closeError).toBeUndefined();
  });

  test("ends when a frame comes over the socket after the move", async () => {
    const { client, server, atServer, ends } = await pair({ when: "asked" });
    await client.moved;
    await until(() => server.transport === "shm");
    send(ends.client, 1);
    await until(() => atServer.violation !== undefined);
    expect(atServer.violation!.message).toContain("after the connection had moved");
  });

  test("hears over the socket why the other side ends it, when that cannot say so in the ring", async () => {
    const { client, server, atServer, ends } = await pair({ when: "asked" });
    await client.moved;
    await until(() => server.transport === "shm");
    writeGoaway(ends.client.writer, 5, "protocol", "the ring makes no sense");
    ends.client.commit();
    await until(() => atServer.ids.length === 1);
    expect(atServer.ids).toEqual([5]);
    expect(atServer.violation).toBeUndefined();
  });

  test("ends when the doorbell rings before the move", async () => {
    const { client, atServer } = await rawClient();
    endFrame(client.writer, beginFrame(client.writer, Kind.upgrade, 0, 0, 0, 0, 0));
    client.commit();
    await until(() => atServer.violation !== undefined);
    expect(atServer.violation!.message).toContain("has not moved");
  });

  test("ends when the move is asked for in the wrong order", async () => {
    const { client, atServer } = await rawClient();
    writeUpgrade(client.writer, { step: "switch" });
    client.commit();
    await until(() => atServer.violation !== undefined);
    expect(atServer.violation!.message).toContain("expected hello");
  });

  test("is given up when the other side says something else before anybody reads", async () => {
    const ends = await sockets();
    const client = new LocalLink(ends.client, {
      role: "client",
      when: "asked",
      secret: () => SECRET,
      poller: new Poller(),
    });
    send(ends.server, 7);
    expect(await client.moved.catch((error: CellError) => error.code)).toBe("UNAVAILABLE");
    const atClient = new Recorder();
    client.start(atClient, PAYLOAD_BYTES_MAX);
    expect(atClient.ids).toEqual([7]);
  });

  test("receives without the event loop once it has moved, and refuses to before", async () => {
    const { client, server, atServer } = await pair();
    expect(() => server.receiveNow()).toThrow("expected a link over shared memory");
    for (const id of upTo(50)) send(client, id);
    await until(() => server.transport === "shm" && atServer.ids.length === 50);
    send(client, 51);
    server.receiveNow();
    expect(atServer.ids).toEqual(upTo(51));
  });

  test("sends what waits although it reads nothing between its accept and the client's switch", async () => {
    const { client, server, atClient } = await pair({ payloadBytesMax: 1024 * 1024 });
    const sendInRing = server.sendInRing.bind(server);
    server.sendInRing = (segment, index) => {
      sendInRing(segment, index);
      for (const id of upTo(8)) send(server, id, 512 * 1024);
      server.pause();
    };
    for (const id of upTo(MOVE_AFTER_FRAMES)) send(client, id);
    await until(() => atClient.ids.length === 8);
    expect(server.queuedBytes).toBe(0);
    server.resume();
    await until(() => server.transport === "shm");
  });

  test("delivers nothing after it was closed while a part of what it sent still waits", async () => {
    const { client, server, atServer, atClient } = await pair({ payloadBytesMax: 1024 * 1024 });
    const sendInRing = server.sendInRing.bind(server);
    server.sendInRing = (segment, index) => {
      sendInRing(segment, index);
      for (const id of upTo(8)) send(server, id, 512 * 1024);
      send(client, MOVE_AFTER_FRAMES + 1);
      client.flush();
      server.close();
    };
    for (const id of upTo(MOVE_AFTER_FRAMES)) send(client, id);
    await until(() => atServer.isClosed && atClient.isClosed);
    expect(atServer.ids).toEqual(upTo(MOVE_AFTER_FRAMES));
    expect(atClient.ids).toEqual(upTo(8));
  });

  test("does not say of a frame that was read that it never left, because a doorbell did not", async () => {
    const { client, server, atServer, ends } = await pair({ when: "asked" });
    await client.moved;
    await until(() => server.transport === "shm" && !server.isAwake);
    // The socket takes nothing any more.
    (ends.client as unknown as { stream: { write(): number } }).stream.write = () => 0;
    send(client, 1);
    client.flush();
    expect(ends.client.queuedBytes).toBeGreaterThan(0);
    server.receiveNow();
    expect(atServer.ids).toEqual([1]);
    const endOffset = client.committedBytes;
    client.destroy();
    expect(client.leftBytes).toBeGreaterThanOrEqual(endOffset);
  });

  test("is not blamed on the peer when it is closed while frames are being delivered", async () => {
    const { client, server, atServer } = await pair({ when: "asked" });
    await client.moved;
    await until(() => server.transport === "shm");
    atServer.onEach = () => server.close();
    for (const id of upTo(5)) send(client, id);
    await until(() => atServer.isClosed && !server.isAwake);
    expect(atServer.ids).toEqual([1]);
    expect(atServer.violations).toBe(0);
  });

  test("tells of one violation once, however much is behind it", async () => {
    const { client, server, atServer } = await pair({ when: "asked" });
    await client.moved;
    await until(() => server.transport === "shm");
    atServer.onEach = () => {
      throw new Error("no such frame");
    };
    const noted = atServer.onViolation.bind(atServer);
    atServer.onViolation = (error) => {
      noted(error);
      server.close(error);
    };
    for (const id of upTo(5)) send(client, id);
    await until(() => atServer.isClosed && !server.isAwake);
    expect(atServer.violations).toBe(1);
    expect(atServer.closeError!.message).toContain("no such frame");
  });

  test("ends with what its owner makes of a violation, also of one in shared memory", async () => {
    const { client, server, atServer, ends } = await pair();
    let ring: RingMemory | undefined;
    const sendInRing = client.sendInRing.bind(client);
    client.sendInRing = (segment, index) => {
      ring = segment.ring(index);
      sendInRing(segment, index);
    };
    for (const id of upTo(MOVE_AFTER_FRAMES)) send(client, id);
    await until(() => server.transport === "shm" && !server.isAwake);
    const noted = atServer.onViolation.bind(atServer);
    atServer.onViolation = (error) => {
      noted(error);
      server.close(new CellError("INTERNAL", "the other side broke the protocol", { cause: error }));
    };
    Atomics.store(ring!.words, Word.tail, 3);
    endFrame(ends.client.writer, beginFrame(ends.client.writer, Kind.upgrade, 0, 0, 0, 0, 0));
    ends.client.commit();
    await until(() => atServer.isClosed);
    expect(atServer.violations).toBe(1);
    expect(atServer.violation!.message).toContain(`a ring's word "tail"`);
    expect(atServer.closeError!.message).toBe("the other side broke the protocol");
  });

  test("says nothing of what it finds in shared memory when it is being closed", async () => {
    const { client, server, atServer } = await pair({ payloadBytesMax: 1024 * 1024 });
    let ring: RingMemory | undefined;
    const sendInRing = server.sendInRing.bind(server);
    server.sendInRing = (segment, index) => {
      ring = segment.ring(index);
      sendInRing(segment, index);
    };
    for (const id of upTo(MOVE_AFTER_FRAMES)) send(client, id);
    await until(() => server.transport === "shm");
    client.pause();
    for (const id of upTo(3)) send(server, id, 1024 * 1024);
    server.close();
    expect(atServer.isClosed).toBe(false);
    Atomics.store(ring!.words, Word.head, 3);
    await until(() => atServer.isClosed);
    expect(atServer.violations).toBe(0);
  });

  test("ends, and throws nothing, when it is closed or flushed over shared memory that makes no sense", async () => {
    for (const end of ["close", "flush"] as const) {
      const { client, server, atServer } = await pair({ payloadBytesMax: 1024 * 1024 });
      let ring: RingMemory | undefined;
      const sendInRing = server.sendInRing.bind(server);
      server.sendInRing = (segment, index) => {
        ring = segment.ring(index);
        sendInRing(segment, index);
      };
      for (const id of upTo(MOVE_AFTER_FRAMES)) send(client, id);
      await until(() => server.transport === "shm");
      client.pause();
      for (const id of upTo(3)) send(server, id, 1024 * 1024);
      Atomics.store(ring!.words, Word.head, 3);
      server[end]();
      await until(() => atServer.isClosed);
    }
  });

  test("tells its owner of a violation that came before anybody read", async () => {
    const ends = await sockets();
    const options = { role: "client", when: "asked", secret: () => SECRET, poller: new Poller() } as const;
    const client = new LocalLink(ends.client, options);
    send(ends.server, 7);
    await client.moved.catch(() => {});
    const atClient = new Recorder();
    atClient.onEach = () => {
      throw new Error("no such frame");
    };
    client.start(atClient, PAYLOAD_BYTES_MAX);
    expect(atClient.violation!.message).toContain("no such frame");
  });
});
