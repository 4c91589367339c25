const ASKS_BIT = 1;

/** What a hello carries: whether it asks for one in return (1 byte), and the sender's record. */
export interface Hello {
  readonly wantsAnswer: boolean;
  readonly record: Uint8Array;
}

/** Puts a hello together. */
export function encodeHello({ wantsAnswer, record }: Hello): Uint8Array {
  const payload = new Uint8Array(1 + record.length);
  payload[0] = wantsAnswer ? ASKS_BIT : 0;
  payload.set(record, 1);
  return payload;
}

/** Reads a hello; undefined for what is none. The record has still to be checked. */
export function decodeHello(payload: Uint8Array): Hello | undefined {
  const flags = payload[0];
  if (flags === undefined || (flags & ~ASKS_BIT) !== 0 || payload.length < 2) return undefined;
  return { wantsAnswer: flags === ASKS_BIT, record: payload.subarray(1) };
}
