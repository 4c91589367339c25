import { closeSync, readdirSync } from "node:fs";
import { CellError, didYouMean } from "../base/mod.ts";
import { dialUnix, type Link } from "../net/mod.ts";
import { removeRemains } from "./claim.ts";
import { existingRunDirectory } from "./home.ts";
import { namePaths, openLocked, signerOf } from "./lock.ts";
import { assertServiceName, isServiceName } from "./names.ts";

/** How many running services an error lists when none has a near name. */
const LISTED_NAMES_MAX = 5;

/** One place where an instance of a service can be reached. */
export interface Endpoint {
  /**
   * Connects. Throws UNAVAILABLE while the instance starts or stops, NOT_FOUND when it is gone, PERMISSION_DENIED when
   * it is another user's.
   */
  dial(): Promise<Link>;
}

/** From a service's name to the places where it can be reached. */
export interface Directory {
  /** At least one, the best first. Throws NOT_FOUND with near names. */
  endpoints(service: string): Promise<Endpoint[]>;
}

/** A live process that holds a service's name on this machine. */
export interface Holder {
  readonly service: string;
  readonly socket: string;
  /** Undefined in the instant before it has signed. */
  readonly pid: number | undefined;
}

/** The services of this user on this machine: whoever holds the lock of a name in the run directory serves it. */
export class LocalDirectory implements Directory {
  async endpoints(service: string): Promise<Endpoint[]> {
    assertServiceName(service);
    const run = existingRunDirectory();
    if (run === undefined) throw notRunning(service, []);
    const { socket } = namePaths(run, service);
    return [{ dial: () => this.#dial(run, service, socket) }];
  }

  async #dial(run: string, service: string, socket: string): Promise<Link> {
    try {
      return await dialUnix(socket);
    } catch (error) {
      if (!(error instanceof CellError) || (error.code !== "NOT_FOUND" && error.code !== "UNAVAILABLE")) throw error;
      const holder = holderOf(run, service);
      if (holder === undefined) throw notRunning(service, holders().map((other) => other.service));
      const who = holder.pid === undefined ? "its process" : `its process (pid ${holder.pid})`;
      throw new CellError("UNAVAILABLE", `${service} does not accept connections: ${who} is starting or stopping`, {
        data: { started: false },
        cause: error,
      });
    }
  }
}

/** Everybody who holds a name, sorted by it. What crashed holders left behind is removed. */
export function holders(): Holder[] {
  const run = existingRunDirectory();
  if (run === undefined) return [];
  const names = readdirSync(run).filter((file) => file.endsWith(".lock")).map((file) => file.slice(0, -".lock".length));
  return names.filter(isServiceName).sort().flatMap((name) => holderOf(run, name) ?? []);
}

/** Who holds a name; undefined when nobody does, and then what a crashed holder left behind is removed. */
function holderOf(run: string, service: string): Holder | undefined {
  const paths = namePaths(run, service);
  const locked = openLocked(paths.lock, "leave");
  if (locked === "missing") return undefined;
  if (locked === "held") return { service, socket: paths.socket, pid: signerOf(paths.lock) };
  try {
    removeRemains(paths);
  } finally {
    closeSync(locked);
  }
  return undefined;
}

function notRunning(service: string, running: string[]): CellError {
  const near = didYouMean(service, running);
  const listed = running.length === 0
    ? " Nothing is running here: start it with cell run FILE."
    : ` Running are ${running.slice(0, LISTED_NAMES_MAX).join(", ")}${
      running.length > LISTED_NAMES_MAX ? ", ..." : ""
    }.`;
  return new CellError("NOT_FOUND", `no service named ${service} is running here.${near === "" ? listed : near}`, {
    data: { started: false },
  });
}
