import { type CellError, MS, SECOND, toCellError } from "../../base/mod.ts";
import type { Link } from "../../net/mod.ts";
import type { NodeAgent, Offer } from "./agent.ts";
import { type CredentialsHold, holdCredentials } from "./held_credentials.ts";
import type { OwnCredentials } from "./own_credentials.ts";
import { OFFLINE_LOOK_MS, StandingStream } from "./standing_stream.ts";
import type { NetworkListener } from "./transports.ts";

/** The first wait while the agent is starting; each further one is twice as long, up to `LOOK_MS`. */
export const LOOK_FIRST_MS = 250 * MS;
/** So often it is looked whether there is an agent with a network, and tried again to listen where that failed. */
export const LOOK_MS = 5 * SECOND;

/** An instance that wants to be reached by other nodes. */
export interface NetworkPresenceOptions {
  readonly agent: NodeAgent;
  readonly offer: Omit<Offer, "quicPort" | "tlsPort">;
  onLink(link: Link): void;
  /** Hears of connections that were not let in, and of what keeps the instance from listening. */
  onRefused(error: CellError): void;
}

/** What an instance has while there is a network. */
interface Listening {
  readonly listener: NetworkListener;
  /** The authority that it was begun with. */
  readonly authority: string;
  readonly offer: StandingStream<boolean>;
}

/**
 * Lets other nodes reach an instance: while there is an agent with a network it listens and is in the catalog. When the agent
 * goes, connections live on, and the instance is announced again as soon as there is one. Until there was a network once it
 * costs a look at a lock every `LOOK_MS`, beside an agent every `OFFLINE_LOOK_MS`, and loads nothing.
 */
export class NetworkPresence {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hold: CredentialsHold | undefined;
  #stopListening = (): void => {};
  #listening: Listening | undefined;
  /** What changes comes one after the other. */
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;
  #waitMs = LOOK_FIRST_MS;
  #lastTold = "";

  constructor(private readonly options: NetworkPresenceOptions) {
    this.#look();
  }

  /** Where it listens now; undefined while it does not. */
  get ports(): Pick<NetworkListener, "quicPort" | "tlsPort"> | undefined {
    return this.#listening?.listener;
  }

  /** Is announced no longer and accepts no more. Connections that exist are the server's. */
  async close(): Promise<void> {
    if (this.#isClosed) return await this.#turn;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#stopListening();
    this.#listening?.offer.close();
    await this.#inTurn(async () => {
      await this.#stop();
      // Connections that are drained go on with what they have; nothing new is certified.
      this.#hold?.release();
    });
  }

  /** Nothing is begun before there is a network; from then on the streams of the agent say what happens. */
  #look(): void {
    if (this.#isClosed) return;
    const state = this.options.agent.state();
    if (state === "online") return this.#begin();
    const isSoon = state === "starting";
    const laterMs = state === "offline" ? OFFLINE_LOOK_MS : LOOK_MS;
    this.#timer = setTimeout(() => this.#look(), isSoon ? this.#waitMs : laterMs);
    this.#waitMs = isSoon ? Math.min(2 * this.#waitMs, LOOK_MS) : LOOK_FIRST_MS;
    this.#timer.unref();
  }

  #begin(): void {
    const { agent, offer: { service, instance } } = this.options;
    const hold = this.#hold ??= holdCredentials(agent, { service, instance });
    void hold.credentials.then((credentials) => {
      if (this.#isClosed) return;
      this.#stopListening = credentials.listen({
        onRenewed: ({ certification }) => {
          if (this.#listening?.authority !== certification.authority) void this.#inTurn(() => this.#start(credentials));
        },
        onRevoked: (nodes) => {
          this.#listening?.listener.closeOf(nodes);
          void import("./transports.ts").then(({ closeLinksOf }) => closeLinksOf(nodes));
        },
        onOffline: () => void this.#inTurn(() => this.#stop()),
      });
    });
  }

  /** Listens, with the authority that there is now. */
  async #start(credentials: OwnCredentials): Promise<void> {
    const authority = credentials.standing!.certification.authority;
    if (this.#isClosed || this.#listening?.authority === authority) return;
    await this.#stop();
    const { agent, offer, onLink } = this.options;
    try {
      const { listenToNetwork } = await import("./transports.ts");
      const onRefused = (error: CellError) => this.options.onRefused(error);
      const listener = await listenToNetwork(credentials, { onLink, onRefused });
      if (this.#isClosed) return await listener.close();
      const { quicPort, tlsPort } = listener;
      const standing = new StandingStream({
        agent,
        open: () => agent.advertise({ ...offer, quicPort, tlsPort }),
        onItem: () => {},
        onError: (error) => this.#tell(error),
      });
      this.#listening = { listener, authority, offer: standing };
    } catch (error) {
      this.#tell(toCellError(error));
      this.#timer = setTimeout(() => void this.#inTurn(() => this.#start(credentials)), LOOK_MS);
      this.#timer.unref();
    }
  }

  async #stop(): Promise<void> {
    const listening = this.#listening;
    this.#listening = undefined;
    listening?.offer.close();
    await listening?.listener.close();
  }

  /** What stays wrong is told once; that the agent is away is its own affair. */
  #tell(error: CellError): void {
    if (error.code === "UNAVAILABLE" || error.code === "CANCELLED" || error.message === this.#lastTold) return;
    this.#lastTold = error.message;
    this.options.onRefused(error);
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    return this.#turn = this.#turn.then(step, step);
  }
}
