import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, ftruncateSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RING_BYTES_MAX } from "../../lib/shm/mod.ts";
import { createSharedMemory, type SharedMemory } from "../../lib/sys/mod.ts";
import { until } from "../harness/mod.ts";
import { AttackedServer, type HostileClient, oddMemfd, Seal, segmentBytes, TRANSPORTS } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/**
 * Clients that know the protocol and mean harm, against the compiled binary. Whatever they do, the process lives, its other
 * clients are answered, what they took is given back, and afterwards it uses no CPU.
 */
const HALF_HANDSHAKES = 1_000;
const AT_ONCE = 50;
const FLOOD_FRAMES = 20_000;

describe.skipIf(!TRANSPORTS.includes("shm"))("a server of shared memory", () => {
  let server: AttackedServer;

  beforeAll(async () => {
    server = await AttackedServer.start();
  });
  afterAll(async () => {
    await server.machine[Symbol.asyncDispose]();
  });
  afterEach(() => server.expectUnharmed());

  test("refuses a client whose proof is wrong, and says why in the log", async () => {
    using client = await server.attack();
    client.hello();
    const challenge = await client.challenge();
    const { ringBytesMax } = challenge;
    const memory = createSharedMemory(segmentBytes(ringBytesMax));
    const proof = client.proof(challenge);
    proof[31]! ^= 1;
    client.say({ step: "offer", proof, memory: memory.handle, ringBytesMax });
    await until(() => client.isClosed, "the end of the connection");
    expect(client.messages[1]).toMatchObject({ step: "refuse" });
    await server.target.until(() => server.target.stderr.includes("proof is wrong"), "the reason in the log");
    memory.release();
  });

  test("gives a proof to nobody that it could be handed back as", async () => {
    using client = await server.attack();
    client.hello();
    const { proof, ringBytesMax } = await client.challenge();
    client.say({ step: "offer", proof, memory: { fd: 0 }, ringBytesMax });
    await until(() => client.isClosed, "the end of the connection");
  });

  const BYTES = segmentBytes(RING_BYTES_MAX);
  const SIZE_SEALS = Seal.shrink | Seal.grow | Seal.seal;
  const file = (name: string): string => join(server.machine.folder, name);

  test.each<[string, () => number]>([
    ["a FIFO", () => {
      Bun.spawnSync(["mkfifo", file("fifo")]);
      return openSync(file("fifo"), "r+");
    }],
    ["/dev/zero", () => openSync("/dev/zero", "r+")],
    ["a folder", () => openSync(server.machine.folder, "r")],
    ["an ordinary file of the right size", () => {
      writeFileSync(file("file"), new Uint8Array(BYTES), { mode: 0o600 });
      return openSync(file("file"), "r+");
    }],
    ["a memfd that is too short", () => oddMemfd(BYTES - 4096, SIZE_SEALS)],
    ["a memfd that is too long", () => oddMemfd(BYTES + 4096, SIZE_SEALS)],
    ["a memfd that can be cut off", () => oddMemfd(BYTES, 0)],
    ["a memfd that can be cut off, but not grow", () => oddMemfd(BYTES, Seal.grow)],
    ["a memfd that nobody can write to", () => oddMemfd(BYTES, SIZE_SEALS | Seal.write)],
    ["a memfd that nobody can map to write to", () => oddMemfd(BYTES, SIZE_SEALS | Seal.futureWrite)],
    ["a descriptor that is not open", () => 9_999],
  ])("refuses an offer of %s, and stays on the socket", async (_, make) => {
    using client = await server.attack();
    client.hello();
    const challenge = await client.challenge();
    const fd = make();
    try {
      const { ringBytesMax } = challenge;
      client.say({ step: "offer", proof: client.proof(challenge), memory: { fd }, ringBytesMax });
      expect(await client.answer()).toBe("refuse");
      try {
        // What it kept of it in spite of that would end it now.
        ftruncateSync(fd, 0);
      } catch {
        // Not every file can be cut off.
      }
      expect(await client.isHeard()).toBe(true);
    } finally {
      if (fd !== 9_999) closeSync(fd);
    }
  });

  test.each<[string, unknown]>([
    ["a negative descriptor", { fd: -1 }],
    ["a descriptor that is no integer", { fd: 1.5 }],
    ["a name that leaves its folder", { name: "/cell-../../etc/passwd" }],
    ["a name that nobody has", { name: `/cell-${"a".repeat(22)}` }],
    ["nothing at all", {}],
    ["a string", "fd"],
  ])("neither opens nor believes an offer of %s", async (_, memory) => {
    using client = await server.attack();
    client.hello();
    const challenge = await client.challenge();
    client.say({ step: "offer", proof: client.proof(challenge), memory, ringBytesMax: challenge.ringBytesMax });
    expect(["refuse", "closed"]).toContain(await client.answer());
  });

  test("does not give a ring larger than it said, or of an odd size", async () => {
    for (const ringBytesMax of [2 ** 21, 2 ** 31, 2 ** 52, 12_345, 0, -1, 2 ** 14]) {
      using client = await server.attack();
      client.hello();
      const challenge = await client.challenge();
      client.say({ step: "offer", proof: client.proof(challenge), memory: { fd: 0 }, ringBytesMax });
      expect(["refuse", "closed"], String(ringBytesMax)).toContain(await client.answer());
    }
  });

  test("ends a connection that says things out of order, or what is no message", async () => {
    const nonce = new Uint8Array(32);
    const conversations: unknown[][] = [
      [{ step: "accept" }],
      [{ step: "switch" }],
      [{ step: "challenge", nonce, proof: nonce, ringBytesMax: 2 ** 20 }],
      [{ step: "offer", proof: nonce, memory: { fd: 1 }, ringBytesMax: 2 ** 20 }],
      [{ step: "hello", version: 1, nonce }, { step: "hello", version: 1, nonce }],
      [{ step: "hello", version: 1, nonce }, { step: "switch" }],
      [{ step: "hello", version: 1, nonce: new Uint8Array(31) }],
      [{ step: "dance" }],
      [[1, 2, 3]],
      ["hello"],
      [{ step: "hello", version: 1, nonce, more: Array.from({ length: 900 }, () => 1) }],
      [null],
    ];
    for (const conversation of conversations) {
      using client = await server.attack();
      for (const message of conversation) client.say(message);
      await until(() => client.isClosed || client.messages.length > 0, "an answer");
      if (client.messages.length === 0 || conversation.length > 1) {
        await until(() => client.isClosed, `the end of the connection after ${Bun.inspect(conversation)}`);
      }
    }
    // One that has moved has nothing more to say about it.
    for (const message of [{ step: "hello", version: 1, nonce }, { step: "switch" }, { step: "accept" }]) {
      const { client, memory } = await server.moved();
      client.say(message);
      await until(() => client.isClosed, `the end of the connection after another ${message.step}`);
      memory.release();
    }
  });

  test("ends a connection whose frames still come over the socket after it has moved", async () => {
    const { client, memory } = await server.moved();
    client.frame(2, new Uint8Array(10), 1);
    await until(() => client.isClosed, "the end of the connection");
    memory.release();
  });

  test("answers others while one rings its doorbell without end", async () => {
    const { client, memory } = await server.moved();
    for (let rung = 0; rung < FLOOD_FRAMES; rung++) {
      client.ring();
      if (rung % 1_000 === 0) await server.witness.call("callEach", [1]);
      if (!client.link.writable) await Bun.sleep(0);
    }
    expect(await server.witness.call("callEach", [20])).toBe(40);
    client[Symbol.dispose]();
    memory.release();
  });

  test("does not keep a crowd that says hello without end", async () => {
    using client = await server.attack();
    for (let said = 0; said < FLOOD_FRAMES && !client.isClosed; said++) {
      client.hello();
      if (said % 1_000 === 0) await server.witness.call("callEach", [1]);
    }
    await until(() => client.isClosed, "the end of the connection");
  });

  test(`bounds what ${HALF_HANDSHAKES} clients that stop in the middle cost`, async () => {
    const stalled: HostileClient[] = [];
    const memories: SharedMemory[] = [];
    try {
      const stall = async (index: number): Promise<void> => {
        const client = await server.attack();
        stalled.push(client);
        client.hello();
        if (index % 4 !== 0) return;
        const challenge = await client.challenge().catch(() => undefined);
        // The budget is spent on those before.
        if (challenge === undefined) return;
        const { ringBytesMax } = challenge;
        const memory = createSharedMemory(segmentBytes(ringBytesMax));
        memories.push(memory);
        client.say({ step: "offer", proof: client.proof(challenge), memory: memory.handle, ringBytesMax });
      };
      for (let first = 0; first < HALF_HANDSHAKES; first += AT_ONCE) {
        await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => stall(first + index)));
      }
      expect(await server.witness.call("callEach", [20])).toBe(40);
    } finally {
      for (const client of stalled) client[Symbol.dispose]();
      for (const memory of memories) memory.release();
    }
    await server.control.call("open", ["target", 1]);
    expect(await server.control.call("callEach", [50])).toBe(50);
    await server.control.call("closeAll", []);
  });
});
