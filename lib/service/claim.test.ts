import { afterAll, afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CellError } from "../base/mod.ts";
import { listenUnix } from "../net/mod.ts";
import { tryLockExclusive } from "../sys/mod.ts";
import { claimInstance, claimName, inheritClaim, resumeClaim } from "./claim.ts";
import { holders } from "./holders.ts";
import { runDirectory } from "./home.ts";

/** Each test starts some processes, on a machine that may be busy. */
setDefaultTimeout(120_000);

/** A process that takes a name when it is told to and keeps it until its standard input ends. */
const CLAIMANT = `
import { claimName, inheritClaim } from ${JSON.stringify(join(import.meta.dir, "claim.ts"))};
const [name, inherited] = process.argv.slice(2);
console.log("ready");
for await (const line of console) {
  try {
    if (inherited === undefined) await claimName(name);
    else inheritClaim(name, Number(inherited));
    console.log("won");
  } catch (error) {
    console.log(error.code + " " + error.message);
  }
}
`;

/** A process that looks who holds names, without a pause. */
const LOOKER = `
import { holders } from ${JSON.stringify(join(import.meta.dir, "holders.ts"))};
for (let round = 0; round < 1e6; round++) {
  holders();
  if (round === 10) console.log("looking");
}
`;

/** Beyond what Linux and macOS count to. */
const PID_OF_NOBODY = 2 ** 22 + 1;

const scripts = mkdtempSync(join(tmpdir(), "cell-claimant-"));
const script = join(scripts, "claimant.ts");
writeFileSync(script, CLAIMANT);
const lookerScript = join(scripts, "looker.ts");
writeFileSync(lookerScript, LOOKER);
afterAll(() => rmSync(scripts, { recursive: true, force: true }));

const saved = process.env["CELL_HOME"];
let folder: string;
let children: Bun.Subprocess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-claim-"));
  process.env["CELL_HOME"] = folder;
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map((child) => child.exited));
  if (saved === undefined) delete process.env["CELL_HOME"];
  else process.env["CELL_HOME"] = saved;
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a claimant and waits until it can be told to begin. */
async function claimant(name: string, lockFd?: number) {
  const inherited = lockFd === undefined ? [] : ["3"];
  const child = Bun.spawn([process.execPath, script, name, ...inherited], {
    env: { ...process.env, CELL_HOME: folder },
    // The types of the runtime know three streams; further ones are documented.
    stdio: ["pipe", "pipe", "inherit", ...(lockFd === undefined ? [] : [lockFd])] as ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  const lines = linesOf(child.stdout);
  expect((await lines.next()).value).toBe("ready");
  return {
    child,
    begin: () => {
      child.stdin.write("go\n");
      child.stdin.flush();
    },
    answer: async () => (await lines.next()).value as string,
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

async function rejection(promise: Promise<unknown>): Promise<CellError> {
  const error = await promise.then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CellError);
  return error as CellError;
}

test("of several processes that claim a name at the same instant exactly one gets it", async () => {
  const contenders = await Promise.all(Array.from({ length: 6 }, () => claimant("hello")));
  for (const contender of contenders) contender.begin();
  const answers = await Promise.all(contenders.map((contender) => contender.answer()));
  const winner = contenders[answers.indexOf("won")]!;
  const losers = answers.filter((answer) => answer !== "won");
  expect(losers).toHaveLength(5);
  for (const answer of losers) {
    expect(answer).toBe(
      `ALREADY_EXISTS hello is already served by pid ${winner.child.pid}. Stop it, or give this one another name with --name.`,
    );
  }
});

test("a name is free again when its holder was killed, and its socket goes", async () => {
  const first = await claimant("hello");
  first.begin();
  expect(await first.answer()).toBe("won");
  const socket = join(runDirectory(), "hello.sock");
  const listener = await listenUnix(socket, { onLink: (link) => link.destroy() });
  expect((await rejection(claimName("hello"))).message).toContain(`pid ${first.child.pid}`);
  first.child.kill("SIGKILL");
  await first.child.exited;
  expect(existsSync(socket)).toBe(true);
  const claim = await claimName("hello");
  expect(existsSync(socket)).toBe(false);
  expect(readFileSync(join(runDirectory(), "hello.lock"), "utf8")).toBe(
    `{"pid":${process.pid},"transports":["uds","shm"]}\n`,
  );
  claim.release();
  await listener.close();
});

test("what a crashed holder left behind is removed by whoever looks", async () => {
  const first = await claimant("hello");
  first.begin();
  await first.answer();
  expect(holders()).toEqual([
    {
      service: "hello",
      instance: "hello",
      number: undefined,
      release: undefined,
      species: undefined,
      pid: first.child.pid,
      socket: join(runDirectory(), "hello.sock"),
      sharesMemory: true,
      isOnline: undefined,
    },
  ]);
  first.child.kill("SIGKILL");
  await first.child.exited;
  expect(holders()).toEqual([]);
  expect(existsSync(join(runDirectory(), "hello.lock"))).toBe(false);
});

test("looking whether names are held keeps nobody from claiming one", async () => {
  const looker = Bun.spawn([process.execPath, lookerScript], {
    env: { ...process.env, CELL_HOME: folder },
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(looker);
  expect((await linesOf(looker.stdout).next()).value).toBe("looking");
  for (let round = 0; round < 300; round++) {
    // As a crashed process would have left it: lookers lock it in order to remove it.
    writeFileSync(join(runDirectory(), "hello.lock"), `{"pid":${PID_OF_NOBODY}}\n`);
    (await claimName("hello")).release();
    writeFileSync(join(runDirectory(), "hello@1.lock"), `{"pid":${PID_OF_NOBODY}}\n`);
    (await claimName("hello")).release();
  }
});

test("whoever looks at what a crash has left, and is kept from running meanwhile, keeps nobody from the name", async () => {
  for (const remains of ["hello", "hello@1"]) {
    const path = join(runDirectory(), `${remains}.lock`);
    writeFileSync(path, `{"pid":${PID_OF_NOBODY}}\n`);
    const looking = openSync(path, "r+");
    expect(tryLockExclusive(looking)).toBe(true);
    let isOver = false;
    const claiming = claimName("hello").finally(() => isOver = true);
    // For longer than anybody waits for one that looks and runs, in turns as the claimant has them.
    for (let turn = 0; turn < 50; turn++) await Bun.sleep(2);
    expect(isOver).toBe(false);
    closeSync(looking);
    (await claiming).release();
  }
});

test("a released name leaves nothing behind and can be claimed again", async () => {
  const claim = await claimName("hello");
  claim.release();
  claim.release();
  expect(existsSync(join(runDirectory(), "hello.lock"))).toBe(false);
  const again = await claimName("hello");
  expect((await rejection(claimName("hello"))).message).toContain(`pid ${process.pid}`);
  again.release();
});

test("a process inherits a name from its parent, which keeps it afterwards", async () => {
  const claim = await claimName("hello");
  const heir = await claimant("hello", claim.lockFd);
  heir.begin();
  expect(await heir.answer()).toBe("won");
  heir.child.kill("SIGKILL");
  await heir.child.exited;
  expect((await rejection(claimName("hello"))).message).toContain(`pid ${process.pid}`);
  claim.release();
  expect(holders()).toEqual([]);
});

test("an inherited name outlives the parent", async () => {
  const claim = await claimName("hello");
  const heir = await claimant("hello", claim.lockFd);
  heir.begin();
  await heir.answer();
  closeSync(claim.lockFd);
  expect((await rejection(claimName("hello"))).code).toBe("ALREADY_EXISTS");
});

test("releasing an inherited name leaves the lock to the parent", async () => {
  const claim = await claimName("hello");
  inheritClaim("hello", openSync("/dev/null", "r")).release();
  expect(existsSync(join(runDirectory(), "hello.lock"))).toBe(true);
  claim.release();
});

test("a holder whose directory was emptied leaves its successor's name alone when it ends", async () => {
  const first = await claimName("shop");
  rmSync(runDirectory(), { recursive: true });
  const second = await claimName("shop");
  const listener = await listenUnix(second.socket, { onLink: () => {} });
  first.release();
  expect(existsSync(second.socket)).toBe(true);
  expect(holders()).toMatchObject([{ service: "shop" }]);
  await listener.close();
  second.release();
  expect(readdirSync(runDirectory())).toEqual([]);
});

test("something else in the socket's place is named, not removed", async () => {
  mkdirSync(join(runDirectory(), "hello.sock"));
  const error = await rejection(claimName("hello"));
  expect(error.code).toBe("FAILED_PRECONDITION");
  expect(error.message).toContain(join(runDirectory(), "hello.sock"));
  rmSync(join(runDirectory(), "hello.sock"), { recursive: true });
  (await claimName("hello")).release();
});

test("an invalid name is refused before anything is created", async () => {
  expect((await rejection(claimName("../hello"))).code).toBe("INVALID_ARGUMENT");
  expect(existsSync(join(folder, "run"))).toBe(false);
});

const ORIGIN = { species: "0123456789abcdef", release: 3 };

test("instances of a service are held side by side, each under its number, and say what they run", async () => {
  const first = await claimInstance("hello", 1, ORIGIN);
  const tenth = await claimInstance("hello", 10, { ...ORIGIN, release: 4 });
  const second = await claimInstance("hello", 2, ORIGIN);
  expect([first.name, first.instance, first.number]).toEqual(["hello", "hello@1", 1]);
  expect(holders().map(({ instance, number, release, species, pid }) => [instance, number, release, species, pid]))
    .toEqual([
      ["hello@1", 1, 3, ORIGIN.species, process.pid],
      ["hello@2", 2, 3, ORIGIN.species, process.pid],
      ["hello@10", 10, 4, ORIGIN.species, process.pid],
    ]);
  expect(readFileSync(join(runDirectory(), "hello@1.lock"), "utf8")).toBe(
    `{"pid":${process.pid},"species":"0123456789abcdef","release":3,"transports":["uds","shm"]}\n`,
  );
  expect(tenth.socket).toBe(join(runDirectory(), "hello@10.sock"));
  const taken = await rejection(claimInstance("hello", 2, ORIGIN));
  expect(taken.code).toBe("ALREADY_EXISTS");
  expect(taken.message).toContain(`hello@2 is already served by pid ${process.pid}`);
  for (const claim of [first, second, tenth]) claim.release();
  expect(readdirSync(runDirectory())).toEqual([]);
});

test("a name is refused while an instance of it is deployed, and says how to replace that", async () => {
  const instance = await claimInstance("hello", 7, ORIGIN);
  const error = await rejection(claimName("hello"));
  expect(error.code).toBe("ALREADY_EXISTS");
  expect(error.message).toBe(
    `hello is deployed here: hello@7 (pid ${process.pid}) serves it. Replace what runs with cell swap hello FILE, ` +
      "or give this one another name with --name.",
  );
  (await claimName("hell")).release();
  instance.release();
  (await claimName("hello")).release();
});

test("an instance is refused while somebody serves the bare name", async () => {
  const bare = await claimName("hello");
  const error = await rejection(claimInstance("hello", 1, ORIGIN));
  expect(error.code).toBe("ALREADY_EXISTS");
  expect(error.message).toContain(`hello is already served by hello (pid ${process.pid}), outside of the nucleus`);
  expect(readdirSync(runDirectory())).toEqual(["hello.lock"]);
  bare.release();
});

test("of a name and an instance of it that are claimed at the same instant the instance is the one", async () => {
  for (let round = 0; round < 20; round++) {
    const [bare, instance] = await Promise.allSettled([claimName("hello"), claimInstance("hello", 1, ORIGIN)]);
    expect([bare.status, instance.status]).toEqual(["rejected", "fulfilled"]);
    if (instance.status === "fulfilled") instance.value.release();
  }
});

test("what a killed instance left behind is removed by whoever looks, and keeps nobody from the name", async () => {
  mkdirSync(runDirectory(), { recursive: true });
  for (const number of [1, 2]) writeFileSync(join(runDirectory(), `hello@${number}.lock`), `{"pid":${process.pid}}\n`);
  (await claimName("hello")).release();
  expect(readdirSync(runDirectory())).toEqual([]);
});

test("a lock file that says nothing, or something else, has a holder without a pid", async () => {
  const claim = await claimInstance("hello", 1, ORIGIN);
  const texts = ["", "123\n", "null\n", "{", '{"pid":-1}\n', '{"pid":"7"}\n', "[]\n"];
  for (const text of texts) {
    writeFileSync(join(runDirectory(), "hello@1.lock"), text);
    expect(holders(), text).toMatchObject([{
      instance: "hello@1",
      pid: undefined,
      species: undefined,
      release: undefined,
    }]);
  }
  writeFileSync(join(runDirectory(), "hello@1.lock"), '{"pid":7,"species":5,"release":1.5}\n');
  expect(holders()).toMatchObject([{ pid: 7, species: undefined, release: undefined }]);
  claim.release();
});

test("files that are no locks of services are left alone", async () => {
  const names = ["Hello.lock", "hello@0.lock", "hello@x.lock", "notes.txt", ".lock"];
  for (const name of names) writeFileSync(join(runDirectory(), name), "");
  expect(holders()).toEqual([]);
  expect(readdirSync(runDirectory()).sort()).toEqual(names.sort());
});

test("a claim is resumed by the descriptor of its lock, and by no other file", async () => {
  const claim = await claimName("hello");
  const other = openSync(join(runDirectory(), "notes.txt"), "w");
  expect(resumeClaim("hello", other)).toBeUndefined();
  expect(resumeClaim("other", claim.lockFd)).toBeUndefined();
  expect(resumeClaim("hello", 99_999)).toBeUndefined();
  closeSync(other);
  const looking = openSync(join(runDirectory(), "hello.lock"), "r+");
  expect(resumeClaim("hello", looking)).toBeUndefined();
  closeSync(looking);
  const resumed = resumeClaim("hello", claim.lockFd);
  expect(resumed).toMatchObject({ name: "hello", instance: "hello", lockFd: claim.lockFd, socket: claim.socket });
  resumed?.release();
  expect(readdirSync(runDirectory())).toEqual(["notes.txt"]);
});

test("a file that is no lock is in the way of its own name only", async () => {
  const run = runDirectory();
  mkdirSync(join(run, "folder.lock"));
  symlinkSync("/dev/null", join(run, "link.lock"));
  const claim = await claimName("hello");
  expect(holders().map(({ instance }) => instance)).toEqual(["hello"]);
  claim.release();
  for (const name of ["folder", "link"]) {
    await expect(claimName(name)).rejects.toThrow(`opening the lock file ${join(run, `${name}.lock`)}`);
  }
  expect(readdirSync(run).sort()).toEqual(["folder.lock", "link.lock"]);
});

test("the agent says in its lock whether there is a network, and who it is stays known", async () => {
  const claim = await claimName("nucleus");
  const isOnline = () => holders().find(({ service }) => service === "nucleus")?.isOnline;
  expect(isOnline()).toBeUndefined();
  for (const state of [true, false, true]) {
    claim.setOnline(state);
    expect([isOnline(), holders()[0]?.pid]).toEqual([state, process.pid]);
  }
  claim.release();
  claim.setOnline(true);
  expect(holders()).toEqual([]);
});
