import { MINUTE } from "../../../base/mod.ts";
import type { Catalog, Item } from "../catalog.ts";
import type { CatalogEntry, OwnEntry } from "../entry.ts";
import { SWEEP_INTERVAL_MS } from "../sweep.ts";
import { nodeId } from "./fake_keys.ts";
import { catalogOf, entryOf, pushPull, START_MS } from "./samples.ts";

/** One thing that happens; numbers are taken modulo what there is. */
export type Step =
  | { does: "put"; node: number; instance: number; port: number; load: number }
  | { does: "remove"; node: number; instance: number }
  | { does: "deliver" | "lose" | "duplicate"; packet: number }
  | { does: "pushPull"; node: number; other: number }
  | { does: "split"; mask: number }
  | { does: "heal" }
  | { does: "crash" | "restart"; node: number; clockMinutes: number }
  | { does: "notice"; node: number; other: number }
  | { does: "pass"; minutes: number };

interface Machine {
  readonly id: string;
  catalog: Catalog;
  /** What runs there, by instance. */
  readonly runs: Map<string, OwnEntry>;
  clockOffsetMs: number;
  isUp: boolean;
  group: number;
}

interface Packet {
  readonly from: number;
  readonly to: number;
  readonly payload: Uint8Array;
}

/** Broadcasts on their way; the oldest are lost. */
const PACKETS_MAX = 1_000;
const INSTANCES = 4;
/** From peace to agreement, when every pair pushes and pulls once in a round. */
const ROUNDS_MAX = 5;
/** After that everything that was kept for a while is gone everywhere. */
const FORGOTTEN_MS = 3 * 60 * MINUTE;

/** A few nodes with wrong clocks and a network that does anything, moved by steps. */
export class Cluster {
  readonly #machines: Machine[];
  readonly #packets: Packet[] = [];
  #nowMs = START_MS;

  constructor(nodes: number) {
    this.#machines = Array.from({ length: nodes }, (_, number) => ({
      id: nodeId(number),
      catalog: catalogOf(number),
      runs: new Map(),
      clockOffsetMs: 0,
      isUp: true,
      group: 0,
    }));
    for (const machine of this.#machines) this.#noticeAll(machine);
  }

  take(step: Step): void {
    switch (step.does) {
      case "put":
        return this.#put(this.#at(step.node), step);
      case "remove":
        return this.#remove(this.#at(step.node), instanceName(step.instance));
      case "deliver":
      case "lose":
      case "duplicate":
        return this.#move(step.does, step.packet);
      case "pushPull":
        return this.#pushPull(this.#at(step.node), this.#at(step.other));
      case "split":
        return this.#machines.forEach((machine, index) => machine.group = (step.mask >> index) & 1);
      case "heal":
        return this.#machines.forEach((machine) => machine.group = 0);
      case "crash":
        this.#at(step.node).isUp = false;
        return;
      case "restart":
        return this.#restart(step.node % this.#machines.length, step.clockMinutes);
      case "notice":
        return this.#notice(this.#at(step.node), this.#at(step.other));
      case "pass":
        return this.#pass(step.minutes * MINUTE);
    }
  }

  /** Peace, with every broadcast lost: pushes and pulls alone have to bring agreement and then silence, or it throws. */
  settle(): void {
    this.take({ does: "heal" });
    this.#packets.length = 0;
    for (const machine of this.#machines) this.#noticeAll(machine);
    for (let round = 0; this.disagreement() !== undefined; round++) {
      if (round === ROUNDS_MAX) throw new Error(`after ${round} rounds: ${this.disagreement()}`);
      this.#round();
    }
    this.#pass(FORGOTTEN_MS);
    this.#round();
    this.#round();
    const wordy = this.#round();
    if (wordy.length > 0) throw new Error(`${wordy.join(", ")} still exchange something`);
    if (this.disagreement() !== undefined) throw new Error(`later: ${this.disagreement()}`);
  }

  /** What somebody sees that is not there, or does not see that is, or sees otherwise than its owner. */
  disagreement(): string | undefined {
    const up = this.#machines.filter(({ isUp }) => isUp);
    for (const owner of up) {
      const published = owner.catalog.all().filter(({ node }) => node === owner.id);
      const expected = [...owner.runs.values()];
      // The load that is published may be an older one.
      if (shown(published, 0) !== shown(expected, 0)) {
        return `${owner.id} has ${shown(published)}, not ${shown(expected)}`;
      }
      for (const { id, catalog } of up) {
        const seen = catalog.all().filter(({ node }) => node === owner.id);
        if (shown(seen) !== shown(published)) {
          return `${id} sees ${shown(seen)} of ${owner.id}, not ${shown(published)}`;
        }
      }
    }
    const strange = up.find(({ catalog }) => catalog.all().some(({ node }) => !up.some(({ id }) => id === node)));
    return strange === undefined ? undefined : `${strange.id} sees somebody who is down`;
  }

  /** Every pair once; gives those pairs that had more to say than a digest. */
  #round(): string[] {
    this.#pass(SWEEP_INTERVAL_MS);
    const up = this.#machines.filter(({ isUp }) => isUp);
    const wordy: string[] = [];
    for (const one of up) {
      for (const other of up) {
        if (one.id >= other.id) continue;
        const { messageBytes } = pushPull(one.catalog, other.catalog, this.#clock(one), this.#clock(other));
        if (messageBytes.length > 1) wordy.push(`${one.id} and ${other.id}`);
      }
    }
    return wordy;
  }

  #at(number: number): Machine {
    return this.#machines[number % this.#machines.length]!;
  }

  #clock({ clockOffsetMs }: Machine): number {
    return this.#nowMs + clockOffsetMs;
  }

  #put(machine: Machine, { instance, port, load }: { instance: number; port: number; load: number }): void {
    if (!machine.isUp) return;
    const entry = entryOf(instanceName(instance), { quicPort: port, load });
    machine.runs.set(entry.instance, entry);
    this.#broadcast(machine, machine.catalog.put(entry, this.#clock(machine)));
  }

  #remove(machine: Machine, instance: string): void {
    if (!machine.isUp || !machine.runs.delete(instance)) return;
    this.#broadcast(machine, machine.catalog.remove("hello", instance, this.#clock(machine)));
  }

  #broadcast(sender: Machine, items: readonly Item[]): void {
    const from = this.#machines.indexOf(sender);
    for (const { payload } of items) {
      for (let to = 0; to < this.#machines.length; to++) if (to !== from) this.#packets.push({ from, to, payload });
    }
    this.#packets.splice(0, this.#packets.length - PACKETS_MAX);
  }

  #move(does: "deliver" | "lose" | "duplicate", number: number): void {
    if (this.#packets.length === 0) return;
    const index = number % this.#packets.length;
    const { from, to, payload } = this.#packets[index]!;
    if (does !== "duplicate") this.#packets.splice(index, 1);
    const receiver = this.#at(to);
    if (does === "lose" || !receiver.isUp || receiver.group !== this.#at(from).group) return;
    this.#broadcast(receiver, receiver.catalog.receive(payload, this.#clock(receiver)));
  }

  #pushPull(one: Machine, other: Machine): void {
    if (one === other || !one.isUp || !other.isUp || one.group !== other.group) return;
    const { items } = pushPull(one.catalog, other.catalog, this.#clock(one), this.#clock(other));
    this.#broadcast(one, items);
  }

  /** Everything that ran there is gone, and the clock may be another one. */
  #restart(number: number, clockMinutes: number): void {
    const machine = this.#machines[number]!;
    machine.isUp = true;
    machine.runs.clear();
    machine.clockOffsetMs = clockMinutes * MINUTE;
    machine.catalog = catalogOf(number, { firstVersion: this.#clock(machine) });
    this.#noticeAll(machine);
  }

  #noticeAll(machine: Machine): void {
    for (const other of this.#machines) this.#notice(machine, other);
  }

  #notice(machine: Machine, other: Machine): void {
    const isThere = other.isUp && other.group === machine.group;
    if (isThere) machine.catalog.nodeJoined(other.id, this.#clock(machine));
    else machine.catalog.nodeFailed(other.id, this.#clock(machine));
  }

  #pass(durationMs: number): void {
    this.#nowMs += durationMs;
    for (const machine of this.#machines) {
      if (machine.isUp) this.#broadcast(machine, machine.catalog.tick(this.#clock(machine)));
    }
  }
}

function instanceName(number: number): string {
  return `hello@${(number % INSTANCES) + 1}`;
}

function shown(entries: readonly (OwnEntry | CatalogEntry)[], load?: number): string {
  const texts = entries.map((entry) => `${entry.instance}:${entry.quicPort}:${load ?? entry.load}`);
  return texts.sort().join(" ") || "nothing";
}
