import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { seededRandom } from "../../base/mod.ts";
import {
  ADDRESSES_MAX,
  FINGERPRINT_BYTES,
  formatToken,
  type JoinToken,
  parseToken,
  SECRET_BYTES,
} from "./join_token.ts";

const token: JoinToken = {
  fingerprint: new Uint8Array(FINGERPRINT_BYTES).fill(7),
  secret: new Uint8Array(SECRET_BYTES).map((_, index) => 255 - index),
  addresses: ["192.0.2.7:9043", "[2001:db8::7]:9043", "node.example:1"],
};
const text = formatToken(token);

/** A token of these bytes, with a checksum that is right. */
function checked(...bytes: number[]): string {
  const checksum = createHash("sha256").update(Uint8Array.from(bytes)).digest().subarray(0, 4);
  return `cell-${Buffer.concat([Uint8Array.from(bytes), checksum]).toString("base64url")}`;
}

test("a token is one word and says what it was made of", () => {
  expect(text).toMatch(/^cell-[A-Za-z0-9_-]+$/);
  expect(parseToken(text)).toEqual(token);
  expect(parseToken(`\n  ${text}\n`)).toEqual(token);
});

test("a token may have no address, and eight of the longest", () => {
  const longest = `${"a".repeat(249)}:65535`;
  for (const addresses of [[], Array.from({ length: ADDRESSES_MAX }, () => longest)]) {
    expect(parseToken(formatToken({ ...token, addresses }))).toEqual({ ...token, addresses });
  }
});

test("what does not fit into a token is refused", () => {
  const nine = Array.from({ length: ADDRESSES_MAX + 1 }, () => "a:1");
  expect(() => formatToken({ ...token, addresses: nine })).toThrow("expected at most 8 addresses, found 9");
  for (
    const address of [
      "",
      "a",
      ":1",
      "a:",
      "a:0",
      "a:65536",
      "a:1:2",
      "a b:1",
      "2001:db8::7:9043",
      "[a:1",
      `${"a".repeat(250)}:65535`,
    ]
  ) {
    expect(() => formatToken({ ...token, addresses: [address] })).toThrow("expected addresses HOST:PORT");
  }
  expect(() => formatToken({ ...token, secret: new Uint8Array(15) })).toThrow("making a token");
  expect(() => formatToken({ ...token, fingerprint: new Uint8Array(33) })).toThrow("making a token");
});

test("a character that is mistyped anywhere is noticed", () => {
  for (let index = "cell-".length; index < text.length; index++) {
    for (const other of ["A", "b", "-"]) {
      if (text[index] === other) continue;
      const mistyped = text.slice(0, index) + other + text.slice(index + 1);
      expect(() => parseToken(mistyped)).toThrow(/it has a typing error|it is cut off/);
    }
  }
  // The length is in the first characters; behind them the word is plain.
  const mistyped = `${text.slice(0, 60)}${text[60] === "A" ? "B" : "A"}${text.slice(61)}`;
  expect(() => parseToken(mistyped)).toThrow(
    "it has a typing error: its checksum is not right. Copy it again as a whole",
  );
});

test("two characters that have changed places are noticed", () => {
  for (let index = 10; index + 1 < text.length; index++) {
    if (text[index] === text[index + 1]) continue;
    const swapped = text.slice(0, index) + text[index + 1] + text[index] + text.slice(index + 2);
    expect(() => parseToken(swapped)).toThrow("typing error");
  }
});

test("a token that is cut off says so, and how much is missing", () => {
  for (let length = "cell-".length; length < text.length; length++) {
    expect(() => parseToken(text.slice(0, length))).toThrow(length < 9 ? "its end is missing" : "it is cut off: some");
  }
  expect(() => parseToken(text.slice(0, -4))).toThrow("some 4 characters are missing");
});

test("a token with something behind it is refused", () => {
  expect(() => parseToken(`${text}A`)).toThrow("typing error");
  expect(() => parseToken(`${text}${text.slice(5)}`)).toThrow("typing error");
});

test("what is no token at all is told what one looks like", () => {
  for (const word of ["", "hello", "Cell-AAAA", text.slice(5), "eyJhbGciOiJIUzI1NiJ9"]) {
    expect(() => parseToken(word)).toThrow('reading the token: a token begins with "cell-"');
  }
});

test("a token that a line end or a space has broken is told where", () => {
  const broken = `${text.slice(0, 40)}\n${text.slice(40)}`;
  expect(() => parseToken(broken)).toThrow('character 41 is "\\n", which is in no token: it is one word');
});

test("a token of a newer version asks for a newer cell", () => {
  const bytes = [2, 60, 0, ...new Array(60).fill(1)];
  expect(() => parseToken(checked(...bytes))).toThrow("it is of version 2; this cell knows version 1");
});

test("a token whose checksum is right and whose content is not is refused", () => {
  const fixed = new Array(FINGERPRINT_BYTES + SECRET_BYTES).fill(1);
  const of = (...rest: number[]) => checked(1, fixed.length + rest.length, 0, ...fixed, ...rest);
  expect(parseToken(of(0)).addresses).toEqual([]);
  for (
    const rest of [[], [1], [1, 3], [1, 0], [9], [0, 0], [1, 3, 97, 58], [1, 1, 97], [1, 3, 97, 58, 48], [
      2,
      3,
      97,
      58,
      49,
    ]]
  ) {
    expect(() => parseToken(of(...rest))).toThrow("its content is not a token's");
  }
});

test("no word causes anything but an error of its own", () => {
  const seed = Number(process.env["CELL_SEED"] ?? Date.now() % 2 ** 31);
  const random = seededRandom(seed);
  for (let round = 0; round < 2_000; round++) {
    const bytes = Array.from({ length: Math.floor(random() * 80) }, () => Math.floor(random() * 256));
    if (random() < 0.5) bytes.splice(0, 3, 1, Math.max(bytes.length - 3, 0), 0);
    const word = checked(...bytes);
    const replay = `CELL_SEED=${seed} bun test lib/net/identity/join_token.test.ts: round ${round}`;
    try {
      // Some are tokens, and then each is the only way to write it.
      expect(formatToken(parseToken(word)), replay).toBe(word);
    } catch (error) {
      expect((error as Error).message, replay).toStartWith("reading the token: ");
    }
  }
  expect(() => parseToken(`cell-${"A".repeat(1_000_000)}`)).toThrow("no token has more than 8192 characters");
});
