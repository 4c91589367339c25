import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { RemoteService } from "../../lib/service/mod.ts";
import { type Running, until } from "../harness/mod.ts";
import { privateBytesOf } from "../nucleus/harness/mod.ts";
import { MOVING_TRANSPORTS, sharedMappingsOf, ShmMachine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/** What calls can do they can do between two processes, whatever moves their bytes, and while it changes. */
const MESSAGE_BYTES_MAX = 16 * 2 ** 20;
/** Room for what stands around the bytes in a message. */
const ENVELOPE_BYTES = 1024;
const CHUNK_BYTES = 16 * 1024;
/** A stream runs ahead of its reader by its window, and what lies in buffers on the way. */
const AHEAD_BYTES_MAX = 4 * 2 ** 20;
const GROWTH_BYTES_MAX = 256 * 2 ** 20;

describe.each(MOVING_TRANSPORTS)("over %s", (transport) => {
  let machine: ShmMachine;
  let target: Running;
  let client: RemoteService;
  let targetControl: RemoteService;
  const call = <T>(method: string, ...args: unknown[]): Promise<T> => client.call(method, args) as Promise<T>;
  const saw = async () =>
    await targetControl.call("saw", []) as { produced: number; ended: number; napping: number; aborted: number };

  beforeAll(async () => {
    machine = new ShmMachine(transport);
    target = await machine.run("target", "target");
    await machine.run("features", "features");
    [targetControl, client] = [await machine.control("target"), await machine.control("features")];
    await call("begin", "target", transport === "auto" ? 0 : 20);
  });
  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
  });

  test("chunks streamed there and back come in order", async () => {
    expect(await call<number>("mirror", 300, 5_000)).toBe(300);
    expect(await call<number>("mirror", 20, 2 ** 20)).toBe(20);
  });

  test("messages of up to 16 MiB pass, longer ones are refused, and the connection lives on", async () => {
    const before = privateBytesOf(target.pid);
    for (const bytes of [0, 1, 32 * 1024, 2 ** 20, MESSAGE_BYTES_MAX - ENVELOPE_BYTES]) {
      expect(await call<number>("echo", bytes, 1), `${bytes} bytes`).toBe(1);
    }
    expect(await call<string>("echoCode", MESSAGE_BYTES_MAX + 1)).toBe("RESOURCE_EXHAUSTED");
    expect(await call<number>("echo", 3 * 2 ** 20, 6)).toBe(6);
    await targetControl.call("collect", []);
    expect(privateBytesOf(target.pid) - before).toBeLessThan(GROWTH_BYTES_MAX);
  });

  test("a stream waits for its reader, and ends when the reader has enough", async () => {
    const { ended } = await saw();
    expect(await call<number>("beginSlowly", CHUNK_BYTES)).toBe(CHUNK_BYTES);
    let produced = -1;
    await until(async () => {
      const before = produced;
      ({ produced } = await saw());
      return produced > 0 && produced === before;
    }, "the stream to wait");
    expect(produced * CHUNK_BYTES).toBeLessThan(AHEAD_BYTES_MAX);
    await call("readOn", 200);
    await until(async () => (await saw()).produced > produced, "the stream to go on");
    await call("stopReading");
    await until(async () => (await saw()).ended === ended + 1, "the stream to end");
  });

  test("a stream that nobody reads to its end is ended at its source", async () => {
    expect(await call<unknown>("giveTooMuch", 5)).toEqual({ taken: [0, 1, 2, 3, 4], wasEnded: true });
  });

  test("deadlines and cancellation end a call on both sides", async () => {
    const { aborted: before } = await saw();
    expect(await call<string>("beLate", 50)).toBe("DEADLINE_EXCEEDED");
    expect(await call<string>("cancel")).toBe("CANCELLED");
    // The first one has not begun where its time was over before it could be sent.
    await until(async () => {
      const { napping, aborted } = await saw();
      return napping === 0 && aborted > before;
    }, "both naps to be broken off");
    expect(await call<number>("echo", 100, 1)).toBe(1);
  });

  test("the calls went over what they were meant to go over", () => {
    expect(sharedMappingsOf(target.pid)).toBe(transport === "uds" ? 0 : 1);
  });
});
