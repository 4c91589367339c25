import { afterEach, describe, expect, test } from "bun:test";
import { type CellError, KIB } from "../base/mod.ts";
import { type Link, type LinkReceiver, QUEUE_HIGH_BYTES } from "../net/mod.ts";
import { beginFrame, endFrame, type Frame, Kind } from "../wire/mod.ts";
import { until } from "./test_service.ts";

/** Makes two connected links that were not started. */
export interface Transport {
  name: string;
  /**
   * What the kernel, or the network, takes for a reader that does not read, in bytes.
   * @default what a Unix socket takes
   */
  heldBytesMax?: number;
  connect(): Promise<LinkPair>;
}

/** Two ends of one connection. */
export interface LinkPair {
  server: Link;
  client: Link;
  /** Removes what the transport left behind. Both links are destroyed before. */
  dispose(): Promise<void>;
}

/** Longest payload that the suite's links read. */
const PAYLOAD_BYTES_MAX = 4 * 1024 * KIB;

/** Keeps what a link tells. */
class Recorder implements LinkReceiver {
  frames: { kind: number; callId: number; payload: Uint8Array }[] = [];
  oversized: number[] = [];
  violation: CellError | undefined;
  writableCount = 0;
  closedCount = 0;
  closeError: CellError | undefined;
  onEach: (callId: number) => void = () => {};

  onFrame({ kind, callId, bytes, start, end }: Frame): void {
    this.frames.push({ kind, callId, payload: bytes.slice(start, end) });
    this.onEach(callId);
  }
  onOversized({ callId }: Frame): void {
    this.oversized.push(callId);
  }
  onViolation(error: CellError): void {
    this.violation = error;
  }
  onWritable(): void {
    this.writableCount++;
  }
  onClose(error: CellError | undefined): void {
    this.closedCount++;
    this.closeError = error;
  }
}

/** Bytes that tell where they belong. */
function payloadOf(callId: number, byteCount: number): Uint8Array {
  const payload = new Uint8Array(byteCount);
  for (let index = 0; index < byteCount; index++) payload[index] = (callId * 31 + index * 7) & 0xff;
  return payload;
}

function send(link: Link, callId: number, payload: Uint8Array): void {
  const start = beginFrame(link.writer, Kind.item, 0, 0, callId, 0, 0);
  link.writer.append(payload);
  endFrame(link.writer, start);
  link.commit();
}

/** What the protocol may rely on, whatever moves the bytes. Every transport runs this unchanged. */
export function describeLink({ name, connect }: Transport): void {
  describe(`${name}: a link`, () => {
    const pairs: LinkPair[] = [];
    afterEach(async () => {
      for (const { server, client, dispose } of pairs.splice(0)) {
        server.destroy();
        client.destroy();
        await dispose();
      }
    });

    async function open() {
      const pair = await connect();
      pairs.push(pair);
      const here = new Recorder();
      const there = new Recorder();
      return { ...pair, here, there };
    }

    async function started() {
      const opened = await open();
      opened.client.start(opened.here, PAYLOAD_BYTES_MAX);
      opened.server.start(opened.there, PAYLOAD_BYTES_MAX);
      return opened;
    }

    test("delivers frames of every size whole and in order, both ways at once", async () => {
      const { server, client, here, there } = await started();
      const sizes = [0, 1, 19, 20, 21, 1000, 65_535, 65_536, 300_000, 0, 2_000_000, 5];
      sizes.forEach((size, index) => {
        send(client, index + 1, payloadOf(index + 1, size));
        send(server, index + 101, payloadOf(index + 101, size));
      });
      await until(() => here.frames.length === sizes.length && there.frames.length === sizes.length);
      sizes.forEach((size, index) => {
        expect(there.frames[index]!.callId).toBe(index + 1);
        expect(Buffer.compare(there.frames[index]!.payload, payloadOf(index + 1, size))).toBe(0);
        expect(Buffer.compare(here.frames[index]!.payload, payloadOf(index + 101, size))).toBe(0);
      });
    });

    test("delivers many small frames of one turn in order", async () => {
      const { client, there } = await started();
      for (let callId = 1; callId <= 20_000; callId++) send(client, callId, payloadOf(callId, callId % 50));
      await until(() => there.frames.length === 20_000);
      expect(there.frames.every(({ callId }, index) => callId === index + 1)).toBe(true);
    });

    test("knows its peer", async () => {
      const { server, client } = await open();
      for (const { peer } of [server, client]) {
        if (peer.kind === "process") {
          expect(peer.pid).toBeGreaterThan(0);
          expect(peer.uid).toBe(process.geteuid!());
        } else if (peer.kind === "instance") {
          expect(peer.node).toMatch(/^[0-9a-f]{32}$/);
          expect(peer.instance).not.toBe("");
          expect(peer.address).toMatch(/:\d+$/);
        } else throw new Error("a transport of calls knows who its peer is");
      }
    });

    test("delivers nothing before it is started, and everything afterwards", async () => {
      const { server, client, here, there } = await open();
      client.start(here, PAYLOAD_BYTES_MAX);
      for (let callId = 1; callId <= 100; callId++) send(client, callId, payloadOf(callId, 1000));
      client.flush();
      await new Promise((resolve) => setImmediate(resolve));
      expect(there.frames.length).toBe(0);
      server.start(there, PAYLOAD_BYTES_MAX);
      await until(() => there.frames.length === 100);
    });

    test("stops between two frames when it is paused, and loses none", async () => {
      const { server, client, there } = await started();
      there.onEach = (callId) => void (callId % 10 === 0 && server.pause());
      for (let callId = 1; callId <= 50; callId++) send(client, callId, payloadOf(callId, 100));
      for (let delivered = 10; delivered <= 50; delivered += 10) {
        await until(() => there.frames.length >= delivered);
        await new Promise((resolve) => setImmediate(resolve));
        expect(there.frames.length).toBe(delivered);
        server.resume();
      }
      expect(there.frames.map(({ callId }) => callId)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    });

    test("skips a payload over the limit and goes on", async () => {
      const { server, client, here, there } = await open();
      client.start(here, PAYLOAD_BYTES_MAX);
      server.start(there, 1000);
      send(client, 1, payloadOf(1, 1000));
      send(client, 2, payloadOf(2, 1001));
      send(client, 3, payloadOf(3, 500_000));
      send(client, 4, payloadOf(4, 5));
      await until(() => there.frames.length === 2);
      expect(there.frames.map(({ callId }) => callId)).toEqual([1, 4]);
      expect(there.oversized).toEqual([2, 3]);
    });

    test("says when its peer does not keep up, and when it does again", async () => {
      const { server, client, here, there } = await started();
      server.pause();
      const bytesBefore = client.committedBytes;
      let callId = 0;
      while (client.writable) {
        send(client, ++callId, payloadOf(callId, 64 * KIB));
        await Promise.resolve();
      }
      expect(client.queuedBytes).toBeGreaterThan(QUEUE_HIGH_BYTES);
      expect(client.queuedBytes).toBeLessThan(QUEUE_HIGH_BYTES + 200 * KIB);
      expect(client.committedBytes - bytesBefore).toBe(callId * (64 * KIB + 20));
      expect(here.writableCount).toBe(0);
      server.resume();
      // What has arrived may have to be confirmed before the other side knows.
      await until(() => there.frames.length === callId && here.writableCount > 0 && client.queuedBytes === 0);
      expect(here.writableCount).toBe(1);
      expect<boolean>(client.writable).toBe(true);
      expect(there.frames.every(({ callId, payload }) => payload[0] === ((callId * 31) & 0xff))).toBe(true);
    });

    test("tells of bytes that are no frames, once, and delivers nothing after them", async () => {
      const { client, there } = await started();
      send(client, 1, payloadOf(1, 10));
      beginFrame(client.writer, 99, 0, 0, 2, 0, 0);
      client.commit();
      send(client, 3, payloadOf(3, 10));
      await until(() => there.violation !== undefined);
      await new Promise((resolve) => setImmediate(resolve));
      expect(there.violation!.message).toContain("found 99");
      expect(there.frames.map(({ callId }) => callId)).toEqual([1]);
    });

    test("delivers what was committed before it was closed, and tells both sides once", async () => {
      const { client, here, there } = await started();
      for (let callId = 1; callId <= 100; callId++) send(client, callId, payloadOf(callId, 10 * KIB));
      client.close();
      await until(() => here.closedCount > 0 && there.closedCount > 0);
      expect(there.frames.length).toBe(100);
      expect([here.closedCount, there.closedCount, here.closeError]).toEqual([1, 1, undefined]);
    });

    test("delivers nothing after it was destroyed, and its peer learns that it is gone", async () => {
      const { server, client, here, there } = await started();
      there.onEach = (callId) => void (callId === 5 && server.destroy());
      for (let callId = 1; callId <= 10; callId++) send(client, callId, payloadOf(callId, 10));
      await until(() => here.closedCount > 0);
      expect(there.frames.length).toBe(5);
      expect([here.closedCount, there.closedCount]).toEqual([1, 1]);
    });

    test("learns that its peer is gone while it waits for it to read", async () => {
      const { server, client, here } = await started();
      server.pause();
      for (let callId = 1; callId <= 40; callId++) send(client, callId, payloadOf(callId, 64 * KIB));
      client.flush();
      server.destroy();
      await until(() => here.closedCount === 1);
    });

    test("reads what its peer said before it left, even when it finds out by writing", async () => {
      const { server, client, here } = await started();
      send(server, 1, payloadOf(1, 100));
      server.close();
      send(client, 2, payloadOf(2, 10));
      client.flush();
      await until(() => here.closedCount === 1);
      expect(here.frames.map(({ callId }) => callId)).toEqual([1]);
    });

    test("keeps count of what never left after it is gone", async () => {
      const { server, client, here } = await started();
      server.destroy();
      await until(() => here.closedCount === 1);
      const left = client.committedBytes - client.queuedBytes;
      send(client, 1, payloadOf(1, 100));
      expect(client.committedBytes - client.queuedBytes).toBe(left);
      expect(client.queuedBytes).toBeGreaterThanOrEqual(120);
    });

    test("knows that a frame has begun and is not complete", async () => {
      const { server, client, there } = await started();
      const start = beginFrame(client.writer, Kind.request, 0, 0, 1, 0, 0);
      client.writer.view.setUint32(start, 10, true);
      client.commit();
      await until(() => server.midFrame);
      client.writer.append(new Uint8Array(10));
      client.commit();
      await until(() => there.frames.length === 1);
      expect(server.midFrame).toBe(false);
    });
  });
}
