import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { CommandMachine, until } from "../test/harness/mod.ts";
import { OnTerminal } from "./testing/on_terminal.ts";

// Without a binary every command is compiled when it is started.
setDefaultTimeout(120_000);

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

test("top shows the instances, follows the size of the terminal, and gives it back on q and Ctrl-C", async () => {
  for (const key of ["q", "\x03"]) {
    await using top = new OnTerminal(machine, ["top"]);
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
    await using top = new OnTerminal(machine, ["top"]);
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
  await using top = new OnTerminal(other, ["top"]);
  expect(await top.exited()).not.toBe(0);
  await top.shows("error:");
  expect(top.sent.indexOf(LEAVE)).toBeGreaterThan(-1);
  expect(top.sent.indexOf("error:")).toBeGreaterThan(top.sent.indexOf(LEAVE));
});

test("without a terminal that moves its cursor there is one frame with --once, and a hint without", async () => {
  const once = await machine.cell(["top", "--once"]);
  expect(once).toMatchObject({ exit: 0, stderr: "" });
  expect(once.stdout).toContain("no agent: `cell up` starts it");
  expect(once.stdout).toMatch(/^SERVICE .*SPECIES.*CPU$/m);
  expect(once.stdout).toMatch(/^hello +hello +\d+ +up /m);
  expect(once.stdout).not.toContain("\x1b");
  expect((await machine.cell(["top"])).stderr).toContain("stdout is no terminal");
  await using dumb = new OnTerminal(machine, ["top"], { term: "dumb" });
  expect(await dumb.exited()).toBe(2);
  await dumb.shows("`--once` prints one frame");
});
