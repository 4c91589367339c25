import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../../test/harness/until.ts";
import { ClusterFile, type StoredToken } from "./cluster_file.ts";

// What is waited for takes seconds on a busy machine.
setDefaultTimeout(120_000);

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
    cluster: "",
    network: true,
    departure: "",
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

test("how a membership ended is remembered; what was written before there was that is read", () => {
  new ClusterFile(path).update({ departure: "removed" });
  expect(new ClusterFile(path).memory.departure).toBe("removed");
  writeFileSync(path, readFileSync(path, "utf8").replace(/.*"departure".*\n/, ""));
  expect(new ClusterFile(path).memory.departure).toBe("");
});

const wrong: { [text: string]: string } = {
  "{": "JSON",
  "{}": "format 1",
  '{"format":2}': "format 1, found 2",
  '{"format":1,"cluster":"","network":1}': "network",
  '{"format":1,"cluster":7}': "cluster",
  '{"format":1,"cluster":"","network":true,"gossipKeys":"","revocations":"","departure":"sold"}': "departure",
  '{"format":1,"cluster":"","network":true,"gossipKeys":"","nodePort":0,"gossipPort":0,"tokens":[{}],"contacts":[],"revocations":""}':
    "tokens",
  '{"format":1,"cluster":"","network":true,"gossipKeys":"","nodePort":0,"gossipPort":0,"tokens":[],"contacts":[7],"revocations":""}':
    "contacts",
  '{"format":1,"cluster":"","network":true,"gossipKeys":"","nodePort":0,"gossipPort":0,"tokens":[],"contacts":[],"revocations":[]}':
    "revocations",
  '{"format":1,"cluster":"","network":true,"gossipKeys":"","nodePort":70000,"gossipPort":0,"tokens":[],"contacts":[],"revocations":""}':
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

test.skipIf(!existsSync("/dev/full"))("a full disk is told as one", () => {
  const file = new ClusterFile(path);
  symlinkSync("/dev/full", `${path}.new`);
  const expected = {
    code: "RESOURCE_EXHAUSTED",
    message: `writing ${path}: the disk is full. Make room and try again.`,
  };
  expect(() => file.update({ network: true })).toThrow(expect.objectContaining(expected));
  expect(file.memory.network).toBe(false);
});

test("a thousand notes are one write, and all of them are there after it", async () => {
  const file = new ClusterFile(path);
  for (let port = 1; port <= 1000; port++) file.note({ contacts: [`192.0.2.1:${port}`] });
  expect(file.memory.contacts).toEqual(["192.0.2.1:1000"]);
  expect(readdirSync(folder)).toEqual([]);
  await until(() => readdirSync(folder).length === 1, "the notes to be written");
  expect(new ClusterFile(path).memory.contacts).toEqual(["192.0.2.1:1000"]);
});

test("what was noted is written when somebody needs it to be, and with every update", () => {
  const file = new ClusterFile(path);
  file.note({ revocations: "AAAA" });
  file.flush();
  expect(new ClusterFile(path).memory.revocations).toBe("AAAA");
  file.note({ revocations: "BBBB" });
  file.update({ network: true });
  expect(new ClusterFile(path).memory).toMatchObject({ revocations: "BBBB", network: true });
});

test("a disk that cannot take a note is told of once, and nobody who notes is failed", async () => {
  const lines: string[] = [];
  const file = new ClusterFile(join(folder, "missing", "cluster.json"), (line) => lines.push(line));
  file.note({ contacts: ["192.0.2.1:9044"] });
  await until(() => lines.length > 0, "the failure to be told");
  expect(lines[0]).toContain("missing/cluster.json");
  mkdirSync(join(folder, "missing"));
  file.flush();
  expect(new ClusterFile(join(folder, "missing", "cluster.json")).memory.contacts).toEqual(["192.0.2.1:9044"]);
});

test("a join that is interrupted before the node is of the other cluster has changed nothing", () => {
  const file = new ClusterFile(path);
  file.settle("a");
  file.update({ network: true, gossipKeys: "old", tokens: [TOKEN] });
  file.prepare({ cluster: "b", network: true, gossipKeys: "new" });
  const after = new ClusterFile(path);
  expect(after.isUnsettled).toBe(true);
  after.settle("a");
  expect(new ClusterFile(path).memory).toMatchObject({ cluster: "a", gossipKeys: "old", tokens: [TOKEN] });
  expect(new ClusterFile(path).isUnsettled).toBe(false);
});

test("a join that is interrupted after the node is of the other cluster goes on where it was", () => {
  const file = new ClusterFile(path);
  file.settle("a");
  file.update({ gossipKeys: "old", tokens: [TOKEN], nodePort: 7 });
  file.prepare({ cluster: "b", network: true, gossipKeys: "new", contacts: ["192.0.2.1:9044"] });
  new ClusterFile(path).settle("b");
  expect(new ClusterFile(path).memory).toEqual({
    cluster: "b",
    network: true,
    departure: "",
    tokens: [],
    nodePort: 7,
    gossipPort: 0,
    contacts: ["192.0.2.1:9044"],
    gossipKeys: "new",
    revocations: "",
  });
});

test("keys and tokens of another cluster than the node is of are not used", () => {
  const file = new ClusterFile(path);
  file.settle("a");
  file.update({ network: true, gossipKeys: "old", tokens: [TOKEN], gossipPort: 9 });
  file.settle("c");
  expect(file.memory).toMatchObject({ cluster: "c", network: true, gossipKeys: "", tokens: [], gossipPort: 9 });
});
