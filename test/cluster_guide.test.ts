import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMANDS } from "../cmd/commands.ts";
import { NETWORK_KEYS, readNodeFile } from "../lib/nucleus/home/mod.ts";
import { TestCluster, until } from "./harness/mod.ts";

setDefaultTimeout(120_000);

const ROOT = join(import.meta.dir, "..");
const GUIDE = readFileSync(join(ROOT, "docs/cluster.md"), "utf8");
const README = readFileSync(join(ROOT, "README.md"), "utf8");

/** What node.toml says with this text. */
function settingsOf(text: string) {
  const folder = mkdtempSync(join(tmpdir(), "cell-test-guide-"));
  try {
    writeFileSync(join(folder, "node.toml"), text);
    return readNodeFile(join(folder, "node.toml"))!;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the node.toml that the guide shows means what it says", () => {
  const [, text = ""] = /```toml\n([\s\S]*?)```/.exec(GUIDE) ?? [];
  expect(settingsOf(text)).toMatchObject({
    id: "vps",
    region: "fsn",
    network: {
      addresses: ["203.0.113.7"],
      port: 9043,
      gossipPort: 9044,
      instancePorts: { first: 20_000, last: 20_100 },
      preset: "wan",
    },
  });
});

test("the settings that the guide lists are those that are read, with the defaults that it names", () => {
  const [, list = ""] = /## Settings\n([\s\S]*)$/.exec(GUIDE) ?? [];
  const rows = [...list.matchAll(/^\| `(\w+)` +\| ([^|]*?) +\|/gm)].map(([, key = "", value = ""]) => ({ key, value }));
  expect(rows.map(({ key }) => key)).toEqual(NETWORK_KEYS);
  const bare = settingsOf('[node]\nid = "x"\n');
  const literal = rows.flatMap(({ key, value }) => (/^`.*`$/.test(value) ? [`${key} = ${value.slice(1, -1)}`] : []));
  expect(literal.length).toBeGreaterThanOrEqual(4);
  expect(settingsOf(`[node]\nid = "x"\n[network]\n${literal.join("\n")}\n`)).toEqual(bare);
});

test("every command that the guide names is there", () => {
  const named = [...GUIDE.matchAll(/\bcell ([a-z]+)\b/g)].map(([, name = ""]) => name);
  expect(named.length).toBeGreaterThan(30);
  const known = new Set(COMMANDS.map(({ name }) => name));
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

/** Without what is another one on every machine. */
function withoutFigures(text: string): string {
  return text.replace(/[0-9a-f]{8}(?= )/g, "ID").replace(/[\d.]+:\d+/g, "ADDRESS")
    .replace(/\b\d+ (ms|s|m \d+ s)$/gm, "TIME").replace(/ +/g, " ").trimEnd();
}

test("what the README shows of three machines is what three nodes print", async () => {
  const [, session = ""] = /## Many machines[\s\S]*?```console\n([\s\S]*?)```/.exec(README) ?? [];
  const steps = session.trimEnd().split("\n\n").map((step) => {
    const [prompt = "", ...printed] = step.split("\n");
    const [, name = "", line = ""] = /^(\w+)\$ cell (.*)$/.exec(prompt) ?? [];
    return { name, args: line.split(" "), printed: printed.join("\n") };
  });
  expect(steps.map(({ name }) => name)).toEqual(["pi", "pi", "board"]);
  await using cluster = await TestCluster.start({
    pi: { region: "home" },
    board: { region: "home" },
    vps: { region: "fsn" },
  });
  cluster.node("pi").write("hello.ts", readFileSync(join(ROOT, "examples/hello.ts"), "utf8"));
  for (const { name, args, printed } of steps) {
    if (args[0] === "call") {
      const found = () => cluster.node(name).discover("hello");
      await until(async () => (await found()).length === 4, "all instances to be known");
    }
    await cluster.untilAgreed();
    const { stdout } = await cluster.node(name).ok(args);
    expect(withoutFigures(stdout)).toBe(withoutFigures(printed));
  }
});
