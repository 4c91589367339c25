import { expect, test } from "bun:test";
import { seededRandom } from "../base/mod.ts";
import { decodeExchange, digestOf, encodeExchange, EXCHANGE_BYTES_MAX } from "./exchange_message.ts";
import { CALLER_ANSWERS_BURST_MAX, CALLER_ANSWERS_PER_SECOND_MAX } from "./answer_rates.ts";
import { Exchanger, type ExchangeState } from "./exchanger.ts";
import { type ClusterKey, createClusterKey } from "./seal/mod.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (words: Iterable<string>) => new TextEncoder().encode([...words].sort().join(" "));

/** Everything is a set of words that grows. */
class FakeState implements ExchangeState {
  readonly held: ClusterKey[];
  readonly members: Set<string>;
  readonly entries: Set<string>;
  readonly revoked = new Set<string>();
  readonly shutOut = new Set<string>();
  /** What was taken, in order. */
  readonly taken: string[] = [];
  statesGiven = 0;
  /** So many messages of the other say that they were cut. */
  moreMessages = 0;

  constructor(readonly self: string, members: string[], entries: string[], readonly padding = 0) {
    this.held = [createClusterKey(1)];
    this.members = new Set(members);
    this.entries = new Set(entries);
  }

  isRevoked(node: string): boolean {
    return this.shutOut.has(node);
  }

  keys(): ClusterKey[] {
    return this.held;
  }

  takeKeys(keys: readonly ClusterKey[]): void {
    for (const key of keys) if (this.held.every(({ id }) => id !== key.id)) this.held.push(key);
    this.taken.push("keys");
  }

  revocations(): Uint8Array {
    return bytesOf(this.revoked);
  }

  takeRevocations(bytes: Uint8Array): void {
    for (const word of text(bytes).split(" ")) this.revoked.add(word);
    this.taken.push("revocations");
  }

  membershipDigest(): Uint8Array {
    return digestOf(bytesOf(this.members));
  }

  membershipState(): Uint8Array {
    this.statesGiven++;
    return bytesOf([...this.members, " ".repeat(this.padding)]);
  }

  takeMembership(state: Uint8Array): void {
    for (const word of text(state).split(" ")) if (word !== "") this.members.add(word);
    this.taken.push("members");
  }

  catalogDigest(): Uint8Array {
    return bytesOf(["digest", ...this.entries]);
  }

  catalogDiff(message: Uint8Array): Uint8Array {
    const theirs = new Set(text(message).split(" "));
    const missing = [...this.entries].filter((entry) => !theirs.has(entry));
    return missing.length === 0 && [...theirs].every((entry) => entry === "digest" || this.entries.has(entry))
      ? new Uint8Array(0)
      : bytesOf(theirs.has("digest") ? ["digest", ...this.entries] : missing);
  }

  catalogHasMore(): boolean {
    return this.moreMessages-- > 0;
  }

  takeCatalog(message: Uint8Array): void {
    const words = text(message).split(" ");
    if (words.includes("digest") === false || this.members.size > 1) {
      for (const word of words) if (word !== "digest") this.entries.add(word);
    }
    this.taken.push("catalogue");
  }
}

function exchange(one: FakeState, other: FakeState): number {
  const [asking, answering] = [new Exchanger(one, 0), new Exchanger(other, 0)];
  let rounds = 0;
  for (let request: Uint8Array | undefined = asking.begin(); request !== undefined; rounds++) {
    if (rounds > 8) throw new Error("no end");
    request = asking.finish(answering.answer(request, one.self, 0));
  }
  return rounds;
}

const ADA = "aa".repeat(16);
const BOB = "bb".repeat(16);
const CARL = "cc".repeat(16);

test("two nodes that know the same need one round, and no state is sent", () => {
  const [ada, bob] = [new FakeState(ADA, ["x", "y"], ["e"], 5000), new FakeState(BOB, ["x", "y"], ["e"], 5000)];
  bob.held.splice(0, 1, ...ada.held);
  const asking = new Exchanger(ada, 0);
  const request = asking.begin();
  const answer = new Exchanger(bob, 0).answer(request, ADA, 0);
  expect(asking.finish(answer)).toBeUndefined();
  expect(request.length).toBeLessThan(200);
  expect(answer.length).toBeLessThan(200);
});

test("members, entries, keys and revocations that differ are the same afterwards, whoever asked", () => {
  for (const padding of [0, 5000]) {
    const [ada, bob] = [new FakeState(ADA, ["x", "y"], ["e"], padding), new FakeState(BOB, ["y", "z"], ["f"], padding)];
    ada.revoked.add("r1");
    bob.revoked.add("r2");
    expect(exchange(ada, bob)).toBeLessThanOrEqual(4);
    for (const state of [ada, bob]) {
      expect([...state.members].sort()).toEqual(["x", "y", "z"]);
      expect([...state.revoked].sort()).toEqual(["r1", "r2"]);
      expect(state.held).toHaveLength(2);
      expect([...state.entries].sort()).toEqual(["e", "f"]);
    }
  }
});

test("a large state is sent only after it was asked for, a small one at once", () => {
  const large = new FakeState(ADA, ["x"], [], 5000);
  expect(decodeExchange(new Exchanger(large, 0).begin()).state).toHaveLength(0);
  const small = new FakeState(ADA, ["x"], []);
  expect(text(decodeExchange(new Exchanger(small, 0).begin()).state).trim()).toBe("x");
});

test("the catalogue is compared only when both know the same members", () => {
  const [ada, bob] = [new FakeState(ADA, ["x", "y"], ["e"], 5000), new FakeState(BOB, ["z"], ["f"], 5000)];
  const answer = decodeExchange(new Exchanger(bob, 0).answer(new Exchanger(ada, 0).begin(), ADA, 0));
  expect([answer.wantsState, answer.catalog.length]).toEqual([true, 0]);
});

test("revocations come before members, and members before entries", () => {
  const [ada, bob] = [new FakeState(ADA, ["x"], ["e"]), new FakeState(BOB, ["y"], ["f"])];
  ada.revoked.add("r");
  exchange(bob, ada);
  const { taken } = bob;
  expect(taken.indexOf("revocations")).toBeLessThan(taken.indexOf("members"));
  expect(taken.indexOf("members")).toBeLessThan(taken.lastIndexOf("catalogue"));
});

test("a revoked node that asks is told that, and gets neither keys nor anything else", () => {
  const [ada, bob] = [new FakeState(ADA, ["x"], ["e"]), new FakeState(BOB, ["y"], ["f"])];
  bob.shutOut.add(ADA);
  bob.revoked.add("r");
  const answer = decodeExchange(new Exchanger(bob, 0).answer(new Exchanger(ada, 0).begin(), ADA, 0));
  expect(answer).toMatchObject({ keys: [], state: new Uint8Array(0), catalog: new Uint8Array(0), wantsState: false });
  expect(text(answer.revocations)).toBe("r");
  expect(bob.taken).toEqual([]);
});

test("a revoked node that calls itself by another's name gets no keys either", () => {
  const [eve, bob] = [new FakeState(CARL, ["x"], []), new FakeState(BOB, ["y"], [])];
  bob.shutOut.add(ADA);
  const answer = decodeExchange(new Exchanger(bob, 0).answer(new Exchanger(eve, 0).begin(), ADA, 0));
  expect(answer.keys).toEqual([]);
});

test("too many requests of one caller are refused, to be made elsewhere, and those of others answered", () => {
  const answering = new Exchanger(new FakeState(BOB, [], []), 0);
  const request = new Exchanger(new FakeState(ADA, [], []), 0).begin();
  for (let index = 0; index < CALLER_ANSWERS_BURST_MAX; index++) answering.answer(request, ADA, 0);
  expect(() => answering.answer(request, ADA, 0)).toThrow("more than 10 requests a second; try another node");
  expect(answering.answer(request, CARL, 0)).toBeDefined();
  for (let index = 0; index < CALLER_ANSWERS_PER_SECOND_MAX; index++) answering.answer(request, ADA, 1000);
  expect(() => answering.answer(request, ADA, 1000)).toThrow("try another node");
});

test("an exchange is read as it was written, and its bytes cannot be cut or be more", () => {
  const message = {
    sender: ADA,
    keys: [createClusterKey(5), createClusterKey(6)],
    revocationsDigest: new Uint8Array(8).fill(1),
    membershipDigest: new Uint8Array(8).fill(2),
    wantsState: true,
    revocations: new Uint8Array([1]),
    state: new Uint8Array([2, 2]),
    catalog: new Uint8Array([3, 3, 3]),
  };
  const bytes = encodeExchange(message);
  expect(decodeExchange(bytes)).toEqual(message);
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeExchange(bytes.subarray(0, length))).toThrow("bytes");
  }
  expect(() => decodeExchange(new Uint8Array([...bytes, 0]))).toThrow("followed by 1 bytes too many");
  expect(() => decodeExchange(new Uint8Array(EXCHANGE_BYTES_MAX + 1))).toThrow("at most");
  expect(() => decodeExchange(bytes.with(0, 9))).toThrow("an exchange of version 9, expected 1");
  expect(() => decodeExchange(bytes.with(1, 2))).toThrow("unknown flags 2");
});

test("mutated exchanges are refused with INVALID_ARGUMENT or read; nothing else is thrown", () => {
  const random = seededRandom(11);
  const bytes = new Exchanger(new FakeState(ADA, ["x"], ["e"]), 0).begin();
  for (let round = 0; round < 5000; round++) {
    const mutated = bytes.slice(0, random() < 0.3 ? Math.floor(random() * bytes.length) : bytes.length);
    for (let change = 0; change < 3; change++) mutated[Math.floor(random() * mutated.length)] = random() * 256;
    try {
      decodeExchange(mutated);
    } catch (error) {
      expect((error as { code?: string }).code).toBe("INVALID_ARGUMENT");
    }
  }
});

test("a catalogue that did not fit into a message is asked for on, until nothing is missing", () => {
  const [ada, bob] = [new FakeState(ADA, ["x", "y"], []), new FakeState(BOB, ["x", "y"], ["e"])];
  const usual = exchange(ada, bob);
  const cut = new FakeState(ADA, ["x", "y"], []);
  cut.moreMessages = 3;
  expect(exchange(cut, bob)).toBeGreaterThan(usual);
});
