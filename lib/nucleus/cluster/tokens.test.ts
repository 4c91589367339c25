import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MINUTE } from "../../base/mod.ts";
import { GUESS_LIMITS, parseToken } from "../../net/identity/mod.ts";
import { ClusterFile } from "./cluster_file.ts";
import { SPENT_MAX, Tokens, TOKENS_MAX } from "./tokens.ts";

const TARGET = { fingerprint: new Uint8Array(32).fill(7), addresses: ["192.0.2.1:9043"] };

let folder: string;
let nowMs: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-test-"));
  nowMs = 1_000_000;
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = () => join(folder, "cluster.json");
const tokens = () => new Tokens(new ClusterFile(path()), (secret) => secret.map((byte) => byte ^ 1), () => nowMs);
const secretOf = (text: string) => parseToken(text).secret;

test("a token lets as many in as it was made for, across a restart", () => {
  const { token } = tokens().create({ uses: 2 }, TARGET);
  tokens().redeem(secretOf(token), "192.0.2.9");
  tokens().redeem(secretOf(token), "192.0.2.9");
  expect(() => tokens().redeem(secretOf(token), "192.0.2.9")).toThrow("admitted as many machines");
  expect(tokens().open()).toEqual([]);
});

test("a token is good for an hour and one machine unless something else is said", () => {
  const { token, expiresAt, uses } = tokens().create({}, TARGET);
  expect([expiresAt.getTime() - nowMs, uses]).toEqual([60 * MINUTE, 1]);
  nowMs += 60 * MINUTE;
  expect(() => tokens().redeem(secretOf(token), "192.0.2.9")).toThrow("expired");
});

test("a token that was revoked lets nobody in", () => {
  const mine = tokens();
  const { token, id } = mine.create({}, TARGET);
  mine.revoke(id);
  expect(() => mine.redeem(secretOf(token), "192.0.2.9")).toThrow("does not know it");
  expect(() => mine.revoke(id)).toThrow("there is none");
});

test("a machine that may not join leaves the token as it is", () => {
  const mine = tokens();
  const { token } = mine.create({}, TARGET);
  const refuse = () => {
    throw new Error("not this one");
  };
  expect(() => mine.redeem(secretOf(token), "192.0.2.9", refuse)).toThrow("not this one");
  mine.redeem(secretOf(token), "192.0.2.9");
});

test("whoever guesses waits, and others still join", () => {
  const mine = tokens();
  const { token } = mine.create({}, TARGET);
  const wrong = new Uint8Array(16);
  for (let count = 0; count < GUESS_LIMITS.perAddress; count++) {
    expect(() => mine.redeem(wrong, "192.0.2.66")).toThrow("does not know it");
  }
  expect(() => mine.redeem(secretOf(token), "192.0.2.66")).toThrow("too many wrong tokens");
  mine.redeem(secretOf(token), "192.0.2.9");
});

test("wrong tokens are forgotten after a minute, also those of a time when the clock was a day ahead", () => {
  let steadyMs = 0;
  const mine = new Tokens(new ClusterFile(path()), (secret) => secret, () => nowMs, () => steadyMs);
  const wrong = () => mine.redeem(new Uint8Array(16), "192.0.2.66");
  nowMs += 24 * 60 * MINUTE;
  expect(wrong).toThrow("does not know it");
  nowMs -= 24 * 60 * MINUTE;
  for (let count = 0; count < 2 * GUESS_LIMITS.perAddress; count++) {
    nowMs += MINUTE;
    steadyMs += MINUTE;
    expect(wrong).toThrow("does not know it");
  }
});

test("the file has nothing that lets somebody in", () => {
  const { token } = tokens().create({}, TARGET);
  const text = readFileSync(path(), "utf8");
  const secret = Buffer.from(secretOf(token));
  for (const encoding of ["hex", "base64", "base64url"] as const) expect(text).not.toContain(secret.toString(encoding));
});

test("there are no more tokens than the bound", () => {
  const mine = tokens();
  for (let count = 0; count < TOKENS_MAX; count++) mine.create({}, TARGET);
  expect(() => mine.create({}, TARGET)).toThrow(`${TOKENS_MAX} can be used already`);
  nowMs += 60 * MINUTE;
  expect(mine.create({}, TARGET).addresses).toEqual(TARGET.addresses);
});

test("what became of a token is said after others were made and revoked, of the newest that are spent", () => {
  const mine = tokens();
  const { token: used } = mine.create({}, TARGET);
  mine.redeem(secretOf(used), "192.0.2.9");
  const { token: late } = mine.create({ ttlMs: 1000 }, TARGET);
  nowMs += 1000;
  mine.revoke(mine.create({}, TARGET).id);
  mine.create({}, TARGET);
  expect(() => tokens().redeem(secretOf(used), "192.0.2.9")).toThrow("admitted as many machines");
  expect(() => tokens().redeem(secretOf(late), "192.0.2.9")).toThrow("expired");
  for (let count = 0; count < SPENT_MAX; count++) mine.redeem(secretOf(mine.create({}, TARGET).token), "192.0.2.9");
  mine.create({}, TARGET);
  expect(() => mine.redeem(secretOf(late), "192.0.2.9")).toThrow("does not know it");
});

test("who looks for the cluster on the LAN is understood by every token that can be used", () => {
  const mine = tokens();
  const { token, id } = mine.create({}, TARGET);
  mine.create({ ttlMs: 1000 }, TARGET);
  nowMs += 1000;
  expect(mine.seekKeys().map((one) => one.id)).toEqual([id]);
  expect(Buffer.from(mine.seekKeys()[0]!.key)).toEqual(Buffer.from(secretOf(token).map((byte) => byte ^ 1)));
});
