import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimName, holders } from "../service/mod.ts";
import type { RunNucleusOptions } from "./options.ts";
import { checkBinary, executeAgain, LOCK_VARIABLE, takeClaim } from "./upgrade.ts";

// Processes that start take seconds on a busy machine.
setDefaultTimeout(120_000);

let folder: string;
const saved = process.env["CELL_HOME"];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-test-"));
  process.env["CELL_HOME"] = join(folder, "home");
  mkdirSync(join(folder, "home"), { mode: 0o700 });
});

afterEach(() => {
  delete process.env[LOCK_VARIABLE];
  if (saved === undefined) delete process.env["CELL_HOME"];
  else process.env["CELL_HOME"] = saved;
  rmSync(folder, { recursive: true, force: true });
});

/** The options of an agent whose binary is a script of sh. */
function binary(text: string, mode = 0o755): RunNucleusOptions {
  const path = join(folder, "cell");
  rmSync(path, { force: true });
  writeFileSync(path, text, { mode });
  return { version: "1", log: () => {}, workerCommand: [], command: [path], versionCommand: [path, "--version"] };
}

test("a binary that says its version is fit to be executed", async () => {
  expect(await checkBinary(binary("#!/bin/sh\necho cell 2.0.0"))).toBe("2.0.0");
});

const unfit: { [what: string]: [text: string, mode: number, complaint: string] } = {
  "is no program": ["nonsense", 0o755, ""],
  "may not be executed": ["#!/bin/sh\necho cell 2.0.0", 0o644, ""],
  "fails": ["#!/bin/sh\necho cell 2.0.0; exit 3", 0o755, "it ended with code 3"],
  "is another program": ["#!/bin/sh\necho GNU tar 1.35", 0o755, "GNU tar 1.35"],
  "says nothing": ["#!/bin/sh", 0o755, "it ended with code 0"],
};

for (const [what, [text, mode, complaint]] of Object.entries(unfit)) {
  test(`a binary that ${what} is refused with what it said, and the agent that runs goes on`, async () => {
    const refused = await checkBinary(binary(text, mode)).catch((error: unknown) => error as Error);
    expect(refused).toMatchObject({ code: "FAILED_PRECONDITION" });
    expect(String(refused)).toContain(complaint);
    expect(String(refused)).toContain("The agent that runs goes on.");
  });
}

test("a binary that is gone is refused", async () => {
  const options = binary("");
  rmSync(join(folder, "cell"));
  await expect(checkBinary(options)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
});

test("an execution that fails leaves this program with its name", async () => {
  const claim = await claimName("nucleus");
  expect(() => executeAgain({ ...binary(""), command: ["/nonexistent/cell"] }, claim)).toThrow("ENOENT");
  expect(holders()).toMatchObject([{ service: "nucleus", pid: process.pid }]);
  claim.release();
  expect(holders()).toEqual([]);
});

test("the claim that was left open is taken up once, and nothing that is started sees it", async () => {
  expect(takeClaim()).toBeUndefined();
  const claim = await claimName("nucleus");
  process.env[LOCK_VARIABLE] = String(claim.lockFd);
  expect(takeClaim()).toMatchObject({ name: "nucleus", lockFd: claim.lockFd });
  expect(process.env[LOCK_VARIABLE]).toBeUndefined();
  expect(takeClaim()).toBeUndefined();
  for (const wrong of ["", "x", "-1", "99999", "0"]) {
    process.env[LOCK_VARIABLE] = wrong;
    expect(takeClaim(), wrong).toBeUndefined();
  }
  claim.release();
});
