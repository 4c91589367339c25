import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { seededRandom } from "../../lib/base/mod.ts";
import type { RemoteService } from "../../lib/service/mod.ts";
import { type Running, until } from "../harness/mod.ts";
import { SEED } from "../nucleus/harness/mod.ts";
import {
  descriptorsOf,
  HostileServer,
  type HostileServerSide,
  Scribble,
  type Script,
  sharedDescriptorsOf,
  sharedMappingsOf,
  ShmMachine,
  TRANSPORTS,
  untilAtRest,
} from "./harness/mod.ts";

setDefaultTimeout(120_000);

/**
 * Servers that know the protocol and mean harm, against a client that is the compiled binary. Its calls end, it lives, what
 * it shared is given back, and afterwards it uses no CPU.
 */
const ROUNDS = process.env["CELL_SOAK"] === undefined ? 20 : 2_000;
/** Mutations of one connection at most. */
const MUTATIONS_MAX = 2_000;
const FLOOD_FRAMES = 5_000;
/** A call that a hostile server leaves without an answer ends after this. */
const TIMEOUT_MS = 300;
/** One that it answers gets its answer, however long this process has no core. */
const PATIENT_MS = 60_000;
const CALLS = 20;
const ALL_ANSWERED = Array.from({ length: CALLS }, () => "answered");

describe.skipIf(!TRANSPORTS.includes("shm"))("a client of shared memory", () => {
  let machine: ShmMachine;
  let caller: Running;
  let control: RemoteService;
  let before: number;

  beforeAll(async () => {
    machine = new ShmMachine("auto");
    await machine.run("target", "target");
    caller = await machine.run("caller", "caller");
    control = await machine.control("caller");
    // The first connection makes the secret, and opens what every process opens once.
    await useHonestServer();
    await untilGivenBack();
    before = descriptorsOf(caller.pid).length;
  });
  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    await useHonestServer();
    await untilGivenBack();
    await until(() => descriptorsOf(caller.pid).length <= before, "the client's descriptors to be given back");
    await untilAtRest(caller.pid);
  });

  async function useHonestServer(): Promise<void> {
    await control.call("open", ["target", 1]);
    expect(await control.call("callEach", [50])).toBe(50);
    expect(sharedMappingsOf(caller.pid)).toBeGreaterThan(0);
    await control.call("closeAll", []);
  }

  async function untilGivenBack(): Promise<void> {
    await until(async () => {
      await control.call("collect", []);
      return sharedMappingsOf(caller.pid) === 0 && sharedDescriptorsOf(caller.pid).length === 0;
    }, "the shared memory to be given back");
  }

  /** How calls of a new client to a server with this script end: those before it moves, and those at its move and after. */
  async function call(script: Script, timeoutMs = TIMEOUT_MS): Promise<string[][]> {
    await using _ = await HostileServer.start(machine.home, script);
    await control.call("open", ["fake", 1]);
    try {
      const ends: string[][] = [];
      for (let round = 0; round < 3; round++) {
        ends.push(await control.call("tryCalls", [CALLS, timeoutMs]) as string[]);
      }
      return ends;
    } finally {
      await control.call("closeAll", []);
    }
  }

  test.each<[string, Script]>([
    ["refuses", (_, server) => server.say({ step: "refuse", reason: "no" })],
    ["says nothing", () => {}],
    ["has another secret", (_, server) => server.challenge({ proof: new Uint8Array(32) })],
    ["hands a proof back", ({ step }, server) => step === "hello" && server.challenge({ proof: server.nonce })],
    [
      "refuses the offer",
      ({ step }, server) => step === "hello" ? server.challenge() : server.say({ step: "refuse", reason: "no" }),
    ],
    ["takes the offer and says nothing", ({ step }, server) => step === "hello" && server.challenge()],
  ])("is answered on the socket by a server that %s", async (_, script) => {
    expect(await call(script, PATIENT_MS)).toEqual([ALL_ANSWERED, ALL_ANSWERED, ALL_ANSWERED]);
  });

  const nonce = new Uint8Array(32);

  test.each<[string, Script]>([
    ["accepts before there is an offer", (_, server) => server.say({ step: "accept" })],
    ["switches", (_, server) => server.say({ step: "switch" })],
    ["says hello itself", (_, server) => server.say({ step: "hello", version: 1, nonce })],
    ["challenges twice", (_, server) => {
      server.challenge();
      server.challenge();
    }],
    ["wants rings of an odd size", (_, server) => server.challenge({ ringBytesMax: 12_345 })],
    ["wants rings of no size", (_, server) => server.challenge({ ringBytesMax: 0 })],
    ["wants rings larger than any", (_, server) => server.challenge({ ringBytesMax: 2 ** 40 })],
    ["sends what is no message", (_, server) => server.say([1, 2, 3])],
    ["rings a doorbell that there is not", (_, server) => server.ring()],
    ["accepts twice", ({ step }, server) => {
      if (step === "hello") return server.challenge();
      server.say({ step: "accept" });
      server.say({ step: "accept" });
    }],
    ["goes on over the socket after it has accepted", ({ step }, server) => {
      if (step === "hello") return server.challenge();
      server.say({ step: "accept" });
      server.frame(2, new Uint8Array(10), 1);
    }],
    ["accepts and never reads", ({ step }, server) => {
      if (step === "hello") server.challenge();
      else if (step === "offer") server.say({ step: "accept" });
    }],
  ])("ends its calls with a server that %s", async (_, script) => {
    // Whichever end they come to: none is left without one, or this would not return.
    expect((await call(script)).flat()).toHaveLength(3 * CALLS);
  });

  test("comes to rest after a server that rings without end", async () => {
    const ends = await call(({ step }, server) => {
      if (step === "hello") return server.challenge();
      server.say({ step: "accept" });
      for (let rung = 0; rung < FLOOD_FRAMES; rung++) server.ring();
    });
    expect(ends.flat()).toHaveLength(3 * CALLS);
  });

  test(`survives servers that scribble over what it reads, and ring (seed ${SEED})`, async () => {
    const random = seededRandom(SEED);
    let mutations = 0;
    const sides: HostileServerSide[] = [];
    const script: Script = (message, server) => {
      if (message.step === "hello") return server.challenge();
      if (message.step !== "offer") return;
      const scribble = new Scribble(server.map(message).buffer, "client", random);
      server.say({ step: "accept" });
      sides.push(server);
      let left = MUTATIONS_MAX;
      const timer = setInterval(() => {
        for (let made = 0; made < 50; made++, left--, mutations++) {
          if (random() < 0.2) scribble.append();
          scribble.mutate();
        }
        if (left <= 0 || server.memory === undefined) return clearInterval(timer);
        server.ring();
      }, 1);
    };
    for (let round = 0; round < ROUNDS; round++) {
      const ends = await call(script);
      expect(ends.flat()).toHaveLength(3 * CALLS);
    }
    expect(sides.length).toBeGreaterThanOrEqual(ROUNDS);
    expect(mutations).toBeGreaterThan(ROUNDS * 100);
  }, 3_600_000);
});
