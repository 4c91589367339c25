import { stdoutStyle, type Style } from "./color.ts";
import { Inbox } from "./inbox.ts";
import { Screen } from "./screen.ts";
import { StreamOutput } from "./stdout.ts";
import { hasCursor, isTerminal, STDOUT } from "./terminal.ts";
import { keysIn } from "./top_state.ts";
import { untilUnwanted } from "./until_unwanted.ts";

/** A shell's exit code for a process that signal n ended is 128 + n. */
const SIGNAL_EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
const CTRL_C = "\x03";

/** Something that is shown as it changes. */
export interface WatchedFrames<T> {
  /** Each replaces the one before. */
  readonly values: AsyncGenerator<T, void, void>;
  /** What is printed of one; undefined as the width leaves nothing out. */
  lines(value: T, width: number | undefined, style: Style): string[];
  /** What has to differ for a value to be printed again where nothing can be written over. */
  changeKey(value: T): string;
  /** One line of JSON for each change. */
  readonly asJson: boolean;
}

type Event<T> =
  | { kind: "value"; value: T }
  | { kind: "end" }
  | { kind: "keys"; text: string }
  | { kind: "redraw" }
  | { kind: "signal"; name: keyof typeof SIGNAL_EXIT_CODES }
  | { kind: "failure"; error: unknown };

/**
 * Shows values as they come until somebody has seen enough: on a terminal in its place, elsewhere anew whenever something
 * has changed. Throws what the values throw.
 */
export async function watchFrames<T>(frames: WatchedFrames<T>): Promise<void> {
  if (frames.asJson || !isTerminal(STDOUT) || !process.stdout.isTTY || !hasCursor()) await print(frames);
  else await draw(frames);
}

async function print<T>({ values, lines, changeKey, asJson }: WatchedFrames<T>): Promise<void> {
  const output = new StreamOutput();
  let shown: string | undefined;
  const unwanted = untilUnwanted();
  const ended = new Promise<undefined>((resolve) => unwanted.addEventListener("abort", () => resolve(undefined)));
  for (;;) {
    const next = await Promise.race([values.next(), ended]);
    if (next === undefined || next.done === true) break;
    const key = changeKey(next.value);
    if (key === shown) continue;
    const gap = shown === undefined || asJson ? "" : "\n";
    shown = key;
    const text = asJson ? JSON.stringify(next.value) : lines(next.value, undefined, stdoutStyle()).join("\n");
    await output.write(`${gap}${text}\n`);
  }
  await output.end();
}

async function draw<T>(frames: WatchedFrames<T>): Promise<void> {
  const inbox = new Inbox<Event<T>>();
  listen(inbox);
  void pump(frames.values, inbox);
  using screen = new Screen((text) => inbox.push({ kind: "keys", text }));
  let last: { value: T } | undefined;
  const redraw = (): void => {
    if (last !== undefined) screen.draw(frame(frames.lines(last.value, screen.size.width, stdoutStyle()), screen.size));
  };
  for (;;) {
    const event = await inbox.next();
    switch (event.kind) {
      case "value":
        last = event;
        redraw();
        break;
      case "keys":
        if (keysIn(event.text).some((key) => key.toLowerCase() === "q" || key === CTRL_C)) return;
        break;
      case "redraw":
        screen.clear();
        redraw();
        break;
      case "signal":
        process.exitCode = SIGNAL_EXIT_CODES[event.name];
        return;
      case "end":
        return;
      case "failure":
        throw event.error;
    }
  }
}

/** As many of the lines as fit, and how to leave. */
function frame(lines: readonly string[], { width, height }: { width: number; height: number }): string[] {
  const room = Math.max(1, height - 1);
  const hidden = lines.length - room;
  const fitting = lines.slice(0, hidden > 0 ? room - 1 : room).map((line) =>
    Bun.sliceAnsi(line, 0, width, { ellipsis: "…" })
  );
  const style = stdoutStyle();
  const more = hidden > 0 ? [style.dim(`... ${hidden + 1} more lines`)] : [];
  const blank = new Array<string>(Math.max(0, room - fitting.length - more.length)).fill("");
  return [...fitting, ...more, ...blank, style.dim("q quit")];
}

async function pump<T>(values: AsyncIterable<T>, inbox: Inbox<Event<T>>): Promise<void> {
  try {
    for await (const value of values) inbox.push({ kind: "value", value });
    inbox.push({ kind: "end" });
  } catch (error) {
    inbox.push({ kind: "failure", error });
  }
}

function listen<T>(inbox: Inbox<Event<T>>): void {
  process.stdout.on("resize", () => inbox.push({ kind: "redraw" }));
  // Back from Ctrl-Z: the shell has written over the screen.
  process.on("SIGCONT", () => inbox.push({ kind: "redraw" }));
  for (const name of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
    process.on(name, () => inbox.push({ kind: "signal", name }));
  }
  process.on("uncaughtException", (error) => inbox.push({ kind: "failure", error }));
  process.on("unhandledRejection", (error) => inbox.push({ kind: "failure", error }));
}
