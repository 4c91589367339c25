import { type Latency, uniformLatency } from "./latency.ts";
import { SimulatedMachine } from "./simulated_machine.ts";
import type { Skew } from "./simulated_clock.ts";
import type { Timeline } from "./timeline.ts";

/** What happens to what is sent from one machine to another. */
export interface LinkOptions {
  /** How long a packet travels. @default 0.2 to 1 ms */
  readonly latency: Latency;
  /** How likely a datagram is lost. @default 0 */
  readonly loss: number;
  /** How likely a datagram comes a second time, later. @default 0 */
  readonly duplication: number;
  /** How likely a datagram is held up so that others overtake it. @default 0 */
  readonly reordering: number;
}

/** A network where nothing goes wrong. */
export const PERFECT_LINK: LinkOptions = {
  latency: uniformLatency(0.2, 1),
  loss: 0,
  duplication: 0,
  reordering: 0,
};

/** What one machine has sent and been given, in datagrams and in requests over streams. */
export interface Traffic {
  packetsSent: number;
  packetsReceived: number;
  bytesSent: number;
  bytesReceived: number;
}

/** So long a packet is held up at most so that others overtake it. */
const REORDERED_MS_MAX = 100;
/** A stream costs two packets each way before a request is there: its handshake. */
const HANDSHAKE_TRIPS = 2;

/** Machines and what is between them: datagrams that get lost, late, doubled and reordered, and streams that break. */
export class SimulatedNetwork {
  readonly #link: LinkOptions;
  readonly #machines = new Map<string, SimulatedMachine>();
  readonly #traffic = new Map<string, Traffic>();
  readonly #links = new Map<string, LinkOptions>();
  readonly #cuts = new Set<string>();
  /** The number of the group that an address is in; empty without a partition. */
  #groups = new Map<string, number>();

  constructor(
    private readonly timeline: Timeline,
    private readonly random: () => number,
    link: Partial<LinkOptions> = {},
  ) {
    this.#link = { ...PERFECT_LINK, ...link };
  }

  /** Adds a machine at an address that none has; it runs nothing yet. */
  add(address: string, skew: Skew = {}): SimulatedMachine {
    if (this.#machines.has(address)) throw new Error(`two machines at ${address}`);
    const machine = new SimulatedMachine(this.timeline, address, skew);
    this.#machines.set(address, machine);
    this.#traffic.set(address, { packetsSent: 0, packetsReceived: 0, bytesSent: 0, bytesReceived: 0 });
    return machine;
  }

  /** The machine at an address; it may be off. */
  machine(address: string): SimulatedMachine | undefined {
    return this.#machines.get(address);
  }

  /** What the machine at this address has sent and been given so far. */
  traffic(address: string): Readonly<Traffic> {
    return this.#traffic.get(address)!;
  }

  /** Sets how one direction between two machines behaves from now on. */
  setLink(from: string, to: string, link: Partial<LinkOptions>): void {
    this.#links.set(`${from} ${to}`, { ...this.#link, ...link });
  }

  /** Nothing goes this way any more; the other way is as it was. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from} ${to}`);
  }

  /** Takes a cut back. */
  mend(from: string, to: string): void {
    this.#cuts.delete(`${from} ${to}`);
  }

  /** Nothing passes between groups; who is in none is in one with all others who are in none. */
  partition(groups: readonly (readonly string[])[]): void {
    this.#groups = new Map(groups.flatMap((group, index) => group.map((address) => [address, index + 1] as const)));
  }

  /** Takes the partition back; cuts stay. */
  heal(): void {
    this.#groups.clear();
  }

  /** Sends a datagram: it comes once, never, twice or late. */
  send(from: string, to: string, packet: Uint8Array): void {
    this.#machines.get(from)?.send(() => this.#send(from, to, packet));
  }

  #send(from: string, to: string, packet: Uint8Array): void {
    const { random } = this;
    const link = this.#linkOf(from, to);
    this.#countSent(from, packet.length);
    if (!this.#passes(from, to) || random() < link.loss) return;
    this.#carry(link, from, to, packet);
    if (random() < link.duplication) this.#carry(link, from, to, packet);
  }

  #carry(link: LinkOptions, from: string, to: string, packet: Uint8Array): void {
    const { random } = this;
    const heldUpMs = random() < link.reordering ? random() * REORDERED_MS_MAX : 0;
    this.timeline.after(link.latency(random) + heldUpMs, () => {
      const machine = this.#machines.get(to);
      if (machine === undefined || !machine.isUp || !this.#passes(from, to)) return;
      this.#countReceived(to, packet.length);
      machine.deliver(from, packet);
    });
  }

  /**
   * Makes a request over a reliable stream. `done` gets the answer; undefined when there was none within `timeoutMs`,
   * because either way is cut, the machine is off, busy for too long, or refuses.
   */
  exchange(
    from: string,
    to: string,
    request: Uint8Array,
    timeoutMs: number,
    done: (answer: Uint8Array | undefined, nowMs: number) => void,
  ): void {
    const asking = this.#machines.get(from);
    const run = asking?.run;
    let isOver = false;
    const finish = (answer: Uint8Array | undefined) => {
      if (isOver || asking?.run !== run) return;
      isOver = true;
      asking?.handle((_, nowMs) => done(answer, nowMs));
    };
    this.timeline.after(timeoutMs, () => finish(undefined));
    const trip = (one: string, other: string, act: () => void) => {
      if (!this.#passes(one, other) || !this.#passes(other, one)) return;
      this.timeline.after(this.#linkOf(one, other).latency(this.random), act);
    };
    this.#countSent(from, request.length);
    let trips = HANDSHAKE_TRIPS * 2;
    const next = () => {
      if (trips-- > 0) return trips % 2 === 1 ? trip(from, to, next) : trip(to, from, next);
      trip(from, to, () => this.#answer(from, to, request, (answer) => trip(to, from, () => finish(answer))));
    };
    next();
  }

  #answer(from: string, to: string, request: Uint8Array, reply: (answer: Uint8Array | undefined) => void): void {
    this.#machines.get(to)?.handle((program, nowMs) => {
      this.#countReceived(to, request.length);
      const answer = program.answer?.(from, request, nowMs);
      if (answer !== undefined) {
        this.#countSent(to, answer.length);
        this.#countReceived(from, answer.length);
      }
      reply(answer);
    });
  }

  #linkOf(from: string, to: string): LinkOptions {
    return this.#links.size === 0 ? this.#link : this.#links.get(`${from} ${to}`) ?? this.#link;
  }

  #passes(from: string, to: string): boolean {
    if (this.#groups.size > 0 && this.#groups.get(from) !== this.#groups.get(to)) return false;
    return this.#cuts.size === 0 || !this.#cuts.has(`${from} ${to}`);
  }

  #countSent(address: string, byteCount: number): void {
    const traffic = this.#traffic.get(address);
    if (traffic === undefined) return;
    traffic.packetsSent++;
    traffic.bytesSent += byteCount;
  }

  #countReceived(address: string, byteCount: number): void {
    const traffic = this.#traffic.get(address);
    if (traffic === undefined) return;
    traffic.packetsReceived++;
    traffic.bytesReceived += byteCount;
  }
}
