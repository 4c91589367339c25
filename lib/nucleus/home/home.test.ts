import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initHome, parseHostPort } from "./mod.ts";
import { NETWORK_DEFAULTS } from "./network_settings.ts";

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
  const settings = { id: "board-7", region: "default", zone: "default", heartbeatMs: 5000, network: NETWORK_DEFAULTS };
  expect(first).toEqual({ ...settings, home: join(folder, "home"), isNew: true, isMoved: false });
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
  expect(() => initHome({ nodeId: "two" })).toThrow(`its id is one already. To change it, edit ${nodeFile()}`);
});

test("a home is put into a region and a zone once; another one is refused like another id", () => {
  expect(initHome({ region: "eu-west", zone: "rack-1" })).toMatchObject({ region: "eu-west", zone: "rack-1" });
  expect(initHome()).toMatchObject({ region: "eu-west", zone: "rack-1" });
  expect(() => initHome({ region: "us" })).toThrow(
    `putting this node into the region us: its region is eu-west already. To change it, edit ${nodeFile()}: region = "us"`,
  );
  expect(() => initHome({ zone: "b" })).toThrow("its zone is rack-1 already");
});

test("a home that was never put anywhere can be put into a region later; what people wrote stays", () => {
  initHome();
  const text = readFileSync(nodeFile(), "utf8");
  expect(initHome({ region: "eu", zone: "a" })).toMatchObject({ region: "eu", zone: "a", isNew: false, isMoved: true });
  expect(readFileSync(nodeFile(), "utf8")).toBe(
    text.replace('# region = "default"', 'region = "eu"').replace('# zone = "default"', 'zone = "a"'),
  );
  expect(initHome({ region: "eu" }).isMoved).toBe(false);
  expect(() => initHome({ region: "default" })).toThrow("its region is eu already");
  expect(statSync(nodeFile()).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, "home"))).toEqual(expect.arrayContaining(["node.toml"]));
  expect(readdirSync(join(folder, "home")).filter((name) => name.startsWith("node.toml"))).toHaveLength(1);
});

test("a place that cannot be written into node.toml is asked of its owner, and the file stays as it was", () => {
  initHome();
  writeFileSync(nodeFile(), 'node = { id = "x" }\n');
  expect(() => initHome({ zone: "a" })).toThrow('Write this line below [node] there: zone = "a"');
  expect(readFileSync(nodeFile(), "utf8")).toBe('node = { id = "x" }\n');
});

test("a region or a zone that is none is refused before anything is made", () => {
  for (const name of ["", "a b", "-a", "a".repeat(33)]) {
    expect(() => initHome({ region: name })).toThrow("is not a valid region");
    expect(() => initHome({ zone: name })).toThrow("is not a valid zone");
  }
  expect(readdirSync(folder)).toEqual([]);
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

test("more seeds or longer addresses than a node can have are refused", () => {
  initHome();
  const withNetwork = (line: string) => writeFileSync(nodeFile(), `[node]\nid = "x"\n[network]\n${line}\n`);
  withNetwork(`seeds = ${JSON.stringify(Array.from({ length: 17 }, () => "a:1"))}`);
  expect(() => initHome()).toThrow("network.seeds: expected at most 16");
  withNetwork(`addresses = ["${"a".repeat(129)}", "${"b".repeat(128)}"]`);
  expect(() => initHome()).toThrow("256 characters together");
});

test("what is commented out in a new node.toml can be taken in as it stands", () => {
  initHome({ nodeId: "a", region: "eu" });
  const text = readFileSync(nodeFile(), "utf8").replace(/^# (?=[a-z_]+ = )/gm, "");
  writeFileSync(nodeFile(), text);
  expect(initHome().network).toEqual({
    host: "0.0.0.0",
    addresses: ["203.0.113.7"],
    port: 9043,
    gossipPort: 9044,
    instancePorts: { first: 20_000, last: 20_100 },
    seeds: ["203.0.113.7:9044"],
    isMulticast: true,
    multicastPort: 9042,
    preset: "lan",
    managers: ["*"],
  });
});

test("the network's settings are read, and those that are not there have their defaults", () => {
  initHome();
  const seeds = Array.from({ length: 16 }, (_, index) => `node-${index}.example:9044`);
  writeFileSync(
    nodeFile(),
    `[node]
id = "x"
[network]
host = "::1"
addresses = ["fd00::7", "node.example."]
port = 0
seeds = ${JSON.stringify(seeds)}
multicast = false
multicast_port = 19042
preset = "wan"
managers = ["pi-kitchen", "vps.1"]
`,
  );
  expect(initHome().network).toEqual({
    ...NETWORK_DEFAULTS,
    host: "::1",
    addresses: ["fd00::7", "node.example."],
    port: 0,
    seeds,
    isMulticast: false,
    multicastPort: 19_042,
    preset: "wan",
    managers: ["pi-kitchen", "vps.1"],
  });
});

test("HOST:PORT is read with names and addresses, IPv6 in brackets, and nothing else is", () => {
  expect(parseHostPort("node-1.example:9043")).toEqual({ host: "node-1.example", port: 9043 });
  expect(parseHostPort("10.0.0.7:1")).toEqual({ host: "10.0.0.7", port: 1 });
  expect(parseHostPort("[fd00::1]:65535")).toEqual({ host: "fd00::1", port: 65_535 });
  const refused = [
    "",
    "a",
    ":1",
    "a:",
    "a:0",
    "a:65536",
    "a:1:2",
    "fd00::1:9043",
    "[a]:1",
    "[]:1",
    "-a:1",
    "a b:1",
    "a:1x",
  ];
  for (const text of [...refused, `${"a".repeat(254)}:1`]) expect(parseHostPort(text), text).toBeUndefined();
});

const wrong: { [text: string]: string } = {
  'id = "x"': "there is no table id",
  "[node]\nid = 7": "id: expected",
  '[node]\nid = "x"\nheartbeet = "5s"': "there is no key node.heartbeet. Did you mean heartbeat?",
  '[node]\nid = "x"\nheartbeat = 5': 'heartbeat: expected text from "100ms" to "5m", found 5',
  '[node]\nid = "x"\nheartbeat = "1ms"': 'found "1ms"',
  '[node]\nid = "x"\nheartbeat = "9m"': 'found "9m"',
  '[node]\nid = "x"\n[network]\nprot = 1': "there is no key network.prot. Did you mean port?",
  '[node]\nid = "x"\n[network]\nhost = "example.org"':
    'network.host: expected an IP address of this machine, such as "0.0.0.0", found "example.org"',
  '[node]\nid = "x"\n[network]\naddresses = []': "network.addresses: expected 1 to 8 names",
  '[node]\nid = "x"\n[network]\naddresses = ["1","2","3","4","5","6","7","8","9"]':
    "network.addresses: expected 1 to 8 names",
  '[node]\nid = "x"\n[network]\naddresses = ["a b"]': 'found ["a b"]',
  '[node]\nid = "x"\n[network]\nport = 65536': "network.port: expected a whole number from 0 to 65535",
  '[node]\nid = "x"\n[network]\nport = "9043"': 'found "9043"',
  '[node]\nid = "x"\n[network]\ngossip_port = -1': "network.gossip_port: expected",
  '[node]\nid = "x"\n[network]\ninstance_ports = "200-100"':
    "network.instance_ports: expected the first and the last port",
  '[node]\nid = "x"\n[network]\ninstance_ports = "0-1"': 'found "0-1"',
  '[node]\nid = "x"\n[network]\nseeds = ["a"]': 'network.seeds: expected at most 16 of "HOST:PORT"',
  '[node]\nid = "x"\n[network]\nmulticast = "no"': "network.multicast: expected true or false",
  '[node]\nid = "x"\n[network]\nmulticast_port = 0': "network.multicast_port: expected a whole number from 1",
  '[node]\nid = "x"\n[network]\npreset = "moon"': 'network.preset: expected "lan", "wan" or "local", found "moon"',
  '[node]\nid = "x"\n[network]\nmanagers = ["a b"]': "network.managers: expected at most 64 names or ids of nodes",
  '[node]\nid = "x"\nregion = 1': "node.region: expected 1 to 32 letters",
  '[node]\nid = "x"\nzone = ""': "node.zone: expected 1 to 32 letters",
  '[node]\nid = "x"\n[netwrok]': "there is no table netwrok. Did you mean network?",
  'network = 7\n[node]\nid = "x"': "expected a table [network], found 7",
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
