import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CellError } from "../base/mod.ts";
import { localSecret } from "./local_secret.ts";

/** Each test starts some processes, on a machine that may be busy. */
setDefaultTimeout(120_000);

/** As many processes as make the key at the same moment. */
const RACERS = 12;

/** Says the secret each time that it is told to. */
const RACER = `
import { localSecret } from ${JSON.stringify(join(import.meta.dir, "local_secret.ts"))};
console.log("ready");
for await (const _line of console) console.log(localSecret().toHex());
`;

/** Removes the secret and makes it again, for ever. */
const CHURNER = `
import { rmSync } from "node:fs";
import { localSecret } from ${JSON.stringify(join(import.meta.dir, "local_secret.ts"))};
for (let round = 0;; round++) {
  rmSync(process.argv[1], { force: true });
  try {
    localSecret();
  } catch {
    // Others remove it as fast as it is made.
  }
  if (round === 3) console.log("churning");
}
`;

let folder: string;
let key: string;
let children: Bun.Subprocess<"pipe", "pipe", "inherit">[];
const saved = process.env["CELL_HOME"];
const isRoot = process.getuid?.() === 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-secret-"));
  process.env["CELL_HOME"] = join(folder, "home");
  key = join(folder, "home", "keys", "local.key");
  children = [];
});

afterEach(async () => {
  await killAll();
  if (saved === undefined) delete process.env["CELL_HOME"];
  else process.env["CELL_HOME"] = saved;
  rmSync(folder, { recursive: true, force: true });
});

function errorOf(run: () => unknown): CellError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(CellError);
    return error as CellError;
  }
  throw new Error("expected an error");
}

async function killAll(): Promise<void> {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map((child) => child.exited));
}

/** Starts a process of this home; gives what its next line is. */
function start(code: string): { tell(): void; line(): Promise<string> } {
  const child = Bun.spawn([process.execPath, "-e", code, key], {
    env: { PATH: process.env["PATH"], CELL_HOME: process.env["CELL_HOME"] },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  children.push(child);
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let text = "";
  return {
    tell() {
      child.stdin.write("\n");
      child.stdin.flush();
    },
    async line() {
      for (;;) {
        const end = text.indexOf("\n");
        if (end !== -1) {
          const line = text.slice(0, end);
          text = text.slice(end + 1);
          return line;
        }
        const { value } = await reader.read();
        if (value === undefined) throw new Error("the process ended early");
        text += decoder.decode(value, { stream: true });
      }
    },
  };
}

/** The secret as another process finds it. */
async function secretElsewhere(): Promise<string> {
  const other = start(RACER);
  await other.line();
  other.tell();
  return await other.line();
}

test("the secret is 32 bytes by chance, for their owner alone, and stays what it is", async () => {
  const secret = localSecret();
  expect(secret.length).toBe(32);
  expect(new Set(secret).size).toBeGreaterThan(8);
  expect(readFileSync(key).toHex()).toBe(secret.toHex());
  expect(statSync(key).mode & 0o7777).toBe(0o600);
  expect(statSync(join(key, "..")).mode & 0o7777).toBe(0o700);
  expect(readdirSync(join(key, ".."))).toEqual(["local.key"]);
  expect(localSecret()).toBe(secret);
  expect(await secretElsewhere()).toBe(secret.toHex());
});

test("each home has its own", () => {
  const first = localSecret();
  process.env["CELL_HOME"] = join(folder, "second");
  const second = localSecret();
  expect(second).not.toEqual(first);
  process.env["CELL_HOME"] = join(folder, "home");
  expect(localSecret()).toBe(first);
});

test("the mode does not depend on the umask", () => {
  mkdirSync(join(key, ".."), { recursive: true, mode: 0o700 });
  const umask = process.umask(0o777);
  try {
    localSecret();
  } finally {
    process.umask(umask);
  }
  expect(statSync(key).mode & 0o7777).toBe(0o600);
});

test("processes that make it at the same moment agree on one, each time that it is gone", async () => {
  const racers = Array.from({ length: RACERS }, () => start(RACER));
  for (const racer of racers) expect(await racer.line()).toBe("ready");
  const agreed = new Set<string>();
  for (let round = 0; round < 10; round++) {
    for (const racer of racers) racer.tell();
    const secrets = await Promise.all(racers.map((racer) => racer.line()));
    expect(new Set(secrets)).toEqual(new Set([readFileSync(key).toHex()]));
    expect(readdirSync(join(key, ".."))).toEqual(["local.key"]);
    agreed.add(secrets[0]!);
    rmSync(round % 2 === 0 ? key : join(key, ".."), { recursive: true });
  }
  expect(agreed.size).toBe(10);
});

test("processes that are killed while they make it leave nothing that is in the way", async () => {
  for (let round = 0; round < 4; round++) {
    const churners = Array.from({ length: 3 }, () => start(CHURNER));
    for (const churner of churners) expect(await churner.line()).toBe("churning");
    await killAll();
    children = [];
    expect(localSecret().length).toBe(32);
    expect(readFileSync(key).toHex()).toBe(localSecret().toHex());
  }
});

test("what a crashed process has begun is removed when the secret is made", () => {
  mkdirSync(join(key, ".."), { recursive: true, mode: 0o700 });
  writeFileSync(join(key, "../.local.key.0f9e"), "half", { mode: 0o600 });
  localSecret();
  expect(readdirSync(join(key, ".."))).toEqual(["local.key"]);
});

test("a secret that was replaced is read again", () => {
  const old = localSecret();
  writeFileSync(`${key}.new`, new Uint8Array(32).fill(5), { mode: 0o600 });
  renameSync(`${key}.new`, key);
  expect(localSecret()).toEqual(new Uint8Array(32).fill(5));
  rmSync(key);
  const made = localSecret();
  expect(made).not.toEqual(old);
  expect(readFileSync(key).toHex()).toBe(made.toHex());
});

test("a file that is not as it was made is refused, also when it was fine before", () => {
  const wrong: [what: string, change: () => void, code: string, message: string][] = [
    ["others may read", () => chmodSync(key, 0o644), "PERMISSION_DENIED", "expected mode 0600, found 0644"],
    ["the group may read", () => chmodSync(key, 0o640), "PERMISSION_DENIED", "expected mode 0600, found 0640"],
    ["too short", () => writeFileSync(key, "short"), "FAILED_PRECONDITION", "expected 32 bytes, found 5"],
    ["empty", () => writeFileSync(key, ""), "FAILED_PRECONDITION", "expected 32 bytes, found 0"],
    ["too long", () => writeFileSync(key, new Uint8Array(33)), "FAILED_PRECONDITION", "expected 32 bytes, found 33"],
    [
      "a folder",
      () => {
        rmSync(key);
        mkdirSync(key);
      },
      "FAILED_PRECONDITION",
      "expected a file, found something else",
    ],
    [
      "a link",
      () => {
        renameSync(key, `${key}.elsewhere`);
        symlinkSync(`${key}.elsewhere`, key);
      },
      "FAILED_PRECONDITION",
      "expected a file, found a symbolic link",
    ],
    [
      "a link to nothing",
      () => {
        rmSync(key);
        symlinkSync("/nowhere", key);
      },
      "FAILED_PRECONDITION",
      "expected a file, found a symbolic link",
    ],
    [
      "a pipe",
      () => {
        rmSync(key);
        Bun.spawnSync(["mkfifo", "-m", "600", key]);
      },
      "FAILED_PRECONDITION",
      "expected a file, found something else",
    ],
  ];
  for (const [what, change, code, message] of wrong) {
    localSecret();
    change();
    const error = errorOf(localSecret);
    expect(error.code, what).toBe(code as CellError["code"]);
    expect(error.message, what).toContain(`reading ${key}: ${message}`);
    expect(error.message, what).toContain("Remove it: the next connection makes a new one.");
    rmSync(key, { recursive: true });
  }
});

test.skipIf(!isRoot)("another user's file is refused", () => {
  localSecret();
  chownSync(key, 65534, 65534);
  const error = errorOf(localSecret);
  expect(error.code).toBe("PERMISSION_DENIED");
  expect(error.message).toContain("expected a file of user 0, found one of user 65534");
});

test("a file in the place of the folder is refused in the same words, whether or not the secret was read before", () => {
  localSecret();
  const keys = join(key, "..");
  for (let attempt = 0; attempt < 2; attempt++) {
    rmSync(keys, { recursive: true });
    writeFileSync(keys, "");
    const error = errorOf(localSecret);
    expect(error.code).toBe("FAILED_PRECONDITION");
    expect(error.message).toContain(`using ${keys} as a directory: it is a file. Move it away`);
  }
});

test("keys that others may look into are refused", () => {
  localSecret();
  rmSync(key);
  chmodSync(join(key, ".."), 0o755);
  const error = errorOf(localSecret);
  expect(error.code).toBe("PERMISSION_DENIED");
  expect(error.message).toContain(`chmod 700 ${join(key, "..")}`);
});

test.skipIf(isRoot)("a folder that nothing can be made in is an error", () => {
  mkdirSync(join(key, ".."), { recursive: true, mode: 0o700 });
  chmodSync(join(key, ".."), 0o500);
  expect(errorOf(localSecret).message).toContain(`making ${key}`);
  chmodSync(join(key, ".."), 0o700);
});
