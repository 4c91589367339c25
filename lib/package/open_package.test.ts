import { expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { MINUTE } from "../base/mod.ts";
import { TestHome } from "../service/testing/mod.ts";
import { buildPackage, type BuiltPackage, openPackage, packageSchema, prunePackages } from "./mod.ts";
import { rejection } from "./testing/rejection.ts";

// Processes that start, and a compiler that is loaded, take seconds on a busy machine.
setDefaultTimeout(120_000);

const HELLO = "export function greet(name: string) { return `Hello, ${name}!`; }\n";
const FILES = ["manifest.json", "schema.json", "service.js"];
const HOURS_AGO = new Date(Date.now() - 120 * MINUTE);

function hello(place: TestHome, text = HELLO): Promise<BuiltPackage> {
  return buildPackage(place.write("hello.ts", text));
}

/** Writes into a file that may not be written, as somebody who insists. */
function overwrite(path: string, content: string | Uint8Array): void {
  chmodSync(path, 0o600);
  writeFileSync(path, content);
}

/** Stores a manifest of somebody else under its own hash, beside the files of a real package. */
function forge(place: TestHome, { path }: BuiltPackage, change: (manifest: Record<string, unknown>) => void): string {
  const manifest = JSON.parse(readFileSync(join(path, "manifest.json"), "utf8"));
  change(manifest);
  const text = JSON.stringify(manifest);
  const sha256 = new Bun.CryptoHasher("sha256").update(text).digest("hex");
  const folder = join(place.home, "packages", sha256);
  mkdirSync(folder);
  for (const name of FILES.slice(1)) writeFileSync(join(folder, name), readFileSync(join(path, name)));
  writeFileSync(join(folder, "manifest.json"), text);
  return sha256;
}

test.each(FILES)("a flipped bit in %s is DATA_LOSS that names the file and says what to do", async (name) => {
  await using place = new TestHome();
  const { path, sha256 } = await hello(place);
  const bytes = readFileSync(join(path, name));
  for (const offset of [0, bytes.length >> 1, bytes.length - 1]) {
    const damaged = Buffer.from(bytes);
    damaged[offset]! ^= 1;
    overwrite(join(path, name), damaged);
    const error = await rejection(openPackage(sha256));
    expect(error.code).toBe("DATA_LOSS");
    expect(error.message).toContain(`opening the package ${path}: ${name} is not what was built: it was changed`);
    expect(error.message).toContain("Deploy the service again: cell deploy FILE");
  }
  overwrite(join(path, name), bytes);
  expect((await openPackage(sha256)).sha256).toBe(sha256);
});

test.each(FILES)("a %s that is missing, a link or a folder is DATA_LOSS", async (name) => {
  await using place = new TestHome();
  const { path, sha256 } = await hello(place);
  const file = join(path, name);
  const elsewhere = join(place.folder, name);
  renameSync(file, elsewhere);
  expect((await rejection(openPackage(sha256))).message).toContain(`${name} is not what was built: it is missing`);
  symlinkSync(elsewhere, file);
  expect((await rejection(openPackage(sha256))).message).toContain("it is not a plain file");
  rmSync(file);
  mkdirSync(file);
  expect(await rejection(openPackage(sha256))).toMatchObject({ code: "DATA_LOSS" });
});

test("building again replaces a package that was damaged", async () => {
  await using place = new TestHome();
  const { path, sha256 } = await hello(place);
  overwrite(join(path, "service.js"), "throw 1");
  rmSync(join(path, "schema.json"));
  expect(await hello(place)).toMatchObject({ sha256, isNew: true });
  await openPackage(sha256);
  expect(readdirSync(join(place.home, "packages"))).toEqual([sha256]);
});

test("a package that is not there is NOT_FOUND, and a name that is no hash leads nowhere", async () => {
  await using place = new TestHome();
  const sha256 = "0".repeat(64);
  const error = await rejection(openPackage(sha256));
  expect(error.code).toBe("NOT_FOUND");
  expect(error.message).toContain(`there is no folder ${join(place.home, "packages", sha256)}`);
  for (const name of ["", "..", "../../etc", `${"0".repeat(63)}/`, "A".repeat(64), "0".repeat(100_000)]) {
    expect((await rejection(packageSchema(name))).code, name).toBe("INVALID_ARGUMENT");
  }
  expect(existsSync(place.home)).toBe(false);
});

test.each<[string, (manifest: Record<string, unknown>) => void, string]>([
  ["of a newer format", (manifest) => manifest["format"] = 2, "its format is 2, and this version of cell reads 1"],
  ["without a format", (manifest) => delete manifest["format"], "its format is undefined"],
  [
    "with a way out",
    (manifest) => manifest["files"] = { "../service.js": "0".repeat(64) },
    "names of files in the package",
  ],
  ["with an absolute path", (manifest) => manifest["files"] = { "/etc/passwd": "0".repeat(64) }, "names of files"],
  ["with itself as a file", (manifest) => manifest["files"] = { "manifest.json": "0".repeat(64) }, "names of files"],
  ["with a hash that is none", (manifest) => manifest["files"] = { "service.js": "0" }, "expected a SHA-256"],
  ["without code", (manifest) => manifest["files"] = {}, "service.js among them"],
  ["with a name that is none", (manifest) => manifest["service"] = "../x", "is not a valid name"],
  ["with tables that are lists", (manifest) => manifest["origins"] = [], "origins: expected an object, found []"],
  ["with imports that are no schemas", (manifest) => manifest["imports"] = { a: { format: 1 } }, "it is no manifest"],
])("a manifest %s is refused", async (_, change, message) => {
  await using place = new TestHome();
  const sha256 = forge(place, await hello(place), change);
  const error = await rejection(openPackage(sha256));
  expect([error.code, error.message]).toEqual(["FAILED_PRECONDITION", expect.stringContaining(message)]);
});

test("a manifest that is no JSON is refused", async () => {
  await using place = new TestHome();
  await hello(place);
  for (const text of ["", "{", "null", "[".repeat(100_000)]) {
    const sha256 = new Bun.CryptoHasher("sha256").update(text).digest("hex");
    mkdirSync(join(place.home, "packages", sha256));
    writeFileSync(join(place.home, "packages", sha256, "manifest.json"), text);
    expect(await rejection(openPackage(sha256))).toMatchObject({ code: "FAILED_PRECONDITION" });
  }
});

test("packages that nobody wants and remains of builds are removed when they are old", async () => {
  await using place = new TestHome();
  const packages = join(place.home, "packages");
  const wanted = (await hello(place)).sha256;
  const old = (await hello(place, `${HELLO}// 2\nexport const two = (): number => 2;\n`)).sha256;
  const young = (await hello(place, `${HELLO}export const three = (): number => 3;\n`)).sha256;
  for (const name of [".building-1-abcdef01", ".building-2-abcdef02"]) mkdirSync(join(packages, name));
  writeFileSync(join(packages, "notes.txt"), "mine");
  for (const name of [wanted, old, ".building-1-abcdef01", "notes.txt"]) {
    utimesSync(join(packages, name), HOURS_AGO, HOURS_AGO);
  }
  expect(prunePackages(new Set([wanted]))).toEqual([old]);
  expect(readdirSync(packages).sort()).toEqual([".building-2-abcdef02", wanted, young, "notes.txt"].sort());
});

test("a package that is built again counts as young", async () => {
  await using place = new TestHome();
  const { path, sha256 } = await hello(place);
  utimesSync(path, HOURS_AGO, HOURS_AGO);
  expect(await hello(place)).toMatchObject({ sha256, isNew: false });
  expect(prunePackages(new Set())).toEqual([]);
  await openPackage(sha256);
});

test("a package that was needed a moment ago stays: whoever runs it still loads parts of it", async () => {
  await using place = new TestHome();
  const { path, sha256 } = await hello(place);
  utimesSync(path, HOURS_AGO, HOURS_AGO);
  expect(prunePackages(new Set([sha256]))).toEqual([]);
  expect(prunePackages(new Set())).toEqual([]);
  utimesSync(path, HOURS_AGO, HOURS_AGO);
  expect(prunePackages(new Set())).toEqual([sha256]);
});
