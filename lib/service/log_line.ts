import type { ServerLogEntry } from "../rpc/mod.ts";
import { userFrames } from "./user_frames.ts";

/** What a log entry looks like in text: one line, then the stack of the user's code. Undefined for what is for debugging. */
export function logLine({ level, message, method, error }: ServerLogEntry): string | undefined {
  if (level === "debug") return undefined;
  const about = method === undefined || message.includes(method) ? "" : `${method}: `;
  const why = error === undefined || message.includes(error.message) ? "" : `: ${error.name}: ${error.message}`;
  const cause = error?.cause instanceof Error ? error.cause : error;
  return [`${level}: ${about}${message}${why}`, ...(cause === undefined ? [] : userFrames(cause))].join("\n");
}
