import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, ftruncateSync, openSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "../../lib/base/mod.ts";
import type { RemoteService } from "../../lib/service/mod.ts";
import { RING_BYTES_MAX } from "../../lib/shm/mod.ts";
import { createSharedMemory, openSharedMemory, type SharedMemory } from "../../lib/sys/mod.ts";
import { type Running, until } from "../harness/mod.ts";
import { privateBytesOf, SEED } from "../nucleus/harness/mod.ts";
import {
  cpuMicrosOf,
  descriptorsOf,
  HostileClient,
  oddMemfd,
  Scribble,
  Seal,
  segmentBytes,
  sharedDescriptorsOf,
  sharedMappingsOf,
  ShmMachine,
  TRANSPORTS,
  type Victim,
} from "./harness/mod.ts";

/**
 * Peers that know the protocol and mean harm, against the compiled binary. Whatever they do, the process lives, its other
 * clients are answered, what they took is given back, and afterwards it uses no CPU.
 */
const IS_SOAK = process.env["CELL_SOAK"] !== undefined;
const MUTATIONS = IS_SOAK ? 1_000_000 : 60_000;
/** Mutations between two looks at what became of the connection. */
const MUTATIONS_PER_ROUND = 200;
const HALF_HANDSHAKES = 1_000;
const AT_ONCE = 50;
const FLOOD_FRAMES = 20_000;
const GROWTH_BYTES_MAX = 96 * 2 ** 20;
/** In an interval of this length a process at rest uses at most so much CPU time, which is the runtime's own. */
const INTERVAL_MS = 100;
const REST_MICROS_MAX = 10_000;

describe.skipIf(!TRANSPORTS.includes("shm"))("a server of shared memory", () => {
  let machine: ShmMachine;
  let target: Running;
  let caller: Running;
  let targetControl: RemoteService;
  let control: RemoteService;
  let witness: RemoteService;
  let before: number;
  let bytesBefore: number;

  beforeAll(async () => {
    machine = new ShmMachine("shm");
    [target, caller] = [await machine.run("target", "target"), await machine.run("caller", "caller")];
    await machine.run("caller", "witness");
    targetControl = await machine.control("target");
    control = await machine.control("caller");
    witness = await machine.control("witness");
    await witness.call("open", ["target", 2]);
    await witness.call("callEach", [200]);
    await control.call("open", ["target", 1]);
    await control.call("callEach", [200]);
    await control.call("closeAll", []);
    await untilOnlyWitness();
    before = descriptorsOf(target.pid).length;
    bytesBefore = privateBytesOf(target.pid);
  });
  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
  });

  /** After every attack: the same process answers at once, holds nothing of the attacker, and comes to rest. */
  afterEach(async () => {
    expect(await witness.call("callEach", [20])).toBe(40);
    await untilOnlyWitness();
    await until(() => descriptorsOf(target.pid).length <= before, "the server's descriptors to be given back");
    await untilIdle(target.pid);
    expect(privateBytesOf(target.pid) - bytesBefore).toBeLessThan(GROWTH_BYTES_MAX);
  });

  /** Waits until the server has the memory of the witness's connections alone. */
  async function untilOnlyWitness(): Promise<void> {
    await until(async () => {
      await targetControl.call("collect", []);
      return sharedDescriptorsOf(target.pid).length === 2 && sharedMappingsOf(target.pid) === 2;
    }, "the memory of all others to be given back");
  }

  async function untilIdle(pid: number): Promise<void> {
    await until(async () => {
      const micros = cpuMicrosOf(pid);
      await Bun.sleep(INTERVAL_MS);
      return cpuMicrosOf(pid) - micros <= REST_MICROS_MAX;
    }, "the process to come to rest");
  }

  const attack = (): Promise<HostileClient> => HostileClient.connect(machine.home, "target");

  /** A connection that has moved, as an honest one has. */
  async function moved(): Promise<{ client: HostileClient; memory: SharedMemory }> {
    const client = await attack();
    client.hello();
    const challenge = await client.challenge();
    const memory = createSharedMemory(segmentBytes(challenge.ringBytesMax));
    if (!("fd" in memory.handle)) throw new Error("expected a memfd");
    memory.allocate(0, segmentBytes(challenge.ringBytesMax));
    const { ringBytesMax } = challenge;
    client.say({ step: "offer", proof: client.proof(challenge), memory: memory.handle, ringBytesMax });
    expect(await client.answer()).toBe("accept");
    client.say({ step: "switch" });
    return { client, memory };
  }

  test.each(["server", "client"] as Victim[])(
    `survives ${MUTATIONS} mutations of what the %s reads while both sides use it (seed ${SEED})`,
    async (victim) => {
      const random = seededRandom(SEED);
      await control.call("open", ["target", 2]);
      await control.call("beginNoise", []);
      const segments = new Map<number, Scribble>();
      try {
        for (let count = 0; count < MUTATIONS;) {
          await until(async () => {
            await witness.call("callEach", [1]);
            return sharedDescriptorsOf(caller.pid).length > 0;
          }, "a connection to scribble over");
          for (const path of sharedDescriptorsOf(caller.pid)) {
            const scribble = open(path, segments, victim, random);
            if (scribble === undefined) continue;
            for (let made = 0; made < MUTATIONS_PER_ROUND; made++) scribble.mutate();
            count += MUTATIONS_PER_ROUND;
          }
        }
      } finally {
        const { answered } = await control.call("endNoise", []) as { answered: number };
        expect(answered).toBeGreaterThan(0);
        await control.call("closeAll", []);
      }
      // It was noticed: connections have ended, and others were made in their place.
      expect(segments.size).toBeGreaterThan(10);
      if (victim === "server") expect(target.stderr).toContain("broke the protocol");
      // Who was scribbled over works on.
      await control.call("open", ["target", 2]);
      expect(await control.call("callEach", [20])).toBe(40);
      await control.call("closeAll", []);
      await untilIdle(caller.pid);
      await until(async () => {
        await control.call("collect", []);
        return sharedMappingsOf(caller.pid) === 0 && sharedDescriptorsOf(caller.pid).length === 0;
      }, "the client's memory to be given back");
    },
    3_600_000,
  );

  /** Maps a segment of the caller; undefined when it has just gone. */
  function open(
    path: string,
    known: Map<number, Scribble>,
    victim: Victim,
    random: () => number,
  ): Scribble | undefined {
    try {
      const { ino, size } = statSync(path);
      let scribble = known.get(ino);
      if (scribble === undefined) {
        const fd = Number(path.slice(path.lastIndexOf("/") + 1));
        const { buffer } = openSharedMemory({ fd }, size, { uid: process.getuid!(), pid: caller.pid });
        known.set(ino, scribble = new Scribble(buffer, victim, random));
      }
      return scribble;
    } catch {
      return undefined;
    }
  }

  test(`survives a client that scribbles, rings and never answers (seed ${SEED})`, async () => {
    const random = seededRandom(SEED);
    let count = 0;
    while (count < MUTATIONS) {
      const { client, memory } = await moved();
      using _ = client;
      const scribble = new Scribble(memory.buffer, "server", random);
      while (!client.isClosed && count < MUTATIONS) {
        if (random() < 0.5) scribble.append();
        for (let made = Math.floor(random() * 20); made > 0; made--, count++) scribble.mutate();
        if (random() < 0.3) client.ring();
        if (random() < 0.1) await Bun.sleep(0);
        // The server has gone to sleep.
        if (random() < 0.005) await Bun.sleep(2);
      }
      memory.release();
    }
    expect(target.stderr).toContain("broke the protocol");
  }, 3_600_000);

  test("refuses a client whose proof is wrong, and says why in the log", async () => {
    using client = await attack();
    client.hello();
    const challenge = await client.challenge();
    const { ringBytesMax } = challenge;
    const memory = createSharedMemory(segmentBytes(ringBytesMax));
    const proof = client.proof(challenge);
    proof[31]! ^= 1;
    client.say({ step: "offer", proof, memory: memory.handle, ringBytesMax });
    await until(() => client.isClosed, "the end of the connection");
    expect(client.messages[1]).toMatchObject({ step: "refuse" });
    expect(target.stderr).toContain("proof is wrong");
    memory.release();
  });

  test("gives a proof to nobody that it could be handed back as", async () => {
    using client = await attack();
    client.hello();
    const { proof, ringBytesMax } = await client.challenge();
    client.say({ step: "offer", proof, memory: { fd: 0 }, ringBytesMax });
    await until(() => client.isClosed, "the end of the connection");
  });

  const BYTES = segmentBytes(RING_BYTES_MAX);
  const SIZE_SEALS = Seal.shrink | Seal.grow | Seal.seal;
  const file = (name: string): string => join(machine.folder, name);

  test.each<[string, () => number]>([
    ["a FIFO", () => {
      Bun.spawnSync(["mkfifo", file("fifo")]);
      return openSync(file("fifo"), "r+");
    }],
    ["/dev/zero", () => openSync("/dev/zero", "r+")],
    ["a folder", () => openSync(machine.folder, "r")],
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
    using client = await attack();
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
    using client = await attack();
    client.hello();
    const challenge = await client.challenge();
    client.say({ step: "offer", proof: client.proof(challenge), memory, ringBytesMax: challenge.ringBytesMax });
    expect(["refuse", "closed"]).toContain(await client.answer());
  });

  test("does not give a ring larger than it said, or of an odd size", async () => {
    for (const ringBytesMax of [2 ** 21, 2 ** 31, 2 ** 52, 12_345, 0, -1, 2 ** 14]) {
      using client = await attack();
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
      using client = await attack();
      for (const message of conversation) client.say(message);
      await until(() => client.isClosed || client.messages.length > 0, "an answer");
      if (client.messages.length === 0 || conversation.length > 1) {
        await until(() => client.isClosed, `the end of the connection after ${Bun.inspect(conversation)}`);
      }
    }
    // One that has moved has nothing more to say about it.
    for (const message of [{ step: "hello", version: 1, nonce }, { step: "switch" }, { step: "accept" }]) {
      const { client, memory } = await moved();
      client.say(message);
      await until(() => client.isClosed, `the end of the connection after another ${message.step}`);
      memory.release();
    }
  });

  test("ends a connection whose frames still come over the socket after it has moved", async () => {
    const { client, memory } = await moved();
    client.frame(2, new Uint8Array(10), 1);
    await until(() => client.isClosed, "the end of the connection");
    memory.release();
  });

  test("answers others while one rings its doorbell without end", async () => {
    const { client, memory } = await moved();
    for (let rung = 0; rung < FLOOD_FRAMES; rung++) {
      client.ring();
      if (rung % 1_000 === 0) await witness.call("callEach", [1]);
      if (!client.link.writable) await Bun.sleep(0);
    }
    expect(await witness.call("callEach", [20])).toBe(40);
    client[Symbol.dispose]();
    memory.release();
  });

  test("does not keep a crowd that says hello without end", async () => {
    using client = await attack();
    for (let said = 0; said < FLOOD_FRAMES && !client.isClosed; said++) {
      client.hello();
      if (said % 1_000 === 0) await witness.call("callEach", [1]);
    }
    await until(() => client.isClosed, "the end of the connection");
  });

  test(`bounds what ${HALF_HANDSHAKES} clients that stop in the middle cost`, async () => {
    const stalled: HostileClient[] = [];
    const memories: SharedMemory[] = [];
    try {
      const stall = async (index: number): Promise<void> => {
        const client = await attack();
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
      expect(await witness.call("callEach", [20])).toBe(40);
    } finally {
      for (const client of stalled) client[Symbol.dispose]();
      for (const memory of memories) memory.release();
    }
    await control.call("open", ["target", 1]);
    expect(await control.call("callEach", [50])).toBe(50);
    await control.call("closeAll", []);
  });
});
