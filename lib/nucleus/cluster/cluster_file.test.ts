import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClusterFile, type StoredToken } from "./cluster_file.ts";

const TOKEN: StoredToken = { id: "a1b2c3d4", secretHash: "00", seekKey: "AA==", expiresAtMs: 1, usesLeft: 2 };

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-test-"));
  path = join(folder, "cluster.json");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("what was changed is there after a restart, and what was not is as it was", () => {
  new ClusterFile(path).update({ network: true, tokens: [TOKEN] });
  new ClusterFile(path).update({ contacts: ["192.0.2.1:9044"] });
  expect(new ClusterFile(path).memory).toEqual({
    network: true,
    tokens: [TOKEN],
    nodePort: 0,
    gossipPort: 0,
    contacts: ["192.0.2.1:9044"],
    gossipKeys: "",
    revocations: "",
  });
});

test("only its owner can read it, and nothing lies beside it", () => {
  new ClusterFile(path).update({ network: true });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["cluster.json"]);
});

const wrong: { [text: string]: string } = {
  "{": "JSON",
  "{}": "format 1",
  '{"format":2}': "format 1, found 2",
  '{"format":1,"network":1}': "network",
  '{"format":1,"network":true,"gossipKeys":"","nodePort":0,"gossipPort":0,"tokens":[{}],"contacts":[],"revocations":""}':
    "tokens",
  '{"format":1,"network":true,"gossipKeys":"","nodePort":0,"gossipPort":0,"tokens":[],"contacts":[7],"revocations":""}':
    "contacts",
  '{"format":1,"network":true,"gossipKeys":"","nodePort":0,"gossipPort":0,"tokens":[],"contacts":[],"revocations":[]}':
    "revocations",
  '{"format":1,"network":true,"gossipKeys":"","nodePort":70000,"gossipPort":0,"tokens":[],"contacts":[],"revocations":""}':
    "nodePort",
};

for (const [text, complaint] of Object.entries(wrong)) {
  test(`a file with ${text} is an error that names it and stays as it is`, () => {
    writeFileSync(path, text);
    expect(() => new ClusterFile(path).memory).toThrow(`reading ${path}: `);
    expect(() => new ClusterFile(path).memory).toThrow(complaint);
    expect(readFileSync(path, "utf8")).toBe(text);
  });
}

test("a file that is too large is not read", () => {
  writeFileSync(path, "x".repeat(1024 * 1024 + 1));
  expect(() => new ClusterFile(path).memory).toThrow("at most");
});

test("a change that cannot be written has not happened", () => {
  const file = new ClusterFile(join(folder, "missing", "cluster.json"));
  expect(() => file.update({ network: true })).toThrow("writing");
  expect(file.memory.network).toBe(false);
});
