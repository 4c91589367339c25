import { afterEach, expect, test } from "bun:test";
import { fstatSync } from "node:fs";
import { CellError, KIB } from "../base/mod.ts";
import { effectiveUserId, type SharedMemory, type SharedMemoryKind } from "../sys/mod.ts";
import { CONTROL_BYTES, RING_BYTES_INITIAL, RING_BYTES_MAX, RING_WORDS, segmentBytes } from "./layout.ts";
import { Segment } from "./segment.ts";

const ME = { pid: process.pid, uid: effectiveUserId() };
const MAX = 256 * KIB;
const IS_LINUX = process.platform === "linux";
const KINDS: SharedMemoryKind[] = IS_LINUX ? ["memfd", "shm_open"] : ["shm_open"];

const segments: Segment[] = [];
afterEach(() => segments.splice(0).forEach((segment) => segment.release()));

function create(kind?: SharedMemoryKind): Segment {
  const segment = Segment.create(MAX, kind);
  segments.push(segment);
  return segment;
}

function open(created: Segment, ringBytesMax = MAX): Segment {
  const segment = Segment.open(created.handle, ringBytesMax, ME);
  segments.push(segment);
  return segment;
}

for (const kind of KINDS) {
  test(`${kind}: both sides see the same two rings, which have nothing in common`, () => {
    const client = create(kind);
    const server = open(client);
    for (const index of [0, 1] as const) {
      const { words, buffer, dataOffset, bytesMax } = client.ring(index);
      expect([words.length, bytesMax]).toEqual([RING_WORDS, MAX]);
      words.fill(index + 1);
      new Uint8Array(buffer, dataOffset, RING_BYTES_INITIAL).fill(index + 1);
    }
    for (const index of [0, 1] as const) {
      const { words, buffer, dataOffset } = server.ring(index);
      expect(words.every((word) => word === index + 1)).toBe(true);
      expect(new Uint8Array(buffer, dataOffset, RING_BYTES_INITIAL).every((byte) => byte === index + 1)).toBe(true);
    }
    const [first, second] = [server.ring(0), server.ring(1)];
    expect(first.dataOffset).toBe(CONTROL_BYTES);
    expect(second.dataOffset).toBe(first.dataOffset + MAX);
    expect(second.buffer.byteLength).toBe(second.dataOffset + MAX);
  });

  test(`${kind}: what one side writes after the other has released its own is its own`, () => {
    const client = create(kind);
    const server = open(client);
    server.unlink();
    const [left, stays] = [client.ring(0), server.ring(0)];
    Atomics.store(stays.words, 0, 64);
    client.release();
    expect(Atomics.load(left.words, 0)).toBe(0);
    Atomics.store(left.words, 0, 1);
    expect(Atomics.load(stays.words, 0)).toBe(64);
    expect(client.allocateRing(0, RING_BYTES_INITIAL, 2 * RING_BYTES_INITIAL)).toBe(false);
  });

  test(`${kind}: one of another size is refused`, () => {
    const created = create(kind);
    expect(() => open(created, MAX / 2)).toThrow(expect.objectContaining({ code: "FAILED_PRECONDITION" }));
    expect(() => open(created, MAX * 2)).toThrow(expect.objectContaining({ code: "FAILED_PRECONDITION" }));
  });
}

test.skipIf(!IS_LINUX)("memory comes as the rings grow, whichever side makes them grow", () => {
  const client = create("memfd");
  const server = open(client);
  const { fd } = client.handle as { fd: number };
  const ringBytes = () => fstatSync(fd).blocks * 512 - CONTROL_BYTES;
  expect(ringBytes()).toBe(2 * RING_BYTES_INITIAL);
  expect(client.allocateRing(0, RING_BYTES_INITIAL, 2 * RING_BYTES_INITIAL)).toBe(true);
  expect(ringBytes()).toBe(3 * RING_BYTES_INITIAL);
  expect(server.allocateRing(1, RING_BYTES_INITIAL, MAX)).toBe(true);
  expect(ringBytes()).toBe(2 * RING_BYTES_INITIAL + MAX);
});

test("rings are a power of two of bytes, neither smaller than at first nor larger than their bound", () => {
  const impossible = [0, -1, Number.NaN, Infinity, MAX + 1, 1.5 * MAX, RING_BYTES_INITIAL / 2, 2 * RING_BYTES_MAX];
  for (const ringBytesMax of impossible) {
    const refused = expect.objectContaining({ code: "INVALID_ARGUMENT" });
    expect(() => Segment.create(ringBytesMax)).toThrow(refused);
    expect(() => Segment.open({ fd: 0 }, ringBytesMax, ME)).toThrow(refused);
  }
  for (const ringBytesMax of [RING_BYTES_INITIAL, RING_BYTES_MAX]) Segment.create(ringBytesMax).release();
});

/** Memory of which the kernel has only so much. */
class ScarceMemory implements SharedMemory {
  readonly buffer = new ArrayBuffer(segmentBytes(MAX));
  readonly handle = { fd: 0 };
  left: number;
  isReleased = false;
  failure: Error = new CellError("RESOURCE_EXHAUSTED", "allocating: ENOMEM");

  constructor(left: number) {
    this.left = left;
  }
  allocate(_offset: number, byteCount: number): void {
    this.left -= byteCount;
    if (this.left < 0) throw this.failure;
  }
  unlink(): void {}
  release(): void {
    this.isReleased = true;
  }
}

test("a ring for whose growth the kernel has no memory stays as it is; other errors are errors", () => {
  const memory = new ScarceMemory(CONTROL_BYTES + 3 * RING_BYTES_INITIAL);
  const segment = Segment.over(memory, MAX);
  expect(segment.allocateRing(0, RING_BYTES_INITIAL, 2 * RING_BYTES_INITIAL)).toBe(true);
  expect(segment.allocateRing(1, RING_BYTES_INITIAL, 2 * RING_BYTES_INITIAL)).toBe(false);
  memory.failure = new CellError("INTERNAL", "allocating: EIO");
  expect(() => segment.allocateRing(1, RING_BYTES_INITIAL, 2 * RING_BYTES_INITIAL)).toThrow("EIO");
});

test("a segment whose first bytes cannot be allocated is an error and leaves nothing", () => {
  const memory = new ScarceMemory(CONTROL_BYTES + RING_BYTES_INITIAL);
  expect(() => Segment.over(memory, MAX)).toThrow("ENOMEM");
  expect(memory.isReleased).toBe(true);
});
