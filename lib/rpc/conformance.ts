import { afterEach, describe, expect, test } from "bun:test";
import { CellError, KIB, MIB } from "../base/mod.ts";
import { describeLink, type LinkPair, type Transport } from "./link_conformance.ts";
import { STREAM_WINDOW_BYTES } from "./limits.ts";
import { currentCall } from "./mod.ts";
import {
  BYTES,
  collect,
  connect as connectOver,
  failure,
  NUMBER,
  numbers,
  type Pair,
  passDeadlines,
  streaming,
  streamOf,
  STRING,
  type TestMethod,
  unary,
  UNKNOWN,
  until,
  VOID,
} from "./test_service.ts";

export type { LinkPair, Transport };

/** What calls may rely on, whatever moves the bytes. Every transport runs this unchanged. */
export function describeTransport(transport: Transport): void {
  describeLink(transport);
  describe(`${transport.name}: calls`, () => {
    const pairs: LinkPair[] = [];
    afterEach(async () => {
      for (const { server, client, dispose } of pairs.splice(0)) {
        server.destroy();
        client.destroy();
        await dispose();
      }
    });

    async function connect(
      methods: { [name: string]: TestMethod },
      options: Parameters<typeof connectOver>[1] = {},
    ): Promise<Pair> {
      const pair = await transport.connect();
      pairs.push(pair);
      return connectOver(methods, { ...options, links: [pair.server, pair.client] });
    }

    test("a call is answered with the function's result, sync or async", async () => {
      const { client } = await connect({
        add: unary([NUMBER, NUMBER], NUMBER, (a: number, b: number) => a + b),
        later: unary([STRING], STRING, async (text: string) => {
          await Promise.resolve();
          return text.toUpperCase();
        }),
        nothing: unary([], VOID, () => {}),
      });
      expect(await client.call("add", [1, 2])).toBe(3);
      expect(await client.call("later", ["abc"])).toBe("ABC");
      expect(await client.call("nothing", [])).toBeUndefined();
    });

    test("thousands of calls at once each get their own answer, in any order", async () => {
      const { client, server } = await connect({
        echo: unary([NUMBER], NUMBER, async (value: number) => {
          for (let turn = value % 7; turn > 0; turn--) await Promise.resolve();
          if (value % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
          return value;
        }),
      });
      const values = Array.from({ length: 5000 }, (_, index) => index);
      expect(await Promise.all(values.map((value) => client.call("echo", [value])))).toEqual(values);
      expect(server.stats()).toMatchObject({ calls: 5000, errors: 0, inFlight: 0 });
    });

    test("messages of megabytes travel both ways", async () => {
      const { client } = await connect({ echo: unary([BYTES], BYTES, (bytes: Uint8Array) => bytes) });
      const bytes = new Uint8Array(5 * MIB).map((_, index) => index % 251);
      const answers = await Promise.all([1, 2, 3].map(() => client.call("echo", [bytes])));
      for (const answer of answers) expect(Buffer.compare(answer as Uint8Array, bytes)).toBe(0);
    });

    test("an error arrives with its code, message and data, and without a stack", async () => {
      const { client } = await connect({
        fail: unary([], VOID, () => {
          throw new CellError("ABORTED", "try later", { retryable: true, data: { afterMs: 50 } });
        }),
      });
      expect(await failure(client.call("fail", []))).toEqual({
        code: "ABORTED",
        message: "try later",
        retryable: true,
        data: { afterMs: 50 },
      });
    });

    test("a server stream delivers every item in order, then ends", async () => {
      const { client } = await connect({ count: streaming([NUMBER], NUMBER, (to: number) => numbers(to)) });
      expect(await collect(client.stream("count", [0]))).toEqual([]);
      const items = await collect(client.stream("count", [30_000]));
      expect(items).toEqual(Array.from({ length: 30_000 }, (_, index) => index));
    });

    test("a client stream is read by the handler, then answered", async () => {
      const { client } = await connect({
        total: unary([STRING, streamOf(NUMBER)], STRING, async (label: string, items: AsyncIterable<number>) => {
          let total = 0;
          for await (const item of items) total += item;
          return `${label}${total}`;
        }),
      });
      expect(await client.call("total", ["sum ", numbers(0)])).toBe("sum 0");
      expect(await client.call("total", ["sum ", numbers(30_000)])).toBe("sum 449985000");
    });

    test("a bidirectional stream answers each item as it comes", async () => {
      const { client } = await connect({
        double: streaming([streamOf(NUMBER)], NUMBER, async function* (items: AsyncIterable<number>) {
          for await (const item of items) yield item * 2;
        }),
      });
      let asked = 0;
      async function* questions() {
        for (; asked < 100; asked++) yield asked;
      }
      const answers: unknown[] = [];
      for await (const answer of client.stream("double", [questions()])) answers.push(answer);
      expect(answers).toEqual(Array.from({ length: 100 }, (_, index) => index * 2));
    });

    test("a consumer that is slow slows the producer down", async () => {
      let produced = 0;
      const item = new Uint8Array(1000);
      const { client } = await connect({
        produce: streaming([], BYTES, async function* () {
          for (; produced < 5000; produced++) yield item;
        }),
      });
      const stream = client.stream("produce", []);
      await stream.next();
      let before = -1;
      while (produced !== before) {
        before = produced;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect(produced).toBeLessThan(STREAM_WINDOW_BYTES / item.length + 10);
      expect((await collect(stream)).length).toBe(4999);
    });

    test("a handler that is slow to read slows the caller's stream down", async () => {
      let produced = 0;
      const item = new Uint8Array(1000);
      const gate = Promise.withResolvers<void>();
      const { client } = await connect({
        consume: unary([streamOf(BYTES)], NUMBER, async (items: AsyncIterable<Uint8Array>) => {
          await gate.promise;
          let count = 0;
          for await (const _ of items) count++;
          return count;
        }),
      });
      async function* source() {
        for (; produced < 3000; produced++) yield item;
      }
      const answer = client.call("consume", [source()]);
      let before = -1;
      while (produced !== before || produced === 0) {
        before = produced;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect(produced).toBeLessThan(STREAM_WINDOW_BYTES / item.length + 10);
      gate.resolve();
      expect(await answer).toBe(3000);
    });

    test("a caller that has seen enough ends the handler's generator", async () => {
      let returned = 0;
      const { client, server } = await connect({
        count: streaming([], NUMBER, () => numbers(Infinity, () => returned++)),
      });
      for await (const item of client.stream("count", [])) if (item === 10) break;
      await until(() => returned === 1 && server.stats().inFlight === 0);
    });

    test("a handler that has seen enough ends the caller's stream", async () => {
      let returned = 0;
      const { client } = await connect({
        first: unary([streamOf(NUMBER)], NUMBER, async (items: AsyncIterable<number>) => {
          for await (const item of items) return item;
          return -1;
        }),
        later: streaming([streamOf(NUMBER)], STRING, async function* (items: AsyncIterable<number>) {
          for await (const _ of items) break;
          await until(() => returned === 2);
          yield "the stream was ended before the call was";
        }),
      });
      expect(await client.call("first", [numbers(Infinity, () => returned++)])).toBe(0);
      await until(() => returned === 1);
      expect(await collect(client.stream("later", [numbers(Infinity, () => returned++)]))).toHaveLength(1);
    });

    test("cancelling reaches the handler's signal and its nested streams", async () => {
      const seen = Promise.withResolvers<unknown>();
      const { client, server } = await connect({
        wait: unary([], VOID, async () => {
          const { signal } = currentCall()!;
          await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
          seen.resolve(signal.reason);
        }),
      });
      const controller = new AbortController();
      const call = failure(client.call("wait", [], { signal: controller.signal }));
      await until(() => server.stats().inFlight === 1);
      controller.abort();
      expect(await call).toMatchObject({ code: "CANCELLED" });
      expect(await seen.promise).toMatchObject({ code: "CANCELLED" });
      await until(() => server.stats().inFlight === 0);
    });

    test("a deadline ends the call on both sides", async () => {
      let seen = Promise.withResolvers<unknown>();
      let leftMs = Infinity;
      const { client, server } = await connect({
        wait: unary([], VOID, async () => {
          const call = currentCall()!;
          leftMs = call.remainingMs();
          await new Promise<void>((resolve) => call.signal.addEventListener("abort", () => resolve()));
          seen.resolve(call.signal.reason);
        }),
      });
      // Whichever side notices it first tells the other one.
      for (const first of [client, server]) {
        seen = Promise.withResolvers();
        const call = failure(client.call("wait", [], { timeoutMs: 9_000 }));
        await until(() => server.stats().inFlight === 1);
        // A sum of two clock readings may be off by its last bit.
        expect(leftMs).toBeLessThan(9_001);
        passDeadlines(first);
        expect(await call).toMatchObject({ code: "DEADLINE_EXCEEDED" });
        expect(await seen.promise).toMatchObject({ code: first === client ? "CANCELLED" : "DEADLINE_EXCEEDED" });
        await until(() => server.stats().inFlight === 0);
      }
    });

    test("losing the connection fails the caller and aborts the handler", async () => {
      const aborted = Promise.withResolvers<unknown>();
      let returned = 0;
      const { client, clientLink, server } = await connect({
        wait: unary([], VOID, () => {
          const { signal } = currentCall()!;
          signal.addEventListener("abort", () => aborted.resolve(signal.reason));
          return new Promise(() => {});
        }),
        count: streaming([], NUMBER, () => numbers(Infinity, () => returned++)),
      });
      const call = failure(client.call("wait", []));
      const stream = client.stream("count", []);
      await stream.next();
      await until(() => server.stats().inFlight === 2);
      clientLink.destroy();
      expect(await call).toMatchObject({ code: "UNAVAILABLE", data: undefined });
      expect(await failure(collect(stream))).toMatchObject({ code: "UNAVAILABLE" });
      expect(await aborted.promise).toMatchObject({ code: "CANCELLED" });
      await until(() => returned === 1 && server.stats().inFlight === 0 && server.stats().connections === 0);
      expect(await failure(client.call("wait", []))).toMatchObject({ code: "UNAVAILABLE", data: { started: false } });
    });

    test("a server that drains finishes what runs and refuses what comes", async () => {
      const gate = Promise.withResolvers<void>();
      const { client, server } = await connect({
        slow: unary([], STRING, async () => {
          await gate.promise;
          return "done";
        }),
      });
      const running = client.call("slow", []);
      await until(() => server.stats().inFlight === 1);
      const drained = server.drain(10_000);
      await until(() => client.draining);
      expect(await failure(client.call("slow", []))).toMatchObject({
        code: "UNAVAILABLE",
        retryable: true,
        data: { started: false },
      });
      gate.resolve();
      expect(await running).toBe("done");
      await drained;
      expect(await client.closed).toBeUndefined();
      expect(server.stats()).toMatchObject({ draining: true, connections: 0, inFlight: 0 });
    });

    test("draining under load fails no call that was started", async () => {
      let executed = 0;
      const { client, server } = await connect({
        work: unary([NUMBER], NUMBER, async (value: number) => {
          if (value % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
          executed++;
          return value;
        }),
      });
      let answered = 0;
      const refusals: unknown[] = [];
      const callers = Array.from({ length: 64 }, async () => {
        for (let value = 0;; value++) {
          try {
            await client.call("work", [value]);
            answered++;
          } catch (error) {
            refusals.push((error as CellError).data);
            return;
          }
        }
      });
      await until(() => answered > 2000);
      await server.drain(10_000);
      await Promise.all(callers);
      expect(refusals).toEqual(Array(64).fill({ started: false }));
      expect(answered).toBe(executed);
    });

    test("a client that asks and never reads holds only its own connection up", async () => {
      let made = 0;
      const { client, clientLink, serverLink } = await connect({
        big: unary([NUMBER], BYTES, (byteCount: number) => {
          made++;
          return new Uint8Array(byteCount);
        }),
      });
      await client.call("big", [1]);
      clientLink.pause();
      const calls = Array.from({ length: 200 }, () => client.call("big", [256 * KIB]));
      let before = -1;
      while (made !== before || made === 1) {
        before = made;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect(made).toBeLessThan(20 + (transport.heldBytesMax ?? 0) / (256 * KIB));
      expect(serverLink.queuedBytes).toBeLessThan(2 * MIB);
      clientLink.resume();
      expect((await Promise.all(calls)).every((bytes) => (bytes as Uint8Array).length === 256 * KIB)).toBe(true);
    });

    test("values of every kind survive the way there and back", async () => {
      const { client } = await connect({ echo: unary([UNKNOWN], UNKNOWN, (value: unknown) => value) });
      const value = {
        text: "grüße 😀",
        numbers: [0, -0, 1.5, -7, 2 ** 40, NaN, Infinity],
        date: new Date(1_700_000_000_123),
        bytes: Uint8Array.of(0, 255),
        nested: [{ a: null }, true, [[]]],
      };
      expect(await client.call("echo", [value])).toEqual(value);
    });
  });
}
