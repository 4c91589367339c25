import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, chownSync, copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { BINARY, type Running, until } from "../harness/mod.ts";
import { HostileClient, sharedDescriptorsOf, sharedMappingsOf, ShmMachine, TRANSPORTS } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/** Nobody but its user connects to a service, opens its memory or reads the secret. Only root can try what others may do. */
const NOBODY = 65_534;
const AS_NOBODY = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
const isPossible = process.getuid?.() === 0 && process.platform === "linux" && TRANSPORTS.includes("shm");

describe.skipIf(!isPossible)("another user", () => {
  let machine: ShmMachine;
  let target: Running;
  let nobodysBinary: string;

  beforeAll(async () => {
    machine = new ShmMachine("shm");
    target = await machine.run("target", "target");
    await machine.run("caller", "caller");
    const control = await machine.control("caller");
    await control.call("open", ["target", 1]);
    expect(await control.call("callEach", [20])).toBe(20);
    // Nothing above the home keeps others out of it.
    chmodSync(machine.folder, 0o755);
    chmodSync(machine.home, 0o711);
    nobodysBinary = join(machine.folder, "cell");
    copyFileSync(BINARY, nobodysBinary);
    chmodSync(nobodysBinary, 0o755);
  });
  afterAll(async () => {
    await machine[Symbol.asyncDispose]();
  });

  function asNobody(...command: string[]) {
    const { exitCode, stderr } = Bun.spawnSync([...AS_NOBODY, ...command], { stdout: "ignore", stderr: "pipe" });
    return { exitCode, stderr: stderr.toString() };
  }

  test("cannot open a segment that a process of this user has", () => {
    const [path] = sharedDescriptorsOf(target.pid);
    expect(asNobody("cat", path!)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("Permission denied") });
    expect(asNobody("ls", `/proc/${target.pid}/fd`).exitCode).not.toBe(0);
  });

  test("cannot read the secret", () => {
    const read = asNobody("cat", join(machine.home, "keys/local.key"));
    expect(read).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("Permission denied") });
  });

  test("cannot call, over whatever", async () => {
    for (const transport of ["auto", "shm", "uds"]) {
      const called = await machine.cell(["call", "target", "pid"], {
        command: [...AS_NOBODY, nobodysBinary],
        env: { CELL_TRANSPORT: transport },
      });
      expect(called.exit, called.stderr).toBe(5);
    }
  });

  test("has a service of its own that root can talk to, on the socket alone", async () => {
    const home = join(machine.folder, "nobodys");
    mkdirSync(home, { mode: 0o700 });
    chownSync(home, NOBODY, NOBODY);
    const file = machine.write("mine.ts", "export function uid(): number { return process.getuid!(); }\n");
    chmodSync(file, 0o644);
    const mine = machine.start(["run", file], {
      command: [...AS_NOBODY, nobodysBinary],
      env: { CELL_HOME: home, HOME: home },
      cwd: home,
    });
    await mine.serving();
    using client = await HostileClient.connect(home, "mine");
    client.hello();
    await until(() => client.messages.length > 0, "an answer");
    expect(client.messages).toMatchObject([{ step: "refuse", reason: expect.stringContaining("one user") }]);
    expect(await client.isHeard()).toBe(true);
    expect(sharedMappingsOf(mine.pid)).toBe(0);
    await mine.kill();
  });
});
