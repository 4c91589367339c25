import { randomBytes } from "node:crypto";
import { ByteReader, ByteWriter, ifWellFormed, MalformedError } from "../../base/mod.ts";
import { parseAddress } from "../socket_address.ts";

/** Join addresses in one answer. */
export const SEEK_ADDRESSES_MAX = 8;
const ADDRESS_BYTES_MAX = 64;
const CHALLENGE_BYTES = 16;
const VERSION = 1;
const Kind = { QUESTION: 1, ANSWER: 2 } as const;
const HEAD_BYTES = 2 + CHALLENGE_BYTES;
/** As long as the longest answer: whoever gets an answer sent to somebody else makes no more traffic than it has itself. */
export const QUESTION_BYTES = HEAD_BYTES + 1 + SEEK_ADDRESSES_MAX * (1 + ADDRESS_BYTES_MAX);

/** "Where does my cluster take new nodes?": version (1), kind (1), challenge (16), zeros. */
export interface Question {
  /** The answer has to repeat it. */
  readonly challenge: Uint8Array;
  readonly text: Uint8Array;
}

/** A new question. */
export function createQuestion(): Question {
  const challenge = new Uint8Array(randomBytes(CHALLENGE_BYTES));
  const text = new Uint8Array(QUESTION_BYTES);
  text.set([VERSION, Kind.QUESTION]);
  text.set(challenge, 2);
  return { challenge, text };
}

/** The challenge of a question; undefined for what is none. */
export function readQuestion(text: Uint8Array): Uint8Array | undefined {
  const isQuestion = text.length === QUESTION_BYTES && text[0] === VERSION && text[1] === Kind.QUESTION;
  return isQuestion ? text.subarray(2, HEAD_BYTES) : undefined;
}

/** The answer to a question: version, kind, challenge, addresses HOST:PORT behind their number. */
export function encodeAnswer(challenge: Uint8Array, addresses: readonly string[]): Uint8Array {
  const fitting = addresses.filter((address) =>
    address.length <= ADDRESS_BYTES_MAX && parseAddress(address) !== undefined
  );
  const told = fitting.slice(0, SEEK_ADDRESSES_MAX);
  const writer = new ByteWriter(QUESTION_BYTES).uint8(VERSION).uint8(Kind.ANSWER).raw(challenge).uint8(told.length);
  for (const address of told) writer.ascii(address);
  return writer.finish();
}

/** The addresses in an answer to the question with this challenge; undefined for anything else. */
export function readAnswer(text: Uint8Array, challenge: Uint8Array): string[] | undefined {
  return ifWellFormed(() => {
    const reader = new ByteReader(text);
    if (reader.uint8("the version") !== VERSION || reader.uint8("the kind") !== Kind.ANSWER) return undefined;
    if (Buffer.compare(reader.view(CHALLENGE_BYTES, "the challenge"), challenge) !== 0) return undefined;
    const count = reader.uint8("the number of addresses");
    if (count > SEEK_ADDRESSES_MAX) throw new MalformedError(`${count} addresses`);
    const addresses = Array.from({ length: count }, () => reader.ascii(ADDRESS_BYTES_MAX, "an address"));
    reader.finish("the answer");
    return addresses.every((address) => parseAddress(address) !== undefined) ? addresses : undefined;
  });
}
