import { userFrames } from "./user_frames.ts";

/**
 * Keeps a service alive when its code forgets a failure: a promise that nobody awaits, a timer that throws. It is logged
 * and the other calls go on, since they have nothing to do with it. Scripts and modules that are being loaded are not
 * protected: there the failure is the result. Returns how to stop.
 */
export function surviveUserFailures(log: (line: string) => void): () => void {
  const onRejection = (reason: unknown) => log(describe("a promise was rejected and nobody handled it", reason));
  const onException = (error: unknown) => log(describe("an error was thrown outside of any call", error));
  process.on("unhandledRejection", onRejection);
  process.on("uncaughtException", onException);
  return () => {
    process.off("unhandledRejection", onRejection);
    process.off("uncaughtException", onException);
  };
}

function describe(what: string, thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return `error: ${what}: ${String(thrown)}`;
    return [`error: ${what}: ${thrown.name}: ${thrown.message}`, ...userFrames(thrown)].join("\n");
  } catch {
    // An object without a prototype, for instance. An error from here would end the process.
    return `error: ${what}, and it is something that cannot be shown`;
  }
}
