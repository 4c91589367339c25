import { CellError, type Code, MS, SECOND, toCellError } from "../../base/mod.ts";
import { notStarted } from "../../rpc/mod.ts";
import { answerWithin } from "../answer_within.ts";
import type { Directory, Endpoint, Reach } from "../directory.ts";
import { nowhere } from "../nowhere.ts";
import type { KnownInstance, KnownMember, NodeAgent, OwnNode } from "./agent.ts";
import { notOnline } from "./not_online.ts";
import { type InstanceDialer, remoteEndpoint } from "./remote_endpoint.ts";
import { routesOf } from "./route.ts";
import { StandingStream } from "./standing_stream.ts";

/** An agent that knows the instances answers before; after so long, what sleeps on this machine is started as well. */
export const HEAD_START_MS = 20 * MS;
/** How long a listing waits for the first news of the cluster; later ones have them. */
export const NEWS_MS_MAX = 1 * SECOND;
/** Of a service with more instances than this the rest gets no calls from this client. */
export const ENDPOINTS_MAX = 4_096;
/** The agent is gone, going, or does not answer. */
const ABSENT: ReadonlySet<Code> = new Set(["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"]);
/** Nodes in these states cannot be asked, and may be back in a moment. */
const SILENT: ReadonlySet<string> = new Set(["suspect", "failed"]);

/** What runs on this machine. */
export interface MachineDirectory extends Directory {
  /** The instances that accept connections at this moment; nobody is asked and nothing started. */
  ready(service: string): Endpoint[];
}

/** What a directory of the cluster is made of. */
export interface ClusterDirectoryOptions {
  readonly local: MachineDirectory;
  readonly agent: NodeAgent;
  readonly dialer: InstanceDialer;
  /** Whether only connections over the network will do, to instances of this machine too. */
  readonly isInsisting: boolean;
}

/** What the other nodes have of a service, or what is told to a caller that finds it nowhere. */
interface Answer {
  readonly endpoints: Endpoint[];
  /** What keeps the one that has it from starting it. */
  readonly error?: CellError;
  /** Why nobody has said who has it. */
  readonly silence?: CellError;
}

/**
 * The instances of one service on this machine and, where its agent has a network, on all others. A machine without a
 * network pays for a look at one lock, and only when nothing runs here.
 */
export class ClusterDirectory implements Directory {
  #self: OwnNode | undefined;
  #watch: StandingStream<KnownInstance[]> | undefined;
  /** What the agent last said; kept while it is away. */
  #known: readonly KnownInstance[] | undefined;
  readonly #firstNews = Promise.withResolvers<void>();
  #onChange: () => void = () => {};

  constructor(private readonly options: ClusterDirectoryOptions) {}

  /** Whoever lists goes on calling: from then on it hears what changes in the cluster, until it is closed. */
  async list(service: string): Promise<readonly Endpoint[]> {
    const { local, isInsisting } = this.options;
    const here = isInsisting ? [] : await local.list(service);
    await this.#follow(service);
    const elsewhere = this.#elsewhere();
    return elsewhere.length === 0 ? here : [...here, ...elsewhere];
  }

  async find(service: string, reach: Reach = "near"): Promise<Endpoint[]> {
    const { local, agent, isInsisting } = this.options;
    const here = isInsisting ? [] : local.ready(service);
    const known = [...here, ...this.#elsewhere()];
    if (known.length > 0 && reach === "near") return known;
    const state = agent.state();
    if (state === "online") return isInsisting ? await this.#insist(service) : await this.#ask(service, here);
    // What was known before the agent ended is as good as before.
    if (known.length > 0) return known;
    if (isInsisting) throw notOnline(service, state);
    return await local.find(service, reach);
  }

  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  close(): void {
    this.#watch?.close();
    this.options.dialer.close();
  }

  async #ask(service: string, here: readonly Endpoint[]): Promise<Endpoint[]> {
    const asked = this.#lookUp(service);
    if (here.length > 0) return [...here, ...(await asked).endpoints];
    const atOnce = await answerWithin(asked, HEAD_START_MS);
    if (atOnce !== undefined && atOnce.endpoints.length > 0) return atOnce.endpoints;
    return await this.#startHere(service, asked);
  }

  /** What this machine does or can be made to, else what the others have. */
  async #startHere(service: string, asked: Promise<Answer>): Promise<Endpoint[]> {
    try {
      return await this.options.local.find(service, "everywhere");
    } catch (thrown) {
      const { endpoints, error, silence } = await asked;
      if (endpoints.length > 0) return endpoints;
      const local = toCellError(thrown);
      if (local.code !== "NOT_FOUND") throw local;
      if (silence !== undefined) throw unasked(local, silence);
      throw error ?? await this.#nowhere(service, local);
    }
  }

  /** Over the network only. What sleeps here is started, and found by the next attempt when it listens. */
  async #insist(service: string): Promise<Endpoint[]> {
    const { agent } = this.options;
    const running = await this.#endpointsOf(agent.discover(service).catch(() => []));
    if (running.length > 0) return running;
    const found = await this.#startHere(service, this.#lookUp(service));
    const elsewhere = found.filter(({ distance }) => distance > 0);
    if (elsewhere.length > 0) return elsewhere;
    throw new CellError("UNAVAILABLE", `${service} runs here and does not listen to the network yet`, {
      data: { started: false },
    });
  }

  async #lookUp(service: string): Promise<Answer> {
    try {
      return { endpoints: await this.#endpointsOf(this.options.agent.lookup(service)) };
    } catch (thrown) {
      const error = toCellError(thrown);
      // An agent that does not answer has not said that there is no such service, nor anything else of it.
      if (ABSENT.has(error.code)) return { endpoints: [], silence: error };
      // One of an older version has no such method.
      return error.code === "NOT_FOUND" ? { endpoints: [] } : { endpoints: [], error: notStarted(error) };
    }
  }

  async #endpointsOf(asked: Promise<KnownInstance[]>): Promise<Endpoint[]> {
    const [self, known] = await Promise.all([this.#whoIsSelf(), asked]);
    return self === undefined ? [] : this.#endpoints(known, self);
  }

  #elsewhere(): Endpoint[] {
    if (this.#self === undefined || this.#known === undefined) return [];
    // A node that has left its cluster has nothing to do with what it knew; one whose agent is away has.
    if (this.options.agent.state() === "offline") return [];
    return this.#endpoints(this.#known, this.#self);
  }

  /** What runs on this very node is known better by its locks. */
  #endpoints(known: readonly KnownInstance[], self: OwnNode): Endpoint[] {
    const { dialer, isInsisting } = this.options;
    const wanted = known.filter(({ nodeId, endpoints }) =>
      isInsisting ? routesOf(endpoints, "auto").length > 0 : nodeId !== self.id
    );
    return wanted.slice(0, ENDPOINTS_MAX).map((instance) => remoteEndpoint(instance, self, dialer));
  }

  async #whoIsSelf(): Promise<OwnNode | undefined> {
    return this.#self ??= await this.options.agent.self().catch(() => undefined);
  }

  /** Opens the stream of news, and waits for the first ones. */
  async #follow(service: string): Promise<void> {
    const { agent } = this.options;
    if (this.#watch === undefined) {
      if (agent.state() !== "online") return;
      this.#watch = new StandingStream({
        agent,
        open: () => agent.watch(service),
        onItem: (known) => {
          this.#known = known;
          this.#firstNews.resolve();
          this.#onChange();
        },
      });
    }
    if (this.#self === undefined) await this.#whoIsSelf();
    if (this.#known === undefined) await answerWithin(this.#firstNews.promise, NEWS_MS_MAX);
  }

  async #nowhere(service: string, here: CellError): Promise<CellError> {
    const { agent } = this.options;
    const [services, members] = await Promise.all([
      agent.services().catch((): string[] => []),
      agent.members().catch((): KnownMember[] => []),
    ]);
    const others = members.filter(({ isSelf }) => !isSelf);
    const silent = others.filter(({ state }) => SILENT.has(state)).map(({ name }) => name);
    return nowhere({ service, here, services, silent, wasAsked: others.some(({ state }) => state === "alive") });
  }
}

/** The error for a service that is not here where nobody has said whether it is elsewhere. */
function unasked(here: CellError, silence: CellError): CellError {
  const message = `${here.message} Whether another node has it the node agent does not say: ${silence.message}`;
  return new CellError("UNAVAILABLE", message, { retryable: true, data: { started: false }, cause: silence });
}
