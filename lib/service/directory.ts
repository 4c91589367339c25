import { existsSync } from "node:fs";
import { assert, CellError, didYouMean } from "../base/mod.ts";
import type { Link } from "../net/mod.ts";
import type { Schema } from "../schema/mod.ts";
import { dialLocal } from "../shm/mod.ts";
import { DirectoryMemory } from "./directory_memory.ts";
import { existingRunDirectory, stateFile } from "./home.ts";
import { type Holder, holderOf, holdersOf, isListening, servedNames } from "./holders.ts";
import { localSecret } from "./local_secret.ts";
import { assertServiceName, NUCLEUS } from "./names.ts";
import type { TransportChoice } from "./transport.ts";

/** How many running services an error lists when none has a near name. */
const LISTED_NAMES_MAX = 5;

/** One place where an instance of a service can be reached. */
export interface Endpoint {
  /**
   * The instance's, such as "hello@2"; the service's name of one that was not deployed. Of one on another node that node's
   * id stands in front, as in "NODE/hello@2".
   */
  readonly id: string;
  /** The fingerprint of its schema; undefined when it has to be asked. */
  readonly species: string | undefined;
  /** Which of the service's releases it runs; undefined of one that was not deployed. */
  readonly release: number | undefined;
  /** 0: this machine; 1: another one of the same zone; 2: the same region; 3: somewhere else. Near ones are preferred. */
  readonly distance: 0 | 1 | 2 | 3;
  /** Where it listens: with another place it is another process than before. Undefined where its end shows by itself. */
  readonly place?: string;
  /** Whether its machine answers nobody at the moment: the instance may be dead, or as well as ever. */
  readonly isSilent?: boolean;
  /**
   * Connects. Throws UNAVAILABLE while the instance starts or stops, NOT_FOUND when it is gone, PERMISSION_DENIED when
   * it is another user's, FAILED_PRECONDITION when a transport was asked for that does not work between it and us.
   */
  dial(transport: TransportChoice): Promise<Link>;
  /** Its schema without asking itself, where that can be had: an instance of another node may answer only to some. */
  schema?(): Promise<Schema>;
}

/** How far is looked: among what is known here to run, or also where somebody has to be asked. */
export type Reach = "near" | "everywhere";

/** From a service's name to the places where it can be reached. */
export interface Directory {
  /** The instances that accept connections now; nobody is waited for. */
  list(service: string): Promise<readonly Endpoint[]>;
  /**
   * At least one instance: when none accepts connections, one is started if somebody can do that. Throws NOT_FOUND with
   * near names, UNAVAILABLE while all that there are start or stop, and whatever kept an instance from starting.
   */
  find(service: string, reach?: Reach): Promise<Endpoint[]>;
  /** Calls back when what `list` gives has changed and nobody has asked; a directory that hears of nothing has no such method. */
  onChange?(listener: () => void): void;
  /** Ends what it does beside the calls of its client. */
  close?(): void;
}

/**
 * Makes sure that an instance of a service runs. Resolves to false when there is nobody to ask; throws, as not started,
 * what keeps it from running.
 */
export type Activate = (service: string) => Promise<boolean>;

/** The services of this user on this machine: whoever holds the lock of a name in the run directory serves it. */
export class LocalDirectory implements Directory {
  readonly #listed = new DirectoryMemory<readonly Endpoint[]>();

  /** Without `activate` nothing is ever started. */
  constructor(private readonly activate: Activate = () => Promise.resolve(false)) {}

  /**
   * Costs little while nobody comes or goes, however many instances there are. One that has crashed since may still be
   * listed: whoever connects to it is told, and then what it left behind is removed.
   */
  async list(service: string): Promise<readonly Endpoint[]> {
    const run = existingRunDirectory();
    if (run === undefined) return [];
    return this.#listed.recall(run, service, () => holdersOf(service).filter(isListening).map(endpointOf));
  }

  /** The instances that accept connections at this moment; nobody is asked and nothing started. */
  ready(service: string): Endpoint[] {
    assertServiceName(service);
    return holdersOf(service).filter(isListening).map(endpointOf);
  }

  async find(service: string): Promise<Endpoint[]> {
    assertServiceName(service);
    const before = holdersOf(service);
    const ready = before.filter(isListening);
    if (ready.length > 0) return ready.map(endpointOf);
    const isDeployed = before.every(({ number }) => number !== undefined);
    const wasActivated = isDeployed && service !== NUCLEUS && await this.activate(service);
    const after = wasActivated ? holdersOf(service) : before;
    const started = after.filter(isListening);
    if (started.length > 0) return started.map(endpointOf);
    if (after[0] !== undefined) throw notAccepting(after[0]);
    throw wasActivated ? goneAgain(service) : notRunning(service);
  }
}

function endpointOf(holder: Holder): Endpoint {
  return {
    id: holder.instance,
    species: holder.species,
    release: holder.release,
    distance: 0,
    dial: (transport) => dial(holder, transport),
  };
}

async function dial(holder: Holder, transport: TransportChoice): Promise<Link> {
  assert(transport !== "quic" && transport !== "tls", "who insists on the network finds nobody by a lock");
  if (transport === "shm" && !holder.sharesMemory) throw cannotShare(holder);
  try {
    return await dialLocal(holder.socket, { transport: holder.sharesMemory ? transport : "uds", secret: localSecret });
  } catch (error) {
    if (!(error instanceof CellError) || (error.code !== "NOT_FOUND" && error.code !== "UNAVAILABLE")) throw error;
    const now = holderOf(holder);
    throw now === undefined ? notRunning(holder.service) : notAccepting(now, error);
  }
}

function notAccepting({ instance, pid }: Holder, cause?: CellError): CellError {
  const who = pid === undefined ? "its process" : `its process (pid ${pid})`;
  return new CellError("UNAVAILABLE", `${instance} does not accept connections: ${who} is starting or stopping`, {
    data: { started: false },
    cause,
  });
}

/** The error for a client that insists on shared memory. Without a pid the holder has yet to say what it offers. */
function cannotShare(holder: Holder): CellError {
  if (holder.pid === undefined) return notAccepting(holder);
  const { instance, pid } = holder;
  return new CellError(
    "FAILED_PRECONDITION",
    `connecting to ${instance} in shared memory: its process (pid ${pid}) runs a version of cell that has none. Restart it.`,
    { data: { started: false } },
  );
}

function goneAgain(service: string): CellError {
  return new CellError("UNAVAILABLE", `${service} was started, and what was started is gone again`, {
    data: { started: false },
  });
}

/** The error for a service that nobody serves, where nobody could be asked to start it. */
function notRunning(service: string): CellError {
  const message = service === NUCLEUS
    ? "the nucleus is not running here: start it with cell up"
    : `no service named ${service} is running here.${adviceFor(service)}`;
  return new CellError("NOT_FOUND", message, { data: { started: false } });
}

function adviceFor(service: string): string {
  const running = servedNames();
  // What was deployed is known to the agent, and that does not run.
  const deployed = existsSync(stateFile()) ? " If it was deployed, cell up brings it back." : "";
  const near = didYouMean(service, running);
  if (near !== "") return near + deployed;
  if (running.length === 0) return ` Nothing is running here: start it with cell run FILE.${deployed}`;
  const more = running.length > LISTED_NAMES_MAX ? ", ..." : "";
  return ` Running are ${running.slice(0, LISTED_NAMES_MAX).join(", ")}${more}.${deployed}`;
}
