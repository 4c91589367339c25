import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { Automaton, stateCount } from "./automaton.ts";
import { compilePattern, samplePattern } from "./mod.ts";
import { parsePattern } from "./syntax.ts";

/** What is to take no time would take minutes or years if it were done otherwise: a minute tells the two apart anywhere. */
setDefaultTimeout(120_000);

const PATTERNS = [
  "",
  "a",
  "^a$",
  "a|b|",
  "^(?:ab|a)(c|bcd)*$",
  "^[A-Z]{3}-[0-9]{4}$",
  "^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$",
  "^([a-z0-9]+\\.)+[a-z]{2,}$",
  "^(a+)+$",
  "(x?){5}y",
  "^(?:a{0,3}){2,4}b?$",
  "\\bfoo\\b",
  "o\\B",
  "^\\p{L}+$",
  "^\\p{Lu}[\\p{L}\\d]*$",
  "^.{2,4}$",
  "^[\\]\\-a\\\\]+$",
  "\\u{1f991}|\\ud83e\\udd92",
  "^[🦑-🦕]$",
  "\\x41\\u0042\\cJ?",
  "^(?<year>\\d{4})-(?<month>\\d\\d)$",
  "^(?:|a|ab)(?:c*)*$",
  "[^]",
  "[]",
  "^\\/\\.\\*$",
  "a{2}{0}",
];

const ALPHABET = [..."aabbcdfoxy0129-.@ABZ \n\\]/*🦑", "ä"];

function texts(seed: number): string[] {
  let state = seed;
  const next = (max: number): number => (state = (state * 1103515245 + 12345) & 0x7fffffff) % max;
  return Array.from(
    { length: 300 },
    () => Array.from({ length: next(9) }, () => ALPHABET[next(ALPHABET.length)]).join(""),
  );
}

function isValid(source: string): boolean {
  try {
    return new RegExp(source, "u") !== undefined;
  } catch {
    return false;
  }
}

describe("the automaton", () => {
  for (const source of PATTERNS.filter(isValid)) {
    test(`agrees with the runtime's engine on /${source}/`, () => {
      const node = parsePattern(source);
      const automaton = new Automaton(node);
      expect(stateCount(node)).toBeLessThan(500);
      const expression = new RegExp(source, "u");
      const subjects = [
        ...texts(source.length + 1),
        "abcd",
        "foo bar",
        "ABC-1234",
        "a.b@c.de",
        "2024-01",
        "🦑",
        "é",
        "aab",
      ];
      for (const sample of [1, 2, 3]) subjects.push(samplePattern(source, () => (sample * 0.29) % 1) ?? "");
      for (const text of subjects) expect([text, automaton.test(text)]).toEqual([text, expression.test(text)]);
    });
  }
});

describe("compilePattern", () => {
  test("answers at once where the runtime's engine would take years", () => {
    for (
      const source of ["^(a+)+$", "^(a|aa)+$", "^(a?){50}a{50}$", "(.*)(.*)(.*)(.*)x$", "^(([a-z])+.)+[A-Z]([a-z])+$"]
    ) {
      const { test: matches } = compilePattern(source);
      expect(matches(`${"a".repeat(5000)}!`)).toBe(false);
    }
  });

  test("is right on both sides of the length from which the automaton takes over", () => {
    const { test: matches } = compilePattern("^[ab]+c[ab]+c[ab]+$");
    for (const length of [10, 99, 100, 101, 102, 103, 500]) {
      const part = "ab".repeat(Math.floor(length / 6));
      expect(matches(`${part}c${part}c${part}`)).toBe(true);
      expect(matches(`${part}c${part}c${part}c`)).toBe(false);
    }
  });

  test("bounds the length of strings that a pattern with lookaround is tested against", () => {
    const password = compilePattern("^(?=.*[A-Z])(?=.*\\d).{8,}$");
    expect(password.test("Passw0rd!")).toBe(true);
    expect(password.test("password!")).toBe(false);
    expect(password.lengthMax).toBeGreaterThan(72);
    expect(password.test(`Passw0rd${"a".repeat(10_000)}`)).toBe(false);
  });

  test("counts what is looked at in a row, by long repetitions and by backreferences", () => {
    for (const source of ["(?:a{1000}){1000}b", "a{1000}b", "(?=a{1000}b)(?=a{1000}c)", "^(a*)\\1b", "(a{99})\\1b"]) {
      const { test: matches, lengthMax } = compilePattern(source);
      expect(matches("a".repeat(Math.min(lengthMax, 1_000_000)))).toBe(false);
    }
    const hash = compilePattern("[0-9a-f]{64}");
    expect(hash.nativeLengthMax).toBeGreaterThan(1_000_000);
    expect(() => compilePattern("(?:(?:a{1000}){1000}){1000}b")).toThrow("smaller numbers of repetitions");
  });

  test("bounds the length of strings that an automaton is run on", () => {
    const slow = compilePattern(`^(${"a?".repeat(400)})+b$`);
    expect(slow.lengthMax).toBeLessThan(100_000);
    expect(slow.test("a".repeat(slow.lengthMax))).toBe(false);
    expect(slow.test("a".repeat(slow.lengthMax + 1))).toBe(false);
  });

  test("refuses what is no regular expression, and what could take too long with nothing to be done about it", () => {
    expect(() => compilePattern("(")).toThrow("not a regular expression");
    expect(() => compilePattern("^(a+)+\\1$")).toThrow("without lookaround and backreferences");
    expect(() => compilePattern("(?=(a|b)*c)x")).toThrow("without lookaround and backreferences");
    expect(() => compilePattern("((a{0,99}){0,99}){0,99}")).toThrow("smaller numbers of repetitions");
    expect(() => compilePattern(`${"(".repeat(60)}a${")".repeat(60)}`)).toThrow("nested deeper");
  });
});

describe("samplePattern", () => {
  test("finds strings that match, within the length that is asked for", () => {
    let state = 7;
    const random = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
    for (const source of PATTERNS.filter((source) => isValid(source) && source !== "[]")) {
      for (let count = 0; count < 20; count++) {
        const text = samplePattern(source, random);
        expect([source, text !== undefined && new RegExp(source, "u").test(text)]).toEqual([source, true]);
      }
    }
    expect(samplePattern("^[ab]+$", random, 4, 6)!.length).toBeWithin(4, 7);
    expect(samplePattern("^abc$", random, 4)).toBeUndefined();
  });
});
