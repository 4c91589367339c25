import { expect, test } from "bun:test";
import fc from "fast-check";
import { HEALTHS, type OwnEntry, SERVICE_LENGTH_MAX } from "./entry.ts";
import { decodeRecord, isAbove, isSigned, ITEM_BYTES_MAX, makeRecord, RECORD_BYTES_MAX } from "./record.ts";
import { fakeSigner, fakeVerifier, nodeId } from "./testing/fake_keys.ts";
import { entryOf, recordOf } from "./testing/samples.ts";

const port = fc.nat(0xffff);
const said = fc.record({
  species: fc.stringMatching(/^[0-9a-f]{16}$/),
  release: fc.option(fc.maxSafeNat(), { nil: undefined }),
  quicPort: port,
  tlsPort: port,
  load: fc.nat(255),
  health: fc.constantFrom(...HEALTHS),
  access: fc.boolean(),
});
const serviceName = fc.stringMatching(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/).filter((name) => name !== "cell");
const ownEntry: fc.Arbitrary<OwnEntry> = fc.tuple(said, serviceName, fc.nat(9999)).map(([rest, service, number]) => {
  return { ...rest, service, instance: number === 0 ? service : `${service}@${number}` };
});

test("what an owner says is what others read, whatever it is", () => {
  const node = nodeId(7);
  fc.assert(fc.property(ownEntry, fc.maxSafeNat(), (entry, version) => {
    const record = decodeRecord(makeRecord(node, version, entry, entry, fakeSigner(node)).bytes)!;
    expect(record.entry).toEqual({ ...entry, node, version });
    expect([record.node, record.version, record.key]).toEqual([node, version, `${entry.service}/${entry.instance}`]);
    expect(isSigned(record, fakeVerifier())).toBe(true);
  }));
});

test("a tombstone names its instance and has no entry", () => {
  const record = decodeRecord(recordOf(1, 5, "hello@2").bytes)!;
  expect(record).toMatchObject({ service: "hello", instance: "hello@2", version: 5, entry: undefined });
});

test("the longest record is as long as its bound, and fits into a broadcast", () => {
  const entry = entryOf("x", {
    service: "s".repeat(SERVICE_LENGTH_MAX),
    instance: `${"s".repeat(SERVICE_LENGTH_MAX)}@9999`,
    release: Number.MAX_SAFE_INTEGER,
  });
  const { bytes } = makeRecord(nodeId(1), Number.MAX_SAFE_INTEGER, entry, entry, fakeSigner(nodeId(1)));
  expect(bytes.length).toBe(RECORD_BYTES_MAX);
  expect(RECORD_BYTES_MAX).toBeLessThanOrEqual(ITEM_BYTES_MAX);
  expect(decodeRecord(bytes)?.entry?.service.length).toBe(SERVICE_LENGTH_MAX);
});

test("bytes that are no record are none: cut, longer, or with a value out of its range", () => {
  const { bytes } = recordOf(1, 5, "hello@2", {});
  for (let length = 0; length < bytes.length; length++) {
    expect(decodeRecord(bytes.subarray(0, length)), `${length} bytes`).toBeUndefined();
  }
  expect(decodeRecord(new Uint8Array([...bytes, 0]))).toBeUndefined();
  expect(decodeRecord(new Uint8Array(RECORD_BYTES_MAX + 1).fill(1))).toBeUndefined();
  const changed = (offset: number, byte: number) => {
    const copy = bytes.slice();
    copy[offset] = byte;
    return decodeRecord(copy);
  };
  expect(changed(0, 2), "another format").toBeUndefined();
  expect(changed(1, bytes[1]! | 0x20), "a flag that is none").toBeUndefined();
  expect(changed(1, bytes[1]! | 0x03), "a health that is none").toBeUndefined();
  expect(changed(24, 0x20), "a version of 2^53").toBeUndefined();
  expect(changed(26, 64), "a service of 64 characters").toBeUndefined();
  expect(changed(27, 0x2f), "a service with a slash").toBeUndefined();
  expect(changed(27, 0xc3), "a service that is not ASCII").toBeUndefined();
  expect(changed(27, 0x78), "an instance of another service").toBeUndefined();
  expect(changed(27, bytes[27]!), "unchanged").toBeDefined();
});

test("a changed byte is not what the owner signed", () => {
  const { bytes } = recordOf(1, 5, "hello@2", {});
  for (let index = 0; index < bytes.length; index++) {
    const copy = bytes.slice();
    copy[index]! ^= 1;
    const record = decodeRecord(copy);
    if (record !== undefined) expect(isSigned(record, fakeVerifier()), `byte ${index}`).toBe(false);
  }
});

test("a signature is over more than the record: those over other things are none of it", () => {
  let signed = new Uint8Array();
  const record = makeRecord(nodeId(1), 5, { service: "hello", instance: "hello" }, undefined, (bytes) => {
    signed = bytes.slice();
    return new Uint8Array(64);
  });
  expect(new TextDecoder().decode(signed.subarray(0, 22))).toBe("cell catalogue record\n");
  expect(signed.subarray(22)).toEqual(record.bytes.slice(0, -64));
});

test("a record that is held does not hold on to the message that it came in", () => {
  const message = new Uint8Array(100_000);
  const { bytes } = recordOf(1, 5, "hello@2", {});
  message.set(bytes, 500);
  const record = decodeRecord(message.subarray(500, 500 + bytes.length))!;
  expect(record.bytes.buffer.byteLength).toBe(bytes.length);
});

test("the greater version is above, and of one version the greater bytes", () => {
  const [low, high] = [recordOf(1, 5, "a", { load: 9 }), recordOf(1, 6, "a", { load: 1 })];
  expect([isAbove(high, low), isAbove(low, high), isAbove(low, low)]).toEqual([true, false, false]);
  const [small, great] = [recordOf(1, 5, "a", { load: 1 }), recordOf(1, 5, "a", { load: 2 })];
  expect([isAbove(great, small), isAbove(small, great)]).toEqual([true, false]);
});
