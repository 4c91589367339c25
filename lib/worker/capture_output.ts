import type { Writable } from "node:stream";
import type { LogFile } from "../logs/mod.ts";
import { logConsole } from "./log_console.ts";

const DESCRIPTORS = { stdout: 1, stderr: 2 } as const;

/**
 * From now on what JavaScript prints in this process goes into the log: `console`, `process.stdout` and `process.stderr`.
 * What is written to descriptors 1 and 2 in other ways is in the file too, without a time.
 */
export function captureOutput(log: LogFile): void {
  const decoder = new TextDecoder();
  // The runtime's own method, which takes strings and bytes and adds nothing.
  const write = (...chunks: (string | Uint8Array | ArrayBuffer)[]): number => {
    const texts = chunks.map((chunk) => typeof chunk === "string" ? chunk : decoder.decode(chunk));
    for (const text of texts) log.output("stdout", text);
    return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  };
  Object.assign(console, logConsole(log), { write });
  for (const name of ["stdout", "stderr"] as const) {
    let stream: Writable | undefined;
    const replace = (value: unknown): void => {
      Object.defineProperty(process, name, { value, configurable: true, enumerable: true, writable: true });
    };
    // Made when it is asked for: streams cost memory that a worker which prints with `console` does not need.
    Object.defineProperty(process, name, {
      configurable: true,
      enumerable: true,
      get: () => stream ??= logStream(log, name),
      set: replace,
    });
  }
}

/** A stream into a log, as `process.stdout` is one into a file. */
function logStream(log: LogFile, name: "stdout" | "stderr"): Writable {
  const { Writable } = process.getBuiltinModule("node:stream");
  const decoder = new TextDecoder();
  const stream = new Writable({
    decodeStrings: true,
    write(chunk: Uint8Array, _encoding, done) {
      log.output(name, decoder.decode(chunk, { stream: true }));
      done();
    },
  });
  // Nobody ends the standard streams of a process: what others print would be lost.
  const end = (...values: unknown[]): Writable => {
    const chunk = typeof values[0] === "function" ? undefined : values[0];
    const callback = values.find((value) => typeof value === "function");
    stream.write(chunk ?? "", () => callback?.());
    return stream;
  };
  const destroy = (): Writable => stream;
  return Object.assign(stream, { fd: DESCRIPTORS[name], isTTY: false, _isStdio: true, end, destroy });
}
