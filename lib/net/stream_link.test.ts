import { afterEach, expect, jest, test } from "bun:test";
import { type CellError, KIB, MIB, MINUTE } from "../base/mod.ts";
import { beginFrame, endFrame, type Frame, HEADER_BYTES, Kind } from "../wire/mod.ts";
import { type Link, memoryLinks, STALL_MS, StreamLink, type StreamLinkOptions } from "./mod.ts";
import type { ByteStream } from "./stream_link.ts";
import { turnsUntil } from "./testing/turns_until.ts";

afterEach(() => void jest.useRealTimers());

/** A started pair of links; `here` is the one under test. */
function start(options: StreamLinkOptions = {}) {
  const [here, there] = memoryLinks(options);
  const closed = Promise.withResolvers<CellError | undefined>();
  let frames = 0;
  here.start(receiver(() => {}, closed.resolve), MIB);
  there.start(receiver(() => void frames++, () => {}), MIB);
  return { here, there, closed: closed.promise, frames: () => frames };
}

function receiver(onFrame: (frame: Frame) => void, onClose: (error: CellError | undefined) => void) {
  return { onFrame, onClose, onOversized() {}, onViolation() {}, onWritable() {} };
}

function send(link: Link, payloadBytes: number): void {
  const begin = beginFrame(link.writer, Kind.item, 0, 0, 1, 0, 0);
  link.writer.append(new Uint8Array(payloadBytes));
  endFrame(link.writer, begin);
  link.commit();
}

/** Sends the header of a frame whose payload does not come. */
function sendHalf(link: Link): void {
  const begin = beginFrame(link.writer, Kind.request, 0, 0, 1, 0, 0);
  link.writer.view.setUint32(begin, 100, true);
  link.commit();
}

test("a peer that stops in the middle of a frame is given up", async () => {
  const { there, closed } = start({ stallMs: 20 });
  sendHalf(there);
  expect(await closed).toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("middle of a frame") });
});

test("a peer that goes on with its frame, however slowly, is not", async () => {
  jest.useFakeTimers();
  const { here, there, closed, frames } = start();
  let ended = false;
  void closed.then(() => ended = true);
  const arrived = (byteCount: number) => (here as StreamLink).receivedBytes === byteCount;
  sendHalf(there);
  await turnsUntil(() => arrived(HEADER_BYTES));
  for (let sent = 10; sent < 100; sent += 10) {
    there.writer.append(new Uint8Array(10));
    there.commit();
    await turnsUntil(() => arrived(HEADER_BYTES + sent));
    jest.advanceTimersByTime(STALL_MS);
  }
  await turnsUntil(() => true);
  expect([here.midFrame, ended, frames()]).toEqual([true, false, 0]);
  jest.advanceTimersByTime(STALL_MS);
  expect(await closed).toMatchObject({ code: "UNAVAILABLE" });
});

test("a peer that takes nothing of what waits for it is given up, and the message says how much waited", async () => {
  const { here, there, closed } = start({ stallMs: 20 });
  there.pause();
  for (let sent = 0; sent < 10; sent++) send(here, 64 * KIB);
  expect(await closed).toMatchObject({
    code: "UNAVAILABLE",
    message: expect.stringMatching(/did not read .* \d+ bytes/),
  });
});

test("closing waits for a peer that reads, and no longer than the linger for one that does not", async () => {
  const reading = start({ closeLingerMs: MINUTE });
  for (let sent = 0; sent < 20; sent++) send(reading.here, 64 * KIB);
  reading.here.close();
  expect(await reading.closed).toBeUndefined();
  while (reading.frames() < 20) await new Promise((resolve) => setImmediate(resolve));

  const stuck = start({ closeLingerMs: 20 });
  stuck.there.pause();
  for (let sent = 0; sent < 20; sent++) send(stuck.here, 64 * KIB);
  stuck.here.close();
  expect(await stuck.closed).toBeUndefined();
  expect(stuck.frames()).toBe(0);
});

test("a long queue that drains slowly keeps its frames in order and its buffer bounded", async () => {
  const seen: number[] = [];
  const [first, second] = memoryLinks();
  first.start(receiver(() => {}, () => {}), MIB);
  second.start(
    receiver(({ callId }) => {
      seen.push(callId);
      if (seen.length % 3 === 0) {
        second.pause();
        setImmediate(() => second.resume());
      }
    }, () => {}),
    MIB,
  );
  for (let callId = 1; callId <= 60; callId++) {
    const begin = beginFrame(first.writer, Kind.item, 0, 0, callId, 0, 0);
    first.writer.append(new Uint8Array(40 * KIB));
    endFrame(first.writer, begin);
    first.commit();
    if (callId % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  while (seen.length < 60) await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  expect(first.queuedBytes).toBe(0);
  expect(first.writer.bytes.length).toBeLessThanOrEqual(MIB);
});

test("a link is started once", () => {
  const { here } = start();
  expect(() => here.start(receiver(() => {}, () => {}), 1)).toThrow("started once");
});

/** A stream that takes everything, and what it was given at a time. */
function recordingStream() {
  const writes: number[] = [];
  const stream: ByteStream = {
    write(_, __, byteCount) {
      writes.push(byteCount);
      return byteCount;
    },
    pause() {},
    resume() {},
    ref() {},
    unref() {},
    end() {},
    terminate() {},
  };
  return { stream, writes };
}

/** Frames of 100 bytes, each in a microtask of its own, and how long the writes were by the end of the turn and after it. */
async function writesOf(frameCount: number, options: StreamLinkOptions) {
  const { stream, writes } = recordingStream();
  const link = new StreamLink(stream, { kind: "process", uid: 0, pid: 1 }, "tls", options);
  for (let count = 0; count < frameCount; count++) {
    send(link, 80);
    await Promise.resolve();
    await Promise.resolve();
  }
  const inTurn = [...writes];
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  return { inTurn, all: writes, link };
}

test("what each microtask of a turn commits is written at once", async () => {
  expect((await writesOf(5, {})).inTurn).toEqual([100, 100, 100, 100, 100]);
});

test("where a write costs much, the first of a turn is made at once, and the rest is one at its end", async () => {
  const { inTurn, all } = await writesOf(5, { gathers: true });
  expect(inTurn).toEqual([100]);
  expect(all).toEqual([100, 400]);
});

test("what is gathered does not wait for the end of the turn when it is much", async () => {
  const { inTurn, all } = await writesOf(50, { gathers: true });
  expect(inTurn).toEqual([100, 2100, 2100]);
  expect(all).toEqual([100, 2100, 2100, 700]);
});

test("every turn has a first write, and what is gathered leaves when it is asked for", async () => {
  const { all, link } = await writesOf(2, { gathers: true });
  send(link, 80);
  await Promise.resolve();
  expect(all).toEqual([100, 100, 100]);
  send(link, 80);
  link.flush();
  expect(all).toEqual([100, 100, 100, 100]);
  send(link, 80);
  link.close();
  expect(all).toEqual([100, 100, 100, 100, 100]);
});
