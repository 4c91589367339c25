import { SECOND } from "../lib/base/mod.ts";
import { Rates, type Snapshot, takeSnapshot } from "../lib/machine/mod.ts";
import { NUCLEUS } from "../lib/nucleus/client/mod.ts";
import { stdoutStyle } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { Inbox } from "./inbox.ts";
import { Screen } from "./screen.ts";
import { parseServiceName } from "./service_name.ts";
import { printLines } from "./stdout.ts";
import { hasCursor, isTerminal, STDOUT, stdoutWidth } from "./terminal.ts";
import { topFrame } from "./top_frame.ts";
import { keysIn, startState, type TopState, withKey, withSnapshot } from "./top_state.ts";
import { UsageError } from "./usage_error.ts";

const REFRESH_MS = 1 * SECOND;
/** A shell's exit code for a process that signal n ended is 128 + n. */
const SIGNAL_EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

type Event =
  | { kind: "keys"; text: string }
  | { kind: "snapshot"; snapshot: Snapshot }
  | { kind: "failure"; error: unknown }
  | { kind: "redraw" }
  | { kind: "signal"; name: keyof typeof SIGNAL_EXIT_CODES };

/** `cell top` */
export function command(): AnyCommand {
  return createCommand("top", {
    description: "Watch the instances on this machine: state, calls, latency, memory, CPU, every second.",
    examples: [
      ["cell top", "all instances"],
      ["cell top hello", "those of one service"],
      ["cell top --once", "one frame, also into a file or a pipe"],
    ],
    notes: "Keys: q or Ctrl-C quits; c sorts by CPU, m by memory, s by calls per second, n\n" +
      "by name; arrows scroll. The terminal must be able to move its cursor, which one\n" +
      "with TERM=dumb is not.",
  })
    .argument("[service]", "only this service", parseServiceName)
    .option("--once", "print one frame and end")
    .action(async (service, { once }) => {
      if (once) {
        const state = startState(await snapshotOf(service));
        return await printLines(topFrame(state, stdoutWidth(), undefined, stdoutStyle()));
      }
      if (!isTerminal(STDOUT) || !process.stdout.isTTY) {
        throw new UsageError("stdout is no terminal: `--once` prints one frame, `cell ps --json` is for programs");
      }
      if (!hasCursor()) throw new UsageError("TERM says that this terminal has no cursor: `--once` prints one frame");
      await watch(service);
    });
}

async function snapshotOf(service: string | undefined): Promise<Snapshot> {
  const snapshot = await takeSnapshot();
  const isShown = (name: string): boolean => (service === undefined ? name !== NUCLEUS : name === service);
  return { ...snapshot, processes: snapshot.processes.filter((process) => isShown(process.service)) };
}

async function watch(service: string | undefined): Promise<void> {
  const inbox = new Inbox<Event>();
  listen(inbox);
  const rates = new Rates();
  const look = async (): Promise<void> => {
    try {
      const snapshot = await snapshotOf(service);
      inbox.push({
        kind: "snapshot",
        snapshot: { ...snapshot, processes: rates.update(snapshot.processes, performance.now()) },
      });
    } catch (error) {
      inbox.push({ kind: "failure", error });
    }
  };
  using screen = new Screen((text) => inbox.push({ kind: "keys", text }));
  void look();
  let state: TopState | undefined;
  const draw = (): void => {
    const { width, height } = screen.size;
    if (state !== undefined) screen.draw(topFrame(state, width, height, stdoutStyle()));
  };
  for (;;) {
    const event = await inbox.next();
    switch (event.kind) {
      case "snapshot":
        state = state === undefined ? startState(event.snapshot) : withSnapshot(state, event.snapshot);
        draw();
        setTimeout(() => void look(), REFRESH_MS);
        break;
      case "keys": {
        const next = pressed(state, event.text);
        if (next === "quit") return;
        state = next;
        draw();
        break;
      }
      case "redraw":
        screen.clear();
        draw();
        break;
      case "signal":
        process.exitCode = SIGNAL_EXIT_CODES[event.name];
        return;
      case "failure":
        throw event.error;
    }
  }
}

/** Before the first snapshot there is nothing to sort, but there is something to leave. */
function pressed(state: TopState | undefined, text: string): TopState | undefined | "quit" {
  let next = state;
  for (const key of keysIn(text)) {
    const after = withKey(next ?? startState({ agent: "absent", node: null, processes: [] }), key);
    if (after === "quit") return "quit";
    if (next !== undefined) next = after;
  }
  return next;
}

function listen(inbox: Inbox<Event>): void {
  process.stdout.on("resize", () => inbox.push({ kind: "redraw" }));
  // Back from Ctrl-Z: the shell has written over the screen.
  process.on("SIGCONT", () => inbox.push({ kind: "redraw" }));
  for (const name of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
    process.on(name, () => inbox.push({ kind: "signal", name }));
  }
  // Whatever else fails ends the loop as well, so that the terminal is given back before the error is shown.
  process.on("uncaughtException", (error) => inbox.push({ kind: "failure", error }));
  process.on("unhandledRejection", (error) => inbox.push({ kind: "failure", error }));
}
