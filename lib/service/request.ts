import type { CellError } from "../base/mod.ts";
import type { RpcClient } from "../rpc/mod.ts";
import type { RemoteCallOptions } from "./remote.ts";

/** A call as the retries see it. */
export interface Request<T> {
  /** What is attempted, for errors. */
  readonly what: string;
  /** Which method of the service it is about; undefined for what every server answers. */
  readonly method: string | undefined;
  /** Asks about the service, and does no harm twice. */
  readonly isQuestion: boolean;
  readonly options: RemoteCallOptions;
  /** Whether the arguments can be sent once more. */
  canReplay(): boolean;
  invoke(client: RpcClient, options: RemoteCallOptions): Promise<T>;
}

/** What a verdict is about. */
export type About = Pick<Request<unknown>, "method" | "isQuestion">;

/**
 * What may be done about a call that failed:
 *
 * - "again": make it again, at once on another instance, else after a while. It was not executed, or it does no harm twice.
 * - "elsewhere": make it on another instance, if there is one. This one will not execute it.
 * - "other species": make it on an instance with another schema, if there is one. This one's does not fit the caller.
 * - "never": the error is the answer.
 */
export type Verdict = "again" | "elsewhere" | "other species" | "never";

/** The verdict on a call that `client` could not be asked at all: there was none. */
export function verdictWithoutClient({ code }: CellError): Verdict {
  return code === "UNAVAILABLE" || code === "NOT_FOUND" ? "again" : "never";
}

/** The verdict on a call that failed with `error` on `client`. */
export async function verdictOn(error: CellError, client: RpcClient, request: About): Promise<Verdict> {
  const isNotStarted = certainlyNotStarted(error);
  switch (error.code) {
    case "UNAVAILABLE":
      if (isNotStarted) return "again";
      // The error of a handler that says UNAVAILABLE is an answer; only a broken connection leaves it open what happened.
      return client.draining && await isIdempotent(client, request) ? "again" : "never";
    case "RESOURCE_EXHAUSTED":
      return isNotStarted && fieldOf(error, "limit") !== "messageBytesMax" ? "elsewhere" : "never";
    case "FAILED_PRECONDITION":
      return isNotStarted && fieldOf(error, "reason") === "gene" ? otherSpecies(request) : "never";
    case "NOT_FOUND":
      return isNotStarted ? otherSpecies(request) : "never";
    default:
      return "never";
  }
}

/** Whether the error promises that nothing was executed. */
export function certainlyNotStarted(error: CellError): boolean {
  return fieldOf(error, "started") === false;
}

/** Whether whoever would run the call again says that it does no harm: another version may serve the name by now. */
export async function isServedIdempotent(client: RpcClient, { method, isQuestion }: About): Promise<boolean> {
  return isQuestion || (await client.servedSchema()).methods[method!]?.idempotent === true;
}

async function isIdempotent(client: RpcClient, { method, isQuestion }: About): Promise<boolean> {
  try {
    return isQuestion || (await client.schema()).methods[method!]?.idempotent === true;
  } catch {
    // The connection broke before the schema had arrived: then the call was never made, but nobody can vouch for that.
    return false;
  }
}

function otherSpecies({ method }: About): Verdict {
  return method === undefined ? "never" : "other species";
}

function fieldOf({ data }: CellError, name: "started" | "limit" | "reason"): unknown {
  return typeof data === "object" && data !== null ? (data as { [field: string]: unknown })[name] : undefined;
}
