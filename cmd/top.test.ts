import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { COMMAND, CommandMachine, until } from "../test/harness/mod.ts";

// Without a binary every command is compiled when it is started.
setDefaultTimeout(60_000);

const ENTER = "\x1b[?1049h";
const LEAVE = "\x1b[?25h\x1b[?1049l";

let machine: CommandMachine;
beforeAll(async () => {
  machine = new CommandMachine();
  await machine.serve("hello.ts", "export function greet(name: string): string { return name; }\n");
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

/** A command in a terminal of its own, with what it has sent to it. */
class OnTerminal implements AsyncDisposable {
  readonly #decoder = new TextDecoder();
  readonly #terminal = new Bun.Terminal({
    cols: 100,
    rows: 20,
    data: (_, data) => (this.sent += this.#decoder.decode(data, { stream: true })),
  });
  readonly #child: Bun.Subprocess;
  sent = "";

  constructor(args: string[]) {
    this.#child = Bun.spawn([...COMMAND, ...args], {
      terminal: this.#terminal,
      cwd: machine.folder,
      env: { ...machine.environment(), TERM: "xterm" },
    });
  }

  press(keys: string): void {
    this.#terminal.write(keys);
  }

  /** A shell's terminal sends the signal itself; the child of a test has no session on this one. */
  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
    this.#child.kill("SIGWINCH");
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  get isRaw(): boolean {
    // ICANON is off while keys come as they are pressed.
    return (this.#terminal.localFlags & 2) === 0;
  }

  async shows(text: string): Promise<void> {
    await until(() => this.sent.includes(text), `the terminal to show ${JSON.stringify(text)}`);
  }

  async exited(): Promise<number> {
    return await this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    this.#terminal.close();
  }
}

test("top shows the instances, follows the size of the terminal, and gives it back on q and Ctrl-C", async () => {
  for (const key of ["q", "\x03"]) {
    await using top = new OnTerminal(["top"]);
    await top.shows("hello");
    expect(top.sent).toStartWith(ENTER);
    expect(top.isRaw).toBe(true);
    top.press("c");
    await top.shows("[c CPU]");
    top.sent = "";
    top.resize(70, 5);
    // The keys are on the last line of the smaller screen.
    await top.shows("\x1b[5;1Hq quit");
    top.press(key);
    expect(await top.exited()).toBe(0);
    await until(() => top.sent.endsWith(LEAVE), "the terminal to be given back");
    expect(top.isRaw).toBe(false);
  }
});

test("a signal gives the terminal back, too", async () => {
  for (const [name, exit] of [["SIGTERM", 143], ["SIGINT", 130], ["SIGHUP", 129]] as const) {
    await using top = new OnTerminal(["top"]);
    await top.shows("hello");
    top.signal(name);
    expect(await top.exited(), name).toBe(exit);
    await until(() => top.sent.endsWith(LEAVE), "the terminal to be given back");
    expect(top.isRaw).toBe(false);
  }
});

test("an error gives the terminal back before it is shown", async () => {
  await using other = new CommandMachine();
  await other.bash('mkdir -p "$CELL_HOME" && chmod 777 "$CELL_HOME"');
  const terminal: string[] = [];
  const screen = new Bun.Terminal({ data: (_, data) => void terminal.push(new TextDecoder().decode(data)) });
  const child = Bun.spawn([...COMMAND, "top"], { terminal: screen, env: { ...other.environment(), TERM: "xterm" } });
  expect(await child.exited).not.toBe(0);
  await until(() => terminal.join("").includes("error:"), "the error");
  const sent = terminal.join("");
  expect(sent.indexOf(LEAVE)).toBeGreaterThan(-1);
  expect(sent.indexOf("error:")).toBeGreaterThan(sent.indexOf(LEAVE));
  screen.close();
});

test("without a terminal that moves its cursor there is one frame with --once, and a hint without", async () => {
  const once = await machine.cell(["top", "--once"]);
  expect(once).toMatchObject({ exit: 0, stderr: "" });
  expect(once.stdout).toContain("no agent: `cell up` starts it");
  expect(once.stdout).toMatch(/^SERVICE .*SPECIES.*CPU$/m);
  expect(once.stdout).toMatch(/^hello +hello +\d+ +up /m);
  expect(once.stdout).not.toContain("\x1b");
  expect((await machine.cell(["top"])).stderr).toContain("stdout is no terminal");
  const terminal: string[] = [];
  const dumb = new Bun.Terminal({ data: (_, data) => void terminal.push(new TextDecoder().decode(data)) });
  const child = Bun.spawn([...COMMAND, "top"], { terminal: dumb, env: { ...machine.environment(), TERM: "dumb" } });
  expect(await child.exited).toBe(2);
  await until(() => terminal.join("").includes("--once"), "the hint");
  dumb.close();
});
