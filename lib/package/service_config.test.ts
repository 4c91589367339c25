import { expect, test } from "bun:test";
import { join } from "node:path";
import { CellError } from "../base/mod.ts";
import { TestHome } from "../service/testing/mod.ts";
import { readServiceConfig } from "./mod.ts";
import { parseServiceConfig } from "./service_config.ts";

const parse = (text: string) => parseServiceConfig("cell.toml", text);

test("a folder without a cell.toml has an empty configuration", async () => {
  await using place = new TestHome();
  expect(readServiceConfig(place.folder)).toEqual({});
});

test("every key is read", () => {
  expect(parse(`
[cell]
name = "shop"
entry = "src/service.ts"

[cell.biology]
min_replicas = 1
max_replicas = 20
cpu_target = "60%"
idle_after = "5m"

[cell.env]
KEY = "value"
LINES = """one
two"""

[cell.access]
allow = ["trader", "ops-*", "cell"]
`)).toEqual({
    name: "shop",
    entry: "src/service.ts",
    minReplicas: 1,
    maxReplicas: 20,
    cpuTarget: 0.6,
    idleMs: 300_000,
    env: { KEY: "value", LINES: "one\ntwo" },
    allow: ["trader", "ops-*", "cell"],
  });
  expect(parse("[cell.access]\nallow = []")).toEqual({ allow: [] });
  expect(parse("")).toEqual({});
  expect(parse("[cell.biology]\r\ncpu_target = 0.25\r\n")).toEqual({ cpuTarget: 0.25 });
});

test("a share that is not in quotes is no TOML, and the error says how to write it", () => {
  expect(() => parse("[cell]\n\n[cell.biology]\nmin_replicas = 3\ncpu_target = 60%\n")).toThrow(
    "cell.toml:5: it is not TOML: Unexpected character after a value: '%'. " +
      'Write a share in quotes: cpu_target = "60%"',
  );
});

test.each([
  ["[cell]\nnam = 'x'", "cell.toml:2: [cell] nam: there is no such key. Did you mean name?"],
  [
    "[cell]\nmin_replicas = 1",
    "cell.toml:2: [cell] min_replicas: there is no such key. Write it below [cell.biology].",
  ],
  ["[cell.biology]\nname = 'x'", "cell.toml:2: [cell.biology] name: there is no such key. Write it below [cell]."],
  ["[cel]\nname = 'x'", "cell.toml:1: cel: there is no such key. Did you mean cell?"],
  ["name = 'x'", "cell.toml:1: name: there is no such key. Write it below [cell] or [cell.biology]."],
  ["cell = 3", "cell.toml:1: expected a table [cell], found 3"],
  ["[cell]\nallow = ['x']", "cell.toml:2: [cell] allow: there is no such key. Write it below [cell.access]."],
  ["allow = ['x']", "cell.toml:1: allow: there is no such key. Write it below [cell.access]."],
  ["[cell.access]\nalow = ['x']", "cell.toml:2: [cell.access] alow: there is no such key. Did you mean allow?"],
  [
    "[cell.access]",
    'cell.toml:1: [cell.access] allow: expected a list of names in quotes such as ["trader", "ops-*"], found nothing',
  ],
  [
    "[cell.access]\nallow = 'trader'",
    'cell.toml:2: [cell.access] allow: expected a list of names in quotes such as ["trader", "ops-*"], found "trader"',
  ],
  [
    "[cell.access]\nallow = ['trader', '*-ops']",
    'cell.toml:2: [cell.access] allow: reading an access list: expected a service\'s name ("trader") or the beginning of names ' +
    'and a * ("ops-*"), found "*-ops"',
  ],
  ["[cell]\nbiology = 'x'", 'cell.toml:2: expected a table [cell.biology], found "x"'],
  ["[[cell]]\nname = 'x'", "cell.toml:1: expected a table [cell], found a list"],
  ["[cell]\nname = 3", "cell.toml:2: [cell] name: expected text in quotes, found 3"],
  ["[cell]\nname = 'My Shop'", 'cell.toml:2: [cell] name: "My Shop" is not a valid name'],
  ["[cell]\nname = 'nucleus'", "cell.toml:2: [cell] name: serving nucleus: the node agent has this name"],
  ["[cell]\nentry = ''", 'cell.toml:2: [cell] entry: expected text in quotes, found ""'],
  ["[cell]\nentry = 2020-01-01", "cell.toml:2: [cell] entry: expected text in quotes, found the date 2020-01-01"],
  ["[cell.biology]\nmin_replicas = '3'", 'min_replicas: expected a whole number from 0 to 1000, found "3"'],
  ["[cell.biology]\nmin_replicas = -1", "min_replicas: expected a whole number from 0 to 1000, found -1"],
  ["[cell.biology]\nmin_replicas = 1.5", "min_replicas: expected a whole number from 0 to 1000, found 1.5"],
  ["[cell.biology]\nmax_replicas = 0", "max_replicas: expected a whole number from 1 to 1000, found 0"],
  ["[cell.biology]\nmax_replicas = 1_000_000", "max_replicas: expected a whole number from 1 to 1000, found 1000000"],
  ["[cell.biology]\nmax_replicas = 1e400", "max_replicas: expected a whole number from 1 to 1000, found Infinity"],
  ["[cell.biology]\nmax_replicas = nan", "max_replicas: expected a whole number from 1 to 1000, found NaN"],
  ["[cell.biology]\nmax_replicas = true", "max_replicas: expected a whole number from 1 to 1000, found true"],
  [
    "[cell.biology]\nmin_replicas = 5\nmax_replicas = 3",
    "cell.toml:2: [cell.biology] min_replicas: expected at most max_replicas, which is 3, found 5",
  ],
  ["[cell.biology]\ncpu_target = 60", 'cpu_target: expected a share of one core such as "60%" or 0.6, found 60'],
  ["[cell.biology]\ncpu_target = '0%'", 'cpu_target: expected a share of one core such as "60%" or 0.6, found "0%"'],
  [
    "[cell.biology]\ncpu_target = '150%'",
    'cpu_target: expected a share of one core such as "60%" or 0.6, found "150%"',
  ],
  ["[cell.biology]\nidle_after = 300", 'idle_after: expected a duration in quotes such as "30s", "5m" or "1h"'],
  ["[cell.biology]\nidle_after = '5 minutes'", 'found "5 minutes"'],
  ["[cell.env]\nPORT = 80", 'cell.toml:2: [cell.env] PORT: expected text, found 80. Write it in quotes: PORT = "80"'],
  ["[cell.env]\nA = { b = 'c' }", "cell.toml:2: [cell.env] A: expected text, found a table."],
  ["[cell.env]\n'A=B' = 'c'", 'cell.toml: [cell.env]: "A=B" is no name of a variable'],
  ['[cell.env]\nA = "x\\u0000y"', "cell.toml: [cell.env]: A: a value cannot hold a NUL character"],
  ["[cell.env]\nCELL_HOME = 'x'", "names that begin with CELL_ belong to cell itself"],
  ["[cell]\nname = 'x'\nname = 'y'", "cell.toml:3: it is not TOML: Cannot redefine key 'name'."],
  ['[cell]\nname = "x', "cell.toml:2: it is not TOML"],
  ["a = " + "[".repeat(60_000), "cell.toml:1: it is not TOML"],
  ["[cell]\n__proto__ = 1", "[cell] __proto__: there is no such key"],
  ["[cell.constructor]\nx = 1", "[cell] constructor: there is no such key"],
])("%j is refused", (text, message) => {
  let refused: unknown;
  try {
    parse(text);
  } catch (error) {
    refused = error;
  }
  expect(refused).toBeInstanceOf(CellError);
  expect((refused as CellError).code).toBe("INVALID_ARGUMENT");
  expect((refused as CellError).message).toContain(message);
});

test("a file that is huge, not UTF-8, or none is refused with its path", async () => {
  await using place = new TestHome();
  const path = place.write("cell.toml", "#".repeat(100_000));
  expect(() => readServiceConfig(place.folder)).toThrow(`reading ${path}: it has more than 65536 bytes`);
  await Bun.write(path, new Uint8Array([0x5b, 0xff, 0x5d]));
  expect(() => readServiceConfig(place.folder)).toThrow(`reading ${path}: it is not UTF-8`);
  place.write("sub/cell.toml/x", "");
  expect(() => readServiceConfig(join(place.folder, "sub"))).toThrow(
    `reading ${join(place.folder, "sub", "cell.toml")}:`,
  );
});
