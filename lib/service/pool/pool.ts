import { CellError, MS, SECOND } from "../../base/mod.ts";
import type { LinkTransport } from "../../net/mod.ts";
import type { RpcClient } from "../../rpc/mod.ts";
import type { Directory, Endpoint, Reach } from "../directory.ts";
import { answerWithin } from "../answer_within.ts";
import { PooledConnection } from "./connection.ts";
import { firstReached } from "./first_reached.ts";
import { pickLessLoaded } from "./pick.ts";
import { Misfits, type Species, speciesInOrder } from "./species.ts";
import { Unreachable } from "./unreachable.ts";

/** One client spreads its calls over at most this many instances; with many clients all instances have some. */
export const CONNECTIONS_MAX = 8;
/** How often the instances are listed again while calls are made. */
export const REFRESH_MS = 1 * SECOND;
/** A client that is still calling after this long connects to further instances; a single call never does. */
export const SPREAD_AFTER_MS = 100 * MS;
/** A further instance that does not say who it is within this time gets no calls. */
const READY_MS_MAX = 1 * SECOND;

/** When an instance of another machine has not been reached after so long, the next one is tried as well. */
export const REACH_PATIENCE_MS = 500 * MS;

/**
 * An instance of another machine that is no longer listed while calls wait for it, or whose machine has fallen silent, either
 * lives, and then answers a ping, or is gone, which nothing tells before the transport gives up after a quarter of a minute.
 */
export const DOUBT_MS = 3 * SECOND;

/** What a pool is made of. */
export interface PoolOptions {
  readonly service: string;
  readonly directory: Directory;
  /** Makes the client of an instance. */
  readonly connect: (endpoint: Endpoint) => Promise<RpcClient>;
  /** What the caller was compiled against. */
  readonly pinned: Species;
  /** Milliseconds of a monotonic clock. @default performance.now */
  readonly now?: () => number;
  /** From 0 to below 1. @default Math.random */
  readonly random?: () => number;
}

const NONE: ReadonlySet<string> = new Set();
/** Above twice every distance. */
const UNREACHABLE_KEY = 16;

/** The connections of one client of a service: which there are, and which one a call is given to. */
export class Pool {
  /** Whether an instance was ever reached. */
  wasReached = false;
  /** Take new calls. */
  #usable: PooledConnection[] = [];
  /** Those of them that a call is given to when nothing speaks against it. */
  #preferred: PooledConnection[] = [];
  /** Not closed yet: some finish their last calls. */
  readonly #open = new Set<PooledConnection>();
  /** The instances that ran when they were last listed. */
  #listed: readonly Endpoint[] = [];
  /** The species of what is listed or usable, the best first. */
  #order: Species[] = [];
  readonly #misfits = new Misfits();
  readonly #unreachable = new Unreachable();
  readonly #dialing = new Map<string, Promise<PooledConnection>>();
  readonly #finding = new Map<Reach, Promise<Endpoint[]>>();
  #refreshAt = Infinity;
  #isRefreshing = false;
  /** Something was said to have changed while the instances were being listed. */
  #hasChanged = false;
  #isClosed = false;
  readonly #now: () => number;
  readonly #random: () => number;

  constructor(private readonly options: PoolOptions) {
    this.#now = options.now ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
    options.directory.onChange?.(() => this.#onChanged());
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How many connections take new calls. */
  get size(): number {
    return this.#usable.length;
  }

  /** What the connections use that a call is given to when nothing speaks against it; undefined without one. */
  get transport(): LinkTransport | "mixed" | undefined {
    const [first, ...others] = this.#preferred.map(({ client }) => client.transport);
    return others.every((other) => other === first) ? first : "mixed";
  }

  /**
   * A connection for a call of `method` (undefined for what every server answers), other than to the instances `tried`.
   * Undefined when there is none. `now` is the time of the pool's clock.
   */
  pick(method: string | undefined, now: number, tried: ReadonlySet<string> = NONE): PooledConnection | undefined {
    if (now >= this.#refreshAt && this.#usable.length > 0) void this.#refresh(now);
    for (;;) {
      const isPlain = tried.size === 0 && this.#misfits.isEmpty;
      const candidates = isPlain ? this.#preferred : this.#candidates(method, tried);
      const connection = pickLessLoaded(candidates, this.#random);
      if (connection === undefined) return undefined;
      if (!connection.client.draining) {
        connection.picks++;
        return connection;
      }
      this.#drop(connection);
    }
  }

  /** Like `pick`, of the connections that are in shared memory. */
  pickMoved(method: string): PooledConnection | undefined {
    const candidates = this.#misfits.isEmpty ? this.#preferred : this.#candidates(method, NONE);
    const moved = candidates.filter(({ client }) => client.transport === "shm" && !client.draining);
    const connection = pickLessLoaded(moved, this.#random);
    if (connection !== undefined) connection.picks++;
    return connection;
  }

  /**
   * Like `pick`, but looks for instances and connects to one where there is no connection; callers that need the same one
   * share it. Undefined when there is none but `tried`, or none whose species has `method` as the caller knows it.
   * Throws what `Directory.find` and connecting throw.
   */
  async acquire(
    method: string | undefined,
    tried: ReadonlySet<string> = NONE,
  ): Promise<PooledConnection | undefined> {
    const near = await this.#acquireFrom("near", method, tried);
    // What runs nearby was all tried, or is not what the caller was compiled against.
    return near === undefined && tried.size > 0 ? await this.#acquireFrom("everywhere", method, tried) : near;
  }

  /** Remembers that `method` as the caller knows it does not fit the species of `connection`. */
  noteMisfit(connection: PooledConnection, method: string): void {
    this.#misfits.add(connection.species, method);
  }

  /** Cancels what is in flight; nothing is picked or connected any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#usable = this.#preferred = [];
    await Promise.all([...this.#open].map(({ client }) => client.close()));
  }

  async #acquireFrom(
    reach: Reach,
    method: string | undefined,
    tried: ReadonlySet<string>,
  ): Promise<PooledConnection | undefined> {
    this.#refuseIfClosed();
    const endpoints = await this.#find(reach);
    this.#refuseIfClosed();
    this.#learn(endpoints);
    const connected = this.pick(method, this.#now(), tried);
    if (connected !== undefined) return connected;
    const [species] = this.#fitting(speciesInOrder(endpoints, this.options.pinned), method, tried);
    const candidates = endpoints.filter((endpoint) => endpoint.species === species && !tried.has(endpoint.id));
    if (candidates.length === 0) return undefined;
    const connection = await firstReached(
      this.#inOrder(candidates).slice(0, CONNECTIONS_MAX),
      (endpoint) => this.#dial(endpoint, "call"),
      ({ distance }) => (distance === 0 ? Infinity : REACH_PATIENCE_MS),
    );
    connection.picks++;
    return connection;
  }

  /** Callers that look for the same share what is found. */
  #find(reach: Reach): Promise<Endpoint[]> {
    let finding = this.#finding.get(reach);
    if (finding === undefined) {
      finding = this.options.directory.find(this.options.service, reach).finally(() => this.#finding.delete(reach));
      this.#finding.set(reach, finding);
    }
    return finding;
  }

  /**
   * The order in which instances are tried: the nearest first, and those at last that could not be reached, or whose machine
   * is silent. Of some that are equally near the one that is being connected to already, else whichever is drawn.
   */
  #inOrder(endpoints: readonly Endpoint[]): Endpoint[] {
    const now = this.#now();
    const key = ({ id, distance, isSilent }: Endpoint): number =>
      (isSilent || this.#unreachable.has(id, now) ? UNREACHABLE_KEY : 0) + 2 * distance +
      (this.#dialing.has(id) ? 0 : 1);
    return endpoints
      .map((endpoint) => ({ endpoint, key: key(endpoint), draw: this.#random() }))
      .sort((a, b) => a.key - b.key || a.draw - b.draw)
      .map(({ endpoint }) => endpoint);
  }

  #candidates(method: string | undefined, tried: ReadonlySet<string>): PooledConnection[] {
    for (const species of this.#fitting(this.#order, method, tried)) {
      const ofSpecies = this.#usable.filter((connection) => connection.species === species);
      if (ofSpecies.length > 0) return nearestOf(ofSpecies.filter(({ id }) => !tried.has(id)));
    }
    return [];
  }

  /** The species to try. When none fits, a first attempt is made nevertheless: its error says what is wrong. */
  #fitting(order: Species[], method: string | undefined, tried: ReadonlySet<string>): Species[] {
    const fitting = this.#misfits.fitting(order, method);
    return fitting.length === 0 && tried.size === 0 ? order : fitting;
  }

  /** Lists the instances again and connects to further ones, in the background of the calls that are made. */
  async #refresh(now: number): Promise<void> {
    if (this.#isRefreshing) {
      this.#hasChanged = true;
      return;
    }
    this.#isRefreshing = true;
    this.#hasChanged = false;
    for (const connection of this.#usable) if (connection.client.draining) this.#drop(connection);
    this.#refreshAt = now + REFRESH_MS;
    try {
      this.#learn(await this.options.directory.list(this.options.service));
      this.#endPeriod();
      // Whoever cannot be reached now is listed again next time; nobody who waits for that learns what else has changed.
      for (const endpoint of this.#missing()) this.#dial(endpoint, "spread").catch(() => {});
    } catch {
      // A directory that cannot be read stops nobody who is connected already.
    } finally {
      this.#isRefreshing = false;
    }
    if (this.#hasChanged) await this.#refresh(now);
  }

  /** Whoever waits for a call picks nothing, so nothing else would look. */
  #onChanged(): void {
    if (!this.#isClosed && this.#open.size > 0) void this.#refresh(this.#now());
  }

  #learn(endpoints: readonly Endpoint[]): void {
    this.#listed = endpoints;
    const listed = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
    for (const connection of this.#open) this.#learnOf(connection, listed.get(connection.id));
    this.#sort();
  }

  #learnOf(connection: PooledConnection, endpoint: Endpoint | undefined): void {
    const { isListed: wasListed, isSilent: wasSilent } = connection;
    // Who listens elsewhere now is another process of the same name.
    connection.isListed = endpoint !== undefined && endpoint.place === connection.place;
    connection.isSilent = endpoint?.isSilent ?? false;
    const isGone = wasListed && !connection.isListed;
    const hasFallenSilent = !wasSilent && connection.isSilent;
    // One of this machine says itself when it ends.
    if (connection.distance === 0) return;
    if (isGone || hasFallenSilent) connection.client.doubt(DOUBT_MS);
    else if (connection.isListed && !connection.isSilent) connection.client.believe();
    // It drains, or is dead and says nothing. Where there are others it gets no calls any more.
    if (isGone && this.#listed.length > 0) this.#retire(connection);
  }

  /** Retires connections that the period had no use for: to a species that others have taken the place of. */
  #endPeriod(): void {
    for (const connection of this.#open) {
      if (!this.#usable.includes(connection) && connection.inFlight === 0) void connection.client.close();
    }
    const unused = this.#usable.filter((connection) => connection.endPeriod());
    for (const connection of unused) if (!this.#preferred.includes(connection)) this.#retire(connection);
  }

  /** The instances to connect to: the nearest ones of the best species, as many as there is room for. */
  #missing(): Endpoint[] {
    const [best] = speciesInOrder(this.#listed, this.options.pinned);
    const now = this.#now();
    const ofSpecies = this.#listed.filter(({ id, species }) => species === best && !this.#unreachable.has(id, now));
    const nearest = ofSpecies.reduce((least, { distance }) => Math.min(least, distance), Infinity);
    const isConnected = (id: string) => this.#usable.some((connection) => connection.id === id && connection.isListed);
    const missing = ofSpecies.filter(({ id, distance }) => distance === nearest && !isConnected(id));
    const chosen: Endpoint[] = [];
    const connected = this.#usable.filter(({ species, rank }) => species === best && rank === nearest);
    const room = CONNECTIONS_MAX - connected.length;
    while (chosen.length < room && missing.length > 0) {
      chosen.push(...missing.splice(Math.floor(this.#random() * missing.length), 1));
    }
    return chosen;
  }

  #dial(endpoint: Endpoint, purpose: "call" | "spread"): Promise<PooledConnection> {
    let dialing = this.#dialing.get(endpoint.id);
    if (dialing === undefined) {
      dialing = this.#connect(endpoint, purpose).finally(() => this.#dialing.delete(endpoint.id));
      this.#dialing.set(endpoint.id, dialing);
    }
    return dialing;
  }

  async #connect(endpoint: Endpoint, purpose: "call" | "spread"): Promise<PooledConnection> {
    this.#refuseIfClosed();
    const client = await this.#reach(endpoint, purpose);
    if (this.#isClosed) await client.close();
    this.#refuseIfClosed();
    while (this.#usable.length >= CONNECTIONS_MAX) this.#retire(leastNeeded(this.#usable));
    const connection = new PooledConnection(endpoint, client);
    this.#open.add(connection);
    void client.closed.then(() => this.#onClosed(connection));
    this.#usable.push(connection);
    this.#sort();
    this.wasReached = true;
    if (purpose === "call") this.#refreshAt = this.#now() + SPREAD_AFTER_MS;
    return connection;
  }

  async #reach(endpoint: Endpoint, purpose: "call" | "spread"): Promise<RpcClient> {
    try {
      const client = await this.options.connect(endpoint);
      if (purpose === "spread") await prepare(client);
      this.#unreachable.forget(endpoint.id);
      return client;
    } catch (error) {
      // An instance of this machine says at once that it is gone, and who takes its place has its name.
      if (endpoint.distance > 0) this.#unreachable.add(endpoint.id, this.#now());
      throw error;
    }
  }

  #onClosed(connection: PooledConnection): void {
    this.#open.delete(connection);
    if (this.#usable.includes(connection)) this.#drop(connection);
  }

  /** Gives no more calls to an instance that leaves, and looks at once who has taken its place. */
  #drop(connection: PooledConnection): void {
    this.#usable = this.#usable.filter((other) => other !== connection);
    this.#refreshAt = -Infinity;
    this.#sort();
  }

  /**
   * Gives no more calls to an instance that is not needed. Its connection is closed at the end of a period in which it has
   * nothing in flight: whoever has just picked it may still call.
   */
  #retire(connection: PooledConnection): void {
    this.#usable = this.#usable.filter((other) => other !== connection);
    this.#sort();
  }

  #sort(): void {
    this.#order = speciesInOrder([...this.#listed, ...this.#usable], this.options.pinned);
    const best = this.#order.find((species) => this.#usable.some((connection) => connection.species === species));
    this.#preferred = nearestOf(this.#usable.filter((connection) => connection.species === best));
  }

  #refuseIfClosed(): void {
    if (!this.#isClosed) return;
    throw new CellError("FAILED_PRECONDITION", `calling ${this.options.service}: this client is closed`, {
      data: { started: false },
    });
  }
}

/** Asks what the first call would have to ask, so that no call waits for it; throws when the instance does not answer. */
async function prepare(client: RpcClient): Promise<void> {
  let isReady: true | undefined;
  try {
    isReady = await answerWithin(Promise.all([client.hello(), client.servedSchema()]).then(() => true), READY_MS_MAX);
  } finally {
    if (!isReady) await client.close();
  }
  if (!isReady) throw notReady("it does not say who it is");
  if (client.draining) throw notReady("it leaves");
}

function notReady(why: string): CellError {
  return new CellError("UNAVAILABLE", `connecting to a further instance: ${why}`, { data: { started: false } });
}

/** Those that calls are given to as long as there are any. */
function nearestOf(connections: readonly PooledConnection[]): PooledConnection[] {
  const rank = connections.reduce((least, connection) => Math.min(least, connection.rank), Infinity);
  return connections.filter((connection) => connection.rank === rank);
}

/** The farthest one, of equally far ones the least busy. */
function leastNeeded(connections: readonly PooledConnection[]): PooledConnection {
  return connections.reduce((least, other) =>
    other.rank > least.rank || (other.rank === least.rank && other.inFlight < least.inFlight) ? other : least
  );
}
