import { SECOND } from "../../../base/mod.ts";
import { Chance, Timeline } from "../../../sim/mod.ts";
import type { Effect, ExitStatus, InstanceId } from "../effect.ts";
import type { ReleaseSpec, ServiceSpec } from "../spec.ts";
import { SupervisorCore } from "../supervisor_core.ts";
import { FakeProcess, type Listener, type World } from "./fake_process.ts";

/** Few, so that runs reach it. */
const STARTING_MAX = 3;
const SERVICES = ["ant", "bee", "cat"];
/** From a demand to an instance or the reason why there is none: back-off, a place at the gate, a start, and a kill. */
const DEMAND_MS_MAX = 200 * SECOND;
/** From the last disturbance to what was asked for: five failed starts that each take their whole time, one after another. */
const SETTLE_MS_MAX = 600 * SECOND;
/** Ticks that any number of processes here can ask for in a second, on average. */
const TICKS_PER_SECOND_MAX = 40;

/** How a run goes. */
export interface Course {
  /** Whether processes and agent fail. Without failures, no change may make fewer instances answer than are wanted. */
  readonly isDisturbed: boolean;
  readonly disturbedMs: number;
}

/**
 * A machine in virtual time: services whose specs change, processes that fail in every way, an agent that is suspended
 * and killed, callers that wait. Checks after every step what has to hold always, and at the end that everything is as it
 * was asked for. Throws at the first thing that is not.
 */
export class Simulation implements World, Listener {
  readonly time = new Timeline();
  readonly chance: Chance;
  isDisturbed: boolean;
  readonly #processes = new Map<number, FakeProcess>();
  /** What an agent finds when it starts: changes are written here first. */
  readonly #store = new Map<string, ServiceSpec>();
  readonly #broken = new Set<number>();
  readonly #erring = new Set<number>();
  readonly #busy = new Set<string>();
  readonly #aborted = new Set<number>();
  readonly #wereActive = new Set<number>();
  readonly #demands = new Map<string, number>();
  readonly #answering = new Map<string, number>();
  #core!: SupervisorCore;
  /** Counts agents; 0 while none runs. */
  #agent = 0;
  #agentsSoFar = 0;
  #suspendedUntil = 0;
  #isClosed = false;
  #pids = 100;
  #releases = 0;
  #ticks = 0;
  readonly #queue: Effect[] = [];
  #isApplying = false;
  readonly #trace: string[] = [];

  constructor(seed: number, private readonly course: Course) {
    this.chance = new Chance(seed);
    this.isDisturbed = course.isDisturbed;
  }

  /** What happened last, for whoever reads a failure. */
  get trace(): string {
    return this.#trace.slice(-80).join("\n");
  }

  run(): void {
    this.#startAgent();
    this.#planChange();
    while (this.time.now < this.course.disturbedMs) this.#step();
    this.isDisturbed = false;
    this.#suspendedUntil = this.time.now;
    if (this.#agent === 0) this.#startAgent();
    this.#note("calm");
    for (const name of this.#store.keys()) this.#apply(this.#core.restart(name, this.time.now));
    const calmAt = this.time.now;
    while (this.#unsettled() !== undefined) {
      if (this.time.now - calmAt > SETTLE_MS_MAX) throw new Error(`not settled: ${this.#unsettled()}`);
      this.#step();
    }
    const ticksMax = 200 + (this.time.now / SECOND) * TICKS_PER_SECOND_MAX;
    if (this.#ticks > ticksMax) throw new Error(`${this.#ticks} ticks in ${this.time.now} ms`);
    this.#end();
  }

  isBroken(release: number): boolean {
    return this.#broken.has(release);
  }

  isErring(release: number): boolean {
    return this.#erring.has(release);
  }

  isBusy(service: string): boolean {
    return this.#busy.has(service);
  }

  onServing(process: FakeProcess): void {
    this.#tellAgent(() => this.#register(process));
  }

  onBeat(process: FakeProcess): void {
    const load = process.load();
    this.#tellAgent(() => {
      if (!process.isAlive) return;
      const effects = this.#core.onHeartbeat(process.id, process.pid, load, this.time.now);
      if (effects === "unknown") this.#register(process);
      else this.#apply(effects);
    });
  }

  onEnd(process: FakeProcess, status: ExitStatus): void {
    this.#note(`${text(process.id)} pid ${process.pid} ends: ${status.code ?? status.signal}`);
    this.#processes.delete(process.pid);
    this.#tellAgent(() => this.#apply(this.#core.onExit(process.id, process.pid, status, this.time.now)));
  }

  /** The next thing that happens, and whether everything still holds after it. */
  #step(): void {
    const isRunning = this.#agent !== 0;
    const tickAt = isRunning ? Math.max(this.#core.nextTickAt(), this.#suspendedUntil) : Infinity;
    if (tickAt <= this.time.nextAt) {
      this.time.now = Math.max(this.time.now, tickAt);
      this.#ticks++;
      this.#apply(this.#core.tick(this.time.now));
      if (this.#core.nextTickAt() <= this.time.now) throw new Error("a tick asks for another one at once");
    } else if (this.time.nextAt < Infinity) this.time.step();
    else throw new Error("nothing will ever happen again");
    this.#check();
  }

  #check(): void {
    if (this.#agent === 0) return;
    const starting = [...this.#processes.values()].filter((process) =>
      process.agent === this.#agent && !process.isKnown && !process.isEnding
    );
    // One of every service that somebody waits for starts in any case.
    if (starting.length > STARTING_MAX + SERVICES.length) throw new Error(`${starting.length} processes are starting`);
    this.#checkDemands();
    if (!this.course.isDisturbed) this.#checkAnswering();
  }

  #checkDemands(): void {
    for (const [service, since] of this.#demands) {
      const spec = this.#store.get(service);
      const isOver = this.#core.isUp(service) || this.#core.service(service)?.failure !== undefined;
      if (isOver || spec === undefined || spec.stopped) this.#demands.delete(service);
      else if (this.time.now - since > DEMAND_MS_MAX) throw new Error(`nobody tells those who wait for ${service}`);
    }
  }

  /** Where nothing fails, the number that answers falls only to what is wanted. */
  #checkAnswering(): void {
    for (const service of SERVICES) {
      const spec = this.#store.get(service);
      const before = this.#answering.get(service) ?? 0;
      const processes = [...this.#processes.values()].filter(({ id }) => id.service === service);
      const now = processes.filter(({ answers, release }) => answers && this.#wereActive.has(release)).length;
      this.#answering.set(service, now);
      if (spec === undefined || spec.stopped || now >= before) continue;
      const target = this.#target(spec);
      if (now < target) throw new Error(`${now} instances of ${service} answer, before it were ${before} of ${target}`);
    }
  }

  #target(spec: ServiceSpec): number {
    return this.#core.service(spec.name)!.wanted / spec.releases.filter(({ role }) => role === "active").length;
  }

  #startAgent(): void {
    this.#agent = ++this.#agentsSoFar;
    this.#note(`agent ${this.#agent} starts`);
    this.#demands.clear();
    // What an agent has decided and not recorded, the next one decides anew.
    for (const { releases } of this.#store.values()) for (const { number } of releases) this.#aborted.delete(number);
    this.#core = new SupervisorCore({ startingMax: STARTING_MAX }, this.chance.next);
    for (const process of this.#processes.values()) {
      if (process.drainedBy === undefined) this.#adopt(process);
      else this.time.after(12 * SECOND, () => process.kill());
    }
    for (const spec of this.#store.values()) this.#apply(this.#core.setSpec(spec, this.time.now));
  }

  #adopt({ id, pid, release }: FakeProcess): void {
    this.#note(`adopts ${text(id)} pid ${pid}`);
    this.#apply(this.#core.adopt({ id, pid, release, species: "s" }, this.time.now));
  }

  #register(process: FakeProcess): void {
    if (!process.isAlive) return;
    const { id, pid, agent, drainedBy } = process;
    process.isKnown = true;
    const isOurs = this.#core.instances().some((view) => view.pid === pid && text(view.id) === text(id));
    if (!isOurs && agent !== this.#agent && drainedBy === undefined) this.#adopt(process);
    this.#apply(this.#core.onRegistered(id, pid, "s", this.time.now));
  }

  /** Reaches the agent when it runs and is not suspended: a dead one never hears it. */
  #tellAgent(input: () => void): void {
    const agent = this.#agent;
    if (agent === 0) return;
    const deliver = () => {
      if (this.#agent !== agent) return;
      if (this.time.now < this.#suspendedUntil) this.time.after(this.#suspendedUntil - this.time.now, deliver);
      else input();
    };
    deliver();
  }

  /** Something that the agent itself does later, if it is still the same. */
  #later(delayMs: number, input: () => void): void {
    const agent = this.#agent;
    this.time.after(delayMs, () => agent === this.#agent && this.#tellAgent(input));
  }

  /** One queue: what an effect leads to comes after the effects before it. */
  #apply(effects: readonly Effect[]): void {
    this.#queue.push(...effects);
    if (this.#isApplying) return;
    this.#isApplying = true;
    for (let effect = this.#queue.shift(); effect !== undefined; effect = this.#queue.shift()) {
      this.#perform(effect);
      if (effect.kind === "drain") this.#checkDrain(effect.id);
    }
    this.#isApplying = false;
  }

  #perform(effect: Effect): void {
    if (effect.kind === "event") return this.#note(`${effect.service}@${effect.number ?? ""} ${effect.message}`);
    this.#note(`effect ${effect.kind} ${"id" in effect ? text(effect.id) : `${effect.service} ${effect.release}`}`);
    switch (effect.kind) {
      case "spawn":
        return this.#spawn(effect.id, effect.release);
      case "drain":
        return this.#live(effect.id)?.drain(this.#agent);
      case "kill":
        return this.#kill(effect.id, effect.reason);
      case "ping":
        return this.#ping(effect.id);
      case "promote":
      case "abort":
        return this.#settleCandidate(effect.kind, effect.service, effect.release);
    }
  }

  #spawn(id: InstanceId, release: number): void {
    const spec = this.#store.get(id.service);
    if (this.#isClosed) throw new Error(`${text(id)} is started after drainAll`);
    if (spec === undefined || spec.stopped) throw new Error(`${text(id)} is started, but the service is not wanted`);
    if (this.#aborted.has(release)) throw new Error(`${text(id)} is started with the aborted release ${release}`);
    if (!spec.releases.some(({ number }) => number === release)) throw new Error(`${text(id)}: no release ${release}`);
    if (this.#live(id) !== undefined) throw new Error(`${text(id)} is started, but a process of it lives`);
    if (this.isDisturbed && this.chance.isOne(0.05)) {
      const fail = () => this.#apply(this.#core.onSpawnFailed(id, "no memory", this.time.now));
      return this.#later(this.chance.whole(0, 10), fail);
    }
    const process = new FakeProcess(id, ++this.#pids, release, this.#agent, this, this);
    this.#processes.set(process.pid, process);
    this.#apply(this.#core.onSpawned(id, process.pid, this.time.now));
  }

  #kill(id: InstanceId, reason: string): void {
    const process = this.#live(id);
    if (process?.answers === true) throw new Error(`${text(id)} serves and is killed: ${reason}`);
    process?.kill();
  }

  /** The process that has an instance's name: one that drains under an agent of before has given it up. */
  #live(id: InstanceId): FakeProcess | undefined {
    return [...this.#processes.values()].find((process) =>
      text(process.id) === text(id) && (process.drainedBy === undefined || process.drainedBy === this.#agent)
    );
  }

  #ping(id: InstanceId): void {
    const process = this.#live(id);
    const isAnswered = process?.state === "serving";
    const delayMs = isAnswered ? 1 : this.chance.pick([1, 3 * SECOND, 20 * SECOND]);
    const answer = () => {
      const { now } = this.time;
      if (this.#live(id) !== process) return;
      this.#apply(isAnswered ? this.#core.onPingAnswered(id, process.counts, now) : this.#core.onPingFailed(id, now));
    };
    this.#later(delayMs, answer);
  }

  /** Durable first, sometimes only at the second try. */
  #settleCandidate(kind: "promote" | "abort", service: string, release: number): void {
    const settle = () => {
      const spec = this.#store.get(service);
      const candidate = spec?.releases.find(({ number, role }) => number === release && role === "candidate");
      if (spec === undefined || candidate === undefined) return;
      const kept = spec.releases.filter((each) =>
        each !== candidate && (kind === "abort" || candidate.parallel || each.role !== "active")
      );
      const active: ReleaseSpec = { ...candidate, role: "active" };
      this.#write({ ...spec, releases: kind === "abort" ? kept : [...kept, active] });
    };
    if (kind === "abort") this.#aborted.add(release);
    if (kind === "abort" && !this.course.isDisturbed) throw new Error(`release ${release} is aborted for nothing`);
    if (!this.isDisturbed || this.chance.isOne(0.9)) return settle();
    this.#later(5 * SECOND, settle);
  }

  #write(spec: ServiceSpec): void {
    this.#store.set(spec.name, spec);
    for (const { number, role } of spec.releases) if (role === "active") this.#wereActive.add(number);
    if (this.#agent !== 0) this.#apply(this.#core.setSpec(spec, this.time.now));
  }

  /** Whoever is drained must be one too many. */
  #checkDrain(id: InstanceId): void {
    const spec = this.#store.get(id.service);
    const drained = this.#live(id);
    if (this.#isClosed || spec === undefined || spec.stopped || drained === undefined) return;
    const release = spec.releases.find(({ number }) => number === drained.release);
    if (release === undefined || this.#aborted.has(release.number)) return;
    const staying = this.#core.instances().filter((view) =>
      view.id.service === id.service && view.release === release.number && view.state !== "draining"
    );
    const target = this.#target(spec);
    const wanted = release.role === "active" ? target : Math.max(1, target);
    if (staying.length >= wanted) return;
    throw new Error(`${text(id)} is drained, ${staying.length} of ${wanted} are left`);
  }

  #planChange(): void {
    this.time.after(this.chance.whole(1, 5_000), () => {
      if (this.time.now >= this.course.disturbedMs) return;
      if (this.time.now >= this.#suspendedUntil) this.#change();
      this.#planChange();
    });
  }

  #change(): void {
    const { chance } = this;
    if (this.#agent === 0) return;
    const name = chance.pick(SERVICES);
    const spec = this.#store.get(name);
    if (this.course.isDisturbed && chance.isOne(0.1)) return chance.isOne(0.5) ? this.#suspend() : this.#killAgent();
    if (chance.isOne(0.2)) {
      if (!this.#busy.delete(name)) this.#busy.add(name);
    }
    if (spec === undefined) return this.#deploy(name);
    const replicas = chance.whole(0, 5);
    switch (chance.whole(0, 8)) {
      case 0:
        return this.#write({ ...spec, replicas, minReplicas: chance.whole(0, replicas) });
      case 1:
        return this.#write({ ...spec, stopped: chance.isOne(0.5) });
      case 2:
      case 3:
        return this.#addCandidate(spec);
      case 4:
        return this.#remove(spec);
      case 5:
        this.#note(`restart ${name}`);
        return this.#apply(this.#core.restart(name, this.time.now));
      default:
        this.#note(`demand ${name}`);
        if (!this.#demands.has(name)) this.#demands.set(name, this.time.now);
        return this.#apply(this.#core.demand(name, this.time.now));
    }
  }

  #deploy(name: string): void {
    const replicas = this.chance.whole(0, 5);
    const release = { ...this.#newRelease(), role: "active" as const };
    this.#note(`deploy ${name} ${release.number} x ${replicas}`);
    const idleMs = this.chance.whole(5, 60) * SECOND;
    this.#write({
      name,
      replicas,
      minReplicas: this.chance.whole(0, replicas),
      idleMs,
      stopped: false,
      releases: [release],
    });
  }

  #addCandidate(spec: ServiceSpec): void {
    const release = this.#newRelease();
    this.#note(`candidate ${spec.name} ${release.number}${release.parallel ? " parallel" : ""}`);
    const kept = spec.releases.filter(({ role }) => role === "active").slice(-2);
    this.#write({ ...spec, releases: [...kept, release] });
  }

  #newRelease(): ReleaseSpec {
    const number = ++this.#releases;
    if (this.course.isDisturbed && this.chance.isOne(0.15)) this.#broken.add(number);
    if (this.course.isDisturbed && this.chance.isOne(0.15)) this.#erring.add(number);
    const observeMs = this.chance.pick([0, 2_000, 10_000]);
    return { number, role: "candidate", parallel: this.chance.isOne(0.25), observeMs };
  }

  /** Removes one of several releases, or everything. */
  #remove(spec: ServiceSpec): void {
    const active = spec.releases.filter(({ role }) => role === "active");
    if (active.length > 1) {
      return this.#write({
        ...spec,
        releases: spec.releases.filter((each) => each !== active[0]),
      });
    }
    if (this.chance.isOne(0.5)) return;
    this.#note(`remove ${spec.name}`);
    this.#store.delete(spec.name);
    this.#apply(this.#core.removeService(spec.name, this.time.now));
  }

  #suspend(): void {
    const ms = this.chance.whole(1, 60) * SECOND;
    this.#note(`suspended for ${ms} ms`);
    this.#suspendedUntil = this.time.now + ms;
    for (const service of this.#demands.keys()) this.#demands.set(service, this.#suspendedUntil);
  }

  #killAgent(): void {
    this.#note("agent killed");
    this.#agent = 0;
    this.time.after(this.chance.whole(1, 20_000), () => this.#agent === 0 && this.#startAgent());
  }

  /** What is not as it was asked for. */
  #unsettled(): string | undefined {
    const views = this.#core.instances();
    if (views.length !== this.#processes.size) {
      const looping = views.filter(({ state }) => state === "crash-looping").length;
      if (views.length - looping !== this.#processes.size) {
        return `processes ${[...this.#processes.keys()]}, slots with ${views.map(({ pid }) => pid)}`;
      }
    }
    for (const service of SERVICES) {
      const spec = this.#store.get(service);
      const own = views.filter(({ id }) => id.service === service);
      const active = spec === undefined || spec.stopped ? [] : spec.releases;
      if (spec?.releases.some(({ role }) => role === "candidate")) return `${service} has a candidate`;
      if (own.some(({ release }) => !active.some(({ number }) => number === release))) {
        return `${service}: a release left`;
      }
      for (const { number } of active) {
        const mine = own.filter(({ release }) => release === number);
        const target = this.#target(spec!);
        if (target > Math.max(1, spec!.replicas)) return `${service}: ${target} wanted`;
        if (target < Math.min(spec!.minReplicas, spec!.replicas)) return `${service}: only ${target} wanted`;
        const isBroken = this.#broken.has(number);
        const settled = mine.filter(({ state }) => state === (isBroken ? "crash-looping" : "up"));
        if (settled.length !== target || mine.length !== target) {
          return `${service} release ${number}: ${
            mine.map(({ state, reason }) => `${state} (${reason})`)
          } of ${target}`;
        }
      }
    }
    return undefined;
  }

  /** At last everything goes. */
  #end(): void {
    this.#note("drainAll");
    this.#isClosed = true;
    this.#apply(this.#core.drainAll(this.time.now));
    const endsAt = this.time.now + 60 * SECOND;
    while (this.#processes.size > 0) {
      if (this.time.now > endsAt) throw new Error(`${this.#processes.size} processes are left after drainAll`);
      this.#step();
    }
    if (this.#core.nextTickAt() !== Infinity) throw new Error("nothing is left, but a tick is asked for");
  }

  #note(what: string): void {
    this.#trace.push(`${(this.time.now / SECOND).toFixed(3)} ${what}`);
    if (this.#trace.length > 2_000) this.#trace.splice(0, 1_000);
  }
}

function text({ service, number }: InstanceId): string {
  return `${service}@${number}`;
}
