import type { NodeId, RecordFacts, RecordReader } from "../mod.ts";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** An id that is easy to tell from others. */
export function idOf(number: number): NodeId {
  return number.toString(16).padStart(8, "0").padEnd(32, "0");
}

/** A record as its owner would sign it: the id and incarnation that it is for, and the address. */
export function fakeRecord(id: NodeId, incarnation: number, address: string): Uint8Array {
  return ENCODER.encode(`${id.slice(0, 8)} ${incarnation} ${address}`);
}

/** Takes what `fakeRecord` made for this id and incarnation, and refuses all else. */
export const readFakeRecord: RecordReader = (id, incarnation, record): RecordFacts | undefined => {
  const [owner, signed, address] = DECODER.decode(record).split(" ");
  return owner === id.slice(0, 8) && signed === String(incarnation) && address ? { address } : undefined;
};
