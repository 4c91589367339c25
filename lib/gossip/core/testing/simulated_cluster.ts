import { assert, SECOND, seededRandom } from "../../../base/mod.ts";
import {
  type LinkOptions,
  type Program,
  type SimulatedMachine,
  SimulatedNetwork,
  type Skew,
  Timeline,
} from "../../../sim/mod.ts";
import {
  type Change,
  DIGEST_BYTES,
  type Effect,
  isLive,
  Membership,
  type MembershipOptions,
  type NodeId,
} from "../mod.ts";
import { decodeState, encodeState } from "../state_document.ts";
import { fakeRecord, idOf, readFakeRecord } from "./fake_record.ts";

/** How often a node that knows nobody tries its contacts again, and how often one that does. */
const CONTACT_MS = 5 * SECOND;
const CONTACT_AGAIN_MS = 60 * SECOND;
/** How long a push/pull may take. */
const PUSH_PULL_MS_MAX = 10 * SECOND;
/** The first byte of a request over a stream. */
const Ask = { ping: 0, digest: 1, state: 2 } as const;

/** A change that a node noticed, by the timeline's time. */
export interface Notice {
  readonly atMs: number;
  readonly by: number;
  readonly about: NodeId;
  readonly change: Change;
}

/** How a cluster is made. */
export interface ClusterOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly membership?: Partial<MembershipOptions>;
  readonly link?: Partial<LinkOptions>;
  readonly skew?: (node: number) => Skew;
  /** Bytes that each record has more: signatures and certificates. @default 0 */
  readonly recordPadding?: number;
}

/** Nodes with a core and the thinnest possible driver each, in a simulated network. */
export class SimulatedCluster {
  readonly timeline = new Timeline();
  readonly random: () => number;
  readonly network: SimulatedNetwork;
  readonly nodes: SimulatedNode[] = [];
  /** What all nodes noticed, in order. */
  readonly notices: Notice[] = [];

  constructor(readonly options: ClusterOptions) {
    this.random = seededRandom(options.seed);
    this.network = new SimulatedNetwork(this.timeline, this.random, options.link);
    for (let number = 0; number < options.nodes; number++) this.nodes.push(new SimulatedNode(this, number));
  }

  /** Starts all nodes; all know all. What they noticed meanwhile is forgotten. */
  startTogether(): this {
    for (const node of this.nodes) node.start();
    const all = encodeState(this.nodes.flatMap(({ core }) => decodeState(core.state())!));
    for (const node of this.nodes) node.do((core, nowMs) => core.merge(all, nowMs));
    this.notices.length = 0;
    return this;
  }

  /** Starts all nodes, which know the first only; gives how long it took until all know all. */
  startByContact(withinMs: number): number {
    const sinceMs = this.timeline.now;
    for (const node of this.nodes) node.start();
    for (const node of this.nodes.slice(1)) node.join(() => [this.nodes[0]!.address]);
    this.runUntil(() => this.agrees(), withinMs, "all know all");
    return this.timeline.now - sinceMs;
  }

  run(durationMs: number): void {
    this.timeline.runUntil(this.timeline.now + durationMs);
  }

  /** Runs until something holds and gives how long that took. Throws when it does not in time. */
  runUntil(holds: () => boolean, withinMs: number, what: string): number {
    const sinceMs = this.timeline.now;
    while (!holds()) {
      if (this.timeline.now - sinceMs >= withinMs) {
        throw new Error(`after ${withinMs} ms not: ${what}\n${this.picture()}`);
      }
      this.run(100);
    }
    return this.timeline.now - sinceMs;
  }

  get up(): SimulatedNode[] {
    return this.nodes.filter(({ machine }) => machine.isUp);
  }

  /** Whether every node that is up takes exactly those for alive that are up, by their newest incarnations. */
  agrees(): boolean {
    const { up } = this;
    return up.every(({ core }) =>
      core.live === up.length &&
      up.every(({ id, core: other }) => {
        const member = core.member(id);
        return member?.state === "alive" && member.incarnation === other.incarnation;
      })
    );
  }

  /** Whether all that are up take a node for failed (or left). */
  allMiss(id: NodeId): boolean {
    return this.up.every(({ core }) => {
      const member = core.member(id);
      return member !== undefined && !isLive(member);
    });
  }

  /** Who takes how many for live, for whoever reads a failure. */
  picture(): string {
    return this.up.slice(0, 20).map(({ number, core }) => `node ${number} holds ${core.live} for live`).join("\n");
  }
}

/** One node: its machine, and the core that runs on it at the moment. */
export class SimulatedNode implements Program {
  machine: SimulatedMachine;
  core!: Membership;
  readonly #padding: string;
  #moves = 0;

  constructor(readonly cluster: SimulatedCluster, readonly number: number, readonly id = idOf(number + 1)) {
    this.machine = this.#newMachine();
    this.#padding = " ".padEnd(cluster.options.recordPadding ?? 0, "s");
  }

  get address(): string {
    return this.machine.address;
  }

  /** Crashes; its next life is at another address. */
  move(): void {
    this.machine.crash();
    this.#moves++;
    this.machine = this.#newMachine();
  }

  /** A new life, with an incarnation that may be lower than that of the one before. */
  start(incarnationFirst = 0): void {
    const { random, options } = this.cluster;
    const self = {
      id: this.id,
      record: (incarnation: number) => fakeRecord(this.id, incarnation, this.address + this.#padding),
    };
    const { nowMs } = this.machine.clock;
    this.core = new Membership(self, options.membership ?? {}, random, readFakeRecord, nowMs, incarnationFirst);
    this.machine.start(this);
  }

  /**
   * Tries contacts until somebody is known, and now and then after that: nodes that moved while they were parted from
   * the others know only each other, and nobody else knows where they are.
   */
  join(addresses: () => readonly string[]): void {
    const { machine } = this;
    const { run } = machine;
    const attempt = () => {
      if (machine.run !== run) return;
      this.contact(addresses());
      this.cluster.timeline.after(this.core.live > 1 ? CONTACT_AGAIN_MS : CONTACT_MS, attempt);
    };
    attempt();
  }

  /** Does something with the core now, on its machine. */
  do(act: (core: Membership, nowMs: number) => Effect[]): void {
    this.#perform(act(this.core, this.machine.clock.nowMs));
    this.machine.arm();
  }

  contact(addresses: readonly string[]): void {
    this.do((core, nowMs) => core.contact(addresses, nowMs));
  }

  get nextAtMs(): number {
    return this.core.nextAtMs;
  }

  #newMachine(): SimulatedMachine {
    const { network, options } = this.cluster;
    return network.add(`10.${this.#moves}.0.${this.number}:9044`, options.skew?.(this.number));
  }

  tick(nowMs: number): void {
    this.#perform(this.core.tick(nowMs));
    assert(this.core.nextAtMs > nowMs, "a tick asks for another one at once");
  }

  receive(from: string, packet: Uint8Array, nowMs: number): void {
    this.#perform(this.core.receive(from, packet, nowMs));
  }

  answer(_: string, request: Uint8Array, nowMs: number): Uint8Array {
    const body = request.subarray(1);
    if (request[0] === Ask.ping) return new Uint8Array(1);
    if (request[0] === Ask.digest) return isSame(body, this.core.digest()) ? new Uint8Array(1) : new Uint8Array(2);
    this.#perform(this.core.merge(body, nowMs));
    return this.core.state();
  }

  #perform(effects: readonly Effect[]): void {
    const { network, notices, timeline } = this.cluster;
    for (const effect of effects) {
      if (effect.kind === "send") {
        assert(
          effect.packet.length <= (this.cluster.options.membership?.packetBytesMax ?? 1_300),
          "a packet is too long",
        );
        network.send(this.machine.address, effect.to, effect.packet);
      }
      if (effect.kind === "push_pull") this.#pushPull(effect.address);
      if (effect.kind === "probe_stream") this.#probeStream(effect.id, effect.address, effect.timeoutMs);
      if (effect.kind !== "change") continue;
      notices.push({ atMs: timeline.now, by: this.number, about: effect.member.id, change: effect.change });
    }
  }

  #pushPull(address: string): void {
    const { network } = this.cluster;
    const ask = (kind: number, body: Uint8Array, done: (answer: Uint8Array, nowMs: number) => void) => {
      const request = new Uint8Array(1 + body.length);
      request[0] = kind;
      request.set(body, 1);
      network.exchange(this.machine.address, address, request, PUSH_PULL_MS_MAX, (answer, nowMs) => {
        if (answer !== undefined) done(answer, nowMs);
      });
    };
    const digest = this.core.digest();
    assert(digest.length === DIGEST_BYTES, "a digest is as long as it says");
    ask(Ask.digest, digest, (answer) => {
      if (answer.length === 1) return;
      ask(Ask.state, this.core.state(), (state, nowMs) => this.#perform(this.core.merge(state, nowMs)));
    });
  }

  #probeStream(id: NodeId, address: string, timeoutMs: number): void {
    this.cluster.network.exchange(this.machine.address, address, new Uint8Array(1), timeoutMs, (answer, nowMs) => {
      this.core.onProbeStream(id, answer !== undefined, nowMs);
    });
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
