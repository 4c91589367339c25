import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initHome } from "./mod.ts";

let folder: string;
const saved = process.env["CELL_HOME"];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-test-"));
  process.env["CELL_HOME"] = join(folder, "home");
});

afterEach(() => {
  if (saved === undefined) delete process.env["CELL_HOME"];
  else process.env["CELL_HOME"] = saved;
  rmSync(folder, { recursive: true, force: true });
});

const nodeFile = () => join(folder, "home/node.toml");

test("a home gets its directories and the node's id, and the second time nothing changes", () => {
  const first = initHome({ nodeId: "board-7" });
  expect(first).toEqual({ id: "board-7", heartbeatMs: 5000, home: join(folder, "home"), isNew: true });
  expect(readdirSync(first.home).sort()).toEqual(["cache", "data", "logs", "node.toml", "packages", "run"]);
  const { ino, mtimeMs, mode } = statSync(nodeFile());
  expect(mode & 0o777).toBe(0o600);
  expect(initHome({ nodeId: "board-7" })).toEqual({ ...first, isNew: false });
  expect(initHome()).toEqual({ ...first, isNew: false });
  expect(statSync(nodeFile())).toMatchObject({ ino, mtimeMs });
});

test("without an id the node is named after the host", () => {
  expect(initHome().id).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
});

test("a node keeps its id: another one is refused and says where to change it", () => {
  initHome({ nodeId: "one" });
  expect(() => initHome({ nodeId: "two" })).toThrow(`its id is one already. Edit ${nodeFile()}`);
});

test("an id that is no id is refused before anything is made", () => {
  for (const nodeId of ["", "-a", "a b", "a/b", "a".repeat(64), '"']) {
    expect(() => initHome({ nodeId })).toThrow("is not a valid node id");
  }
  expect(readdirSync(folder)).toEqual([]);
});

test("settings are read from node.toml, and comments and layout of it stay", () => {
  initHome();
  const text = '# mine\n[node]\n  id="x"\nheartbeat = "250ms"\n';
  writeFileSync(nodeFile(), text);
  expect(initHome()).toMatchObject({ id: "x", heartbeatMs: 250 });
  expect(readFileSync(nodeFile(), "utf8")).toBe(text);
});

const wrong: { [text: string]: string } = {
  'id = "x"': "there is no table id",
  "[node]\nid = 7": "id: expected",
  '[node]\nid = "x"\nheartbeet = "5s"': "there is no key heartbeet. Did you mean heartbeat?",
  '[node]\nid = "x"\nheartbeat = 5': 'heartbeat: expected text from "100ms" to "5m", found 5',
  '[node]\nid = "x"\nheartbeat = "1ms"': 'found "1ms"',
  '[node]\nid = "x"\nheartbeat = "9m"': 'found "9m"',
  "[node": "it is not TOML",
  "": "expected a table [node]",
};

for (const [text, complaint] of Object.entries(wrong)) {
  test(`a node.toml with ${JSON.stringify(text)} is an error that names the file: ${complaint}`, () => {
    initHome();
    writeFileSync(nodeFile(), text);
    expect(() => initHome()).toThrow(`reading ${nodeFile()}: `);
    expect(() => initHome()).toThrow(complaint);
    expect(readFileSync(nodeFile(), "utf8")).toBe(text);
  });
}
