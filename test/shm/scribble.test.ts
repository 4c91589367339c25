import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { statSync } from "node:fs";
import { seededRandom } from "../../lib/base/mod.ts";
import { openSharedMemory } from "../../lib/sys/mod.ts";
import { until } from "../harness/mod.ts";
import { SEED } from "../nucleus/harness/mod.ts";
import {
  AttackedServer,
  Scribble,
  sharedDescriptorsOf,
  sharedMappingsOf,
  TRANSPORTS,
  untilAtRest,
  type Victim,
} from "./harness/mod.ts";

setDefaultTimeout(120_000);

/**
 * Memory that changes under the hands of who reads it: in a segment anybody who has it may write anything at any time. The
 * processes live, other connections are answered, and afterwards nobody uses CPU.
 */
const MUTATIONS = process.env["CELL_SOAK"] === undefined ? 60_000 : 1_000_000;
/** Mutations between two looks at what became of the connection. */
const MUTATIONS_PER_ROUND = 200;

describe.skipIf(!TRANSPORTS.includes("shm"))("a server of shared memory", () => {
  let server: AttackedServer;

  beforeAll(async () => {
    server = await AttackedServer.start();
  });
  afterAll(async () => {
    await server.machine[Symbol.asyncDispose]();
  });
  afterEach(() => server.expectUnharmed());

  /** What the server logs is on its way to this process. */
  const untilNoticed = () =>
    server.target.until(() => server.target.stderr.includes("broke the protocol"), "the server to say so");

  test.each(["server", "client"] as Victim[])(
    `survives ${MUTATIONS} mutations of what the %s reads while both sides use it (seed ${SEED})`,
    async (victim) => {
      const random = seededRandom(SEED);
      await server.control.call("open", ["target", 2]);
      await server.control.call("beginNoise", []);
      const segments = new Map<number, Scribble>();
      try {
        for (let count = 0; count < MUTATIONS;) {
          await until(async () => {
            await server.witness.call("callEach", [1]);
            return sharedDescriptorsOf(server.caller.pid).length > 0;
          }, "a connection to scribble over");
          for (const path of sharedDescriptorsOf(server.caller.pid)) {
            const scribble = open(path, segments, victim, random);
            if (scribble === undefined) continue;
            for (let made = 0; made < MUTATIONS_PER_ROUND; made++) scribble.mutate();
            count += MUTATIONS_PER_ROUND;
          }
        }
      } finally {
        const { answered } = await server.control.call("endNoise", []) as { answered: number };
        expect(answered).toBeGreaterThan(0);
        await server.control.call("closeAll", []);
      }
      // It was noticed: connections have ended, and others were made in their place.
      expect(segments.size).toBeGreaterThan(10);
      if (victim === "server") await untilNoticed();
      // Who was scribbled over works on.
      await server.control.call("open", ["target", 2]);
      expect(await server.control.call("callEach", [20])).toBe(40);
      await server.control.call("closeAll", []);
      await untilAtRest(server.caller.pid);
      await until(async () => {
        await server.control.call("collect", []);
        return sharedMappingsOf(server.caller.pid) === 0 && sharedDescriptorsOf(server.caller.pid).length === 0;
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
        const { buffer } = openSharedMemory({ fd }, size, { uid: process.getuid!(), pid: server.caller.pid });
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
      const { client, memory } = await server.moved();
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
    await untilNoticed();
  }, 3_600_000);
});
