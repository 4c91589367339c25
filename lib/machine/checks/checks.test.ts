import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { examineClock } from "./clock.ts";
import { Database } from "bun:sqlite";
import { examineHome, examineRunFolder } from "./home.ts";
import { examineIdentity, examineKeyFiles } from "./identity.ts";
import { examineLinger } from "./linger.ts";
import { examineAddresses, examineCondition, examineMembers, examineMulticast, examineNetwork } from "./network.ts";
import { examineNodeFile, examineState } from "./nucleus.ts";
import { examineFileDescriptors } from "./resources.ts";
import { examineProcesses, examineSession, SESSIONS } from "./sessions.ts";
import { examineRefusal, SHARED_MEMORY } from "./shared_memory.ts";
import { examineKernel, LIBC, TYPE_CHECKER } from "./runtime.ts";

// Processes that start, and a compiler that is loaded, take seconds on a busy machine.
setDefaultTimeout(120_000);

const isRoot = process.getuid?.() === 0;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("a clock that was never set fails and says how to set it", () => {
  expect(examineClock(Date.UTC(2026, 5, 1))).toEqual({ status: "ok", found: "2026-06-01T00:00:00.000Z" });
  const never = examineClock(0);
  expect(never.status).toBe("fail");
  expect(never.found).toContain("1970");
  expect(never.advice).toContain("timedatectl");
  expect(examineClock(Date.UTC(2200, 0, 1)).status).toBe("fail");
});

test("an old kernel is warned of, a new one and other systems are not", () => {
  expect(examineKernel("Linux", "6.18.0-arch1").status).toBe("ok");
  expect(examineKernel("Linux", "5.6.0").status).toBe("ok");
  expect(examineKernel("Linux", "5.4.0-generic").status).toBe("warn");
  expect(examineKernel("Linux", "4.19.0").status).toBe("warn");
  expect(examineKernel("Darwin", "24.1.0").status).toBe("ok");
});

test("too few file descriptors are warned of", () => {
  const limits = (soft: string): string =>
    `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}                 4096                 files\n`;
  expect(examineFileDescriptors(limits("4096"))).toEqual({ status: "ok", found: "4096 (hard limit 4096)" });
  expect(examineFileDescriptors(limits("unlimited")).status).toBe("ok");
  const few = examineFileDescriptors(limits("256"));
  expect(few.status).toBe("warn");
  expect(few.advice).toContain("ulimit -n");
});

test("a home may be there, or be made", () => {
  expect(examineHome(folder)).toEqual({ status: "ok", found: folder });
  const inner = join(folder, "a/b");
  expect(examineHome(inner)).toEqual({ status: "ok", found: `${inner} (will be created)` });
});

test("a home below a file fails", () => {
  writeFileSync(join(folder, "file"), "");
  expect(examineHome(join(folder, "file")).status).toBe("fail");
  expect(examineHome(join(folder, "file/home")).status).toBe("fail");
});

test.skipIf(!isRoot)("a home of another user fails and says whose it is", () => {
  chownSync(folder, 65534, 65534);
  const foreign = examineHome(folder);
  expect(foreign.status).toBe("fail");
  expect(foreign.found).toContain("65534");
  expect(foreign.advice).toStartWith("run as that user (`sudo -u '#65534' cell doctor`), or set CELL_HOME");
  chownSync(folder, 0, 0);
  const run = join(folder, "run");
  mkdirSync(run, { mode: 0o700 });
  chownSync(run, 65534, 65534);
  expect(examineRunFolder(run)).toMatchObject({ status: "fail", advice: foreign.advice });
});

test.skipIf(isRoot)("a home that cannot be written fails", () => {
  chmodSync(folder, 0o500);
  expect(examineHome(folder).status).toBe("fail");
  chmodSync(folder, 0o700);
});

test("a run folder that is open to others fails and says how to close it", () => {
  const run = join(folder, "run");
  expect(examineRunFolder(run).found).toContain("will be created");
  mkdirSync(run, { mode: 0o700 });
  writeFileSync(join(run, "hello.sock"), "");
  expect(examineRunFolder(run)).toEqual({ status: "ok", found: `${run}, mode 0700, 1 socket` });
  chmodSync(run, 0o750);
  const open = examineRunFolder(run);
  expect(open.status).toBe("fail");
  expect(open.advice).toContain(`chmod 700 ${run}`);
});

test("libc and the embedded type checker are found here", async () => {
  expect((await LIBC.run()).status).toBe("ok");
  expect((await TYPE_CHECKER.run()).status).toBe("ok");
});

test("a process that starts in a session of its own can be an agent", async () => {
  expect(await SESSIONS.run()).toMatchObject({ status: "ok" });
  expect(examineSession(42, "42 (bun) S 1 42 42 0 -1").status).toBe("ok");
  const kept = examineSession(42, "42 (a) b) S 1 42 7 0 -1");
  expect(kept).toMatchObject({ status: "fail", found: "a child is in session 7 and group 42, not in its own" });
});

test("too few processes are warned of, whoever limits them", () => {
  const limits = (soft: string): string =>
    `Max processes             ${soft}               ${soft}               processes\n`;
  expect(examineProcesses(limits("unlimited"), undefined).status).toBe("ok");
  expect(examineProcesses(limits("63432"), "max")).toEqual({ status: "ok", found: "63432, pids.max max" });
  expect(examineProcesses(limits("100"), "max").advice).toContain("ulimit -u");
  expect(examineProcesses(limits("63432"), "512").advice).toContain("TasksMax");
});

test("node.toml may be missing, but not be wrong", () => {
  const path = join(folder, "node.toml");
  expect(examineNodeFile(path)).toEqual({ status: "ok", found: `${path} (will be created)` });
  writeFileSync(path, '[node]\nid = "pi"\nheartbeat = "2s"\n');
  expect(examineNodeFile(path)).toEqual({ status: "ok", found: "node pi, heartbeat every 2 s" });
  writeFileSync(path, "[node]\nid = ");
  expect(examineNodeFile(path)).toMatchObject({ status: "fail", found: expect.stringContaining(path) });
});

test("a state.db that is no database or damaged fails, and stays where it is", async () => {
  const path = join(folder, "state.db");
  expect((await examineState(path)).status).toBe("ok");
  const database = new Database(path);
  database.run("PRAGMA journal_mode = WAL");
  database.run("CREATE TABLE services (name TEXT PRIMARY KEY)");
  const insert = () => {
    for (let n = 0; n < 2000; n++) database.run("INSERT INTO services VALUES (?)", [`service-${n}`]);
  };
  database.transaction(insert)();
  expect(await examineState(path)).toEqual({ status: "ok", found: "intact, 2000 deployed" });
  database.close();
  expect((await examineState(path)).status).toBe("ok");

  const bytes = readFileSync(path);
  bytes.fill(0xff, 4096, 3 * 4096);
  writeFileSync(path, bytes);
  const damaged = await examineState(path);
  expect(damaged).toMatchObject({ status: "fail", found: expect.stringContaining(path) });
  expect(damaged.advice).toContain("backup");
  writeFileSync(path, "not a database at all, just some text that is long enough to be a header");
  expect(await examineState(path)).toMatchObject({ status: "fail", found: expect.stringContaining(path) });
  expect(readFileSync(path, "utf8")).toStartWith("not a database");
});

test("a user whose agent systemd runs is told how to keep it running after logout", () => {
  const ada = { user: "ada", isRoot: false, hasSystemd: true, hasUnit: true, lingers: false };
  const ends = examineLinger(ada);
  expect(ends.status).toBe("warn");
  expect(ends.advice).toContain("loginctl enable-linger ada");
  expect(examineLinger({ ...ada, hasUnit: false })).toMatchObject({
    status: "ok",
    found: expect.stringContaining("linger"),
  });
  for (const fine of [{ lingers: true }, { isRoot: true }, { hasSystemd: false }]) {
    expect(examineLinger({ ...ada, ...fine }).status).toBe("ok");
  }
});

/** Runs something with a home below the folder. */
async function inHome<T>(run: () => Promise<T> | T): Promise<T> {
  const saved = process.env["CELL_HOME"];
  process.env["CELL_HOME"] = join(folder, "home");
  try {
    return await run();
  } finally {
    if (saved === undefined) delete process.env["CELL_HOME"];
    else process.env["CELL_HOME"] = saved;
  }
}

test("shared memory works on a machine that runs tests, and nothing is left of trying it", async () => {
  const found = await inHome(() => SHARED_MEMORY.run());
  expect(found).toMatchObject({ status: "ok", found: expect.stringMatching(/^a connection moved/) });
  expect(readdirSync(join(folder, "home/run"))).toEqual([]);
});

test("a secret that others can read keeps connections on their sockets, and that is said", async () => {
  await inHome(() => SHARED_MEMORY.run());
  chmodSync(join(folder, "home/keys/local.key"), 0o644);
  const found = await inHome(() => SHARED_MEMORY.run());
  expect(found.status).toBe("warn");
  expect(found.found).toContain("local.key");
});

test("where shared memory does not work, the reason is shown and no service is said to be broken", () => {
  for (const choice of ["auto", "uds"] as const) {
    const found = examineRefusal("there is no /proc", choice);
    expect(found).toMatchObject({ status: "warn", found: "there is no /proc" });
    expect(found.advice).toContain("Unix sockets");
  }
});

test("where shared memory does not work and is insisted on, every connection fails, and that is said", () => {
  const found = examineRefusal("there is no /proc", "shm");
  expect(found).toMatchObject({ status: "fail", found: "there is no /proc" });
  expect(found.advice).toContain("CELL_TRANSPORT=shm");
});

test("what the environment chooses is shown, and what is no transport fails with what is expected", async () => {
  const before = process.env["CELL_TRANSPORT"];
  try {
    const shown: [string, "ok" | "fail", string][] = [
      ["auto", "ok", "a connection moved"],
      ["uds", "ok", "CELL_TRANSPORT=uds keeps connections on the socket"],
      ["shm", "ok", "CELL_TRANSPORT=shm"],
      ["nonsense", "fail", 'CELL_TRANSPORT: expected uds, shm, quic, tls or auto, found "nonsense"'],
      ["quic", "ok", "CELL_TRANSPORT=quic keeps connections off it"],
    ];
    for (const [value, status, text] of shown) {
      process.env["CELL_TRANSPORT"] = value;
      const found = await inHome(() => SHARED_MEMORY.run());
      expect(found).toMatchObject({ status, found: expect.stringContaining(text) });
    }
  } finally {
    if (before === undefined) delete process.env["CELL_TRANSPORT"];
    else process.env["CELL_TRANSPORT"] = before;
  }
});

const DAY = 24 * 60 * 60_000;

test("keys that others can read fail, whether the folder or a file is open to them", () => {
  const keys = join(folder, "keys");
  expect(examineKeyFiles(keys)).toEqual({ status: "ok", found: "none yet" });
  mkdirSync(keys, { mode: 0o700 });
  writeFileSync(join(keys, "identity.pem"), "", { mode: 0o600 });
  expect(examineKeyFiles(keys)).toMatchObject({ status: "ok" });
  chmodSync(join(keys, "identity.pem"), 0o640);
  expect(examineKeyFiles(keys)).toMatchObject({
    status: "fail",
    found: expect.stringContaining("identity.pem has mode 0640: others can read it"),
    advice: expect.stringContaining("chmod -R go="),
  });
  chmodSync(join(keys, "identity.pem"), 0o600);
  chmodSync(keys, 0o755);
  expect(examineKeyFiles(keys)).toMatchObject({ status: "fail", found: expect.stringContaining("has mode 0755") });
});

test("an identity tells node and cluster; a member's certificate that is not renewed warns, and fails when it has expired", async () => {
  const { adoptIdentity, createKeyPair, createNodeRequest, initIdentity } = await import("../../net/identity/mod.ts");
  const [first, second] = [join(folder, "first"), join(folder, "second")];
  for (const keys of [first, second]) mkdirSync(keys, { mode: 0o700 });
  expect(await examineIdentity(first, 0)).toMatchObject({ status: "ok", found: expect.stringContaining("none yet") });
  const now = Date.UTC(2026, 5, 1);
  const { authority } = await initIdentity(first, "first", now);
  expect(await examineIdentity(first, now + 400 * DAY)).toMatchObject({
    status: "ok",
    found: expect.stringMatching(/^node [0-9a-f]{8} of cluster [0-9a-f]{8}, with the authority's key$/),
  });
  const key = createKeyPair();
  const { certificatePem } = await authority!.issueNode(createNodeRequest(key, "second"), now);
  adoptIdentity(second, { key, certificatePem, authorityPem: authority!.certificatePem });
  expect(await examineIdentity(second, now + DAY)).toMatchObject({
    status: "ok",
    found: expect.stringContaining("certificate good for 8"),
  });
  expect(await examineIdentity(second, now + 80 * DAY)).toMatchObject({
    status: "warn",
    found: expect.stringContaining("was not renewed"),
  });
  const expired = await examineIdentity(second, now + 93 * DAY);
  expect(expired).toMatchObject({ status: "fail", found: expect.stringContaining("has expired") });
  expect(expired.advice).toContain("cell token create");
});

test("a network that is on tells its ports, and warns when only this machine reaches its addresses", () => {
  const status = {
    cluster: "c".repeat(32),
    nodeId: "a".repeat(32),
    node: "pi",
    region: "default",
    zone: "default",
    network: true,
    state: "on" as const,
    problem: null,
    authority: true,
    addresses: ["192.0.2.7"],
    nodePort: 9043,
    gossipPort: 9044,
    certificateExpiresAt: new Date(),
  };
  expect(examineNetwork(status)).toEqual({
    status: "ok",
    found: "on: 192.0.2.7, port 9043 (UDP and TCP), gossip port 9044 (UDP)",
  });
  expect(examineNetwork({ ...status, addresses: ["127.0.0.1", "::1"] }).status).toBe("warn");
  expect(examineNetwork({ ...status, network: false }).found).toContain("cell token create");
  expect(examineNetwork(undefined).status).toBe("ok");
});

test("a network that should be on and is not has failed, with what to do; what is odd is warned of", () => {
  const problem = "the network is off and should be on: reading a.b: it is none. To try again: cell restart nucleus";
  expect(examineCondition({ state: "failed", problem, warning: null })).toEqual({
    status: "fail",
    found: "the network is off and should be on: reading a.b: it is none",
    advice: "To try again: cell restart nucleus",
  });
  const warning = "node.toml calls this node b, and it is a. Write a there";
  expect(examineCondition({ state: "on", problem: null, warning })).toMatchObject({
    status: "warn",
    advice: "Write a there",
  });
  expect(examineCondition({ state: "on", problem: null, warning: null })).toBeUndefined();
});

test("an address of this node that nobody answers at is warned of, with the reason", async () => {
  using listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  expect(await examineAddresses(["127.0.0.1"], listener.port)).toEqual({ status: "ok", found: "reached at 127.0.0.1" });
  // Nobody listens at port 1, and nobody is given it.
  const closed = await examineAddresses(["127.0.0.1"], 1);
  expect(closed).toMatchObject({ status: "warn", found: "cannot be reached from here: 127.0.0.1:1 (ECONNREFUSED)" });
});

test("multicast works when one interface carries it, and says what else there is when none does", () => {
  expect(examineMulticast(["192.0.2.7", "127.0.0.1"], new Set(["127.0.0.1"]))).toEqual({
    status: "ok",
    found: "works on 127.0.0.1",
  });
  expect(examineMulticast(["192.0.2.7"], new Set())).toMatchObject({
    status: "warn",
    found: "no interface carries it (192.0.2.7)",
    advice: expect.stringContaining("seeds"),
  });
});

test("nodes that have failed are named, with what to do about one that is gone for good", () => {
  const member = (name: string, state: "alive" | "failed" | "left", isSelf = false) => ({
    name,
    id: name.repeat(32).slice(0, 32),
    address: "",
    state,
    sinceMs: 180_000,
    region: "default",
    zone: "default",
    version: "1",
    instances: 0,
    isAuthority: isSelf,
    isSelf,
  });
  expect(examineMembers([member("a", "alive", true)])).toEqual({ status: "ok", found: "no other node" });
  expect(examineMembers([member("a", "alive", true), member("b", "alive"), member("c", "left")])).toEqual({
    status: "ok",
    found: "1 other node alive",
  });
  const failed = examineMembers([member("a", "alive", true), member("b", "alive"), member("c", "failed")]);
  expect(failed).toMatchObject({ status: "warn", found: "1 of 2 other nodes alive, not c (failed for 3 min)" });
  expect(failed.advice).toContain("cell members remove");
});
