import { assert } from "../../base/mod.ts";
import type { RingMemory } from "../ring_memory.ts";
import { type AtomicOperation, withAtomics } from "./atomics.ts";

/** A run that has more steps than this goes in circles. */
const STEPS_MAX = 300;

/**
 * What one side of a protocol does over its ring: prepares itself (the first side in untouched memory, alone) and gives what
 * it does then.
 */
export type Script = (memory: RingMemory) => (side: Side) => void;

/** What a script has beside the ring. Each is one atomic step. */
export interface Side {
  /** Rings the other side's doorbell. */
  ring(): void;
  /** Waits until the own doorbell has rung, and takes that ring. */
  wait(): void;
  /** Waits until something holds that depends on memory alone. */
  until(condition: () => boolean): void;
  /** No step: says that what this side does from here on depends on these objects' numbers and flags, and on memory. */
  mark(...state: object[]): void;
}

/** What came of exploring. */
export interface Explored {
  /** States in which both sides had come to their ends, or neither could go on. */
  endings: number;
  /** Steps that were made in all. */
  steps: number;
  /** A schedule (0 or 1: whose step) after which neither side can go on although one is not at its end. */
  stuck: number[] | undefined;
}

/** One atomic step of a side: what memory it found, and what came of it. */
interface Step {
  readonly found: Uint8Array<ArrayBuffer>;
  /** Of the ring's bytes: a side's state depends on nothing else that it has read. */
  readonly hash: number | bigint;
  readonly result: number;
  readonly mark: Mark;
}

/** What a side was like before the step with this number. */
interface Mark {
  readonly step: number;
  readonly state: string;
}

type Outcome = "went" | "blocked" | "done";

const ABANDONED = new Error("abandoned");
const BEGINNING: Mark = { step: 0, state: "" };

/**
 * Two scripts over one ring in every possible interleaving of their atomic steps: operations on control words, and doorbells.
 *
 * Code cannot be stopped in the middle and continued in many ways. So a side's next step is found by running its script from
 * the beginning: steps that it has made before get the results that they had, with the memory that they found, until the
 * first new one, which is performed on the memory as it is; then the script is abandoned. Scripts must be deterministic.
 * States that were met before, on another way, are not explored again: a side's state is what it was at its last mark and what
 * its steps gave since. Throws what a script throws.
 */
export class Interleavings {
  private readonly explored: Explored = { endings: 0, steps: 0, stuck: undefined };
  private readonly logs: readonly [Step[], Step[]] = [[], []];
  private readonly bells: [number, number] = [0, 0];
  private readonly all: Uint8Array<ArrayBuffer>;
  private readonly untouched: Uint8Array<ArrayBuffer>;
  private readonly data: Uint8Array<ArrayBuffer>;
  private readonly met = new Set<string>();
  /** Makes or repeats one step of the script that runs. */
  private perform: ((act: () => number | undefined) => number) | undefined;

  constructor(private readonly memory: RingMemory, private readonly scripts: readonly [Script, Script]) {
    this.all = new Uint8Array(memory.buffer);
    this.untouched = this.all.slice();
    this.data = this.all.subarray(memory.dataOffset);
  }

  /** Explores everything that can happen. */
  explore(): Explored {
    const around = (_operation: AtomicOperation, _index: number, real: () => number) =>
      this.perform === undefined ? real() : this.perform(real);
    for (const script of this.scripts) script(this.memory);
    withAtomics(around, () => this.from([]));
    return this.explored;
  }

  private from(schedule: number[]): void {
    assert(schedule.length < STEPS_MAX, `a run ends within ${STEPS_MAX} steps`);
    const state = this.state();
    if (this.met.has(state)) return;
    this.met.add(state);
    const found = this.all.slice();
    const bells = [...this.bells] as const;
    let hasMoved = false;
    let ends = 0;
    for (const side of [0, 1] as const) {
      const outcome = this.step(side);
      if (outcome === "went") {
        hasMoved = true;
        this.explored.steps++;
        this.from([...schedule, side]);
        this.logs[side].pop();
      } else if (outcome === "done") ends++;
      this.all.set(found);
      [this.bells[0], this.bells[1]] = bells;
    }
    if (hasMoved) return;
    this.explored.endings++;
    if (ends < 2) this.explored.stuck ??= schedule;
  }

  /** Everything that what comes depends on. */
  private state(): string {
    const local = this.logs.map((log) => {
      const mark = log.at(-1)?.mark ?? BEGINNING;
      return mark.state + log.slice(mark.step).map(({ result, hash }) => `${result}:${hash}`).join();
    });
    return `${Bun.hash(this.all)}/${this.bells.join()}/${local.join("/")}`;
  }

  /** Lets one side make its next step. */
  private step(side: 0 | 1): Outcome {
    const { all, bells } = this;
    const log = this.logs[side];
    const found = all.slice();
    const hash = Bun.hash(this.data);
    let made = 0;
    let mark = BEGINNING;
    let outcome: Outcome = "done";
    const perform = (act: () => number | undefined): number => {
      // A script that is being abandoned runs its `finally` blocks: they change nothing.
      if (outcome !== "done") throw ABANDONED;
      if (made < log.length) {
        const { result } = log[made++]!;
        all.set(log[made]?.found ?? found);
        return result;
      }
      const result = act();
      outcome = result === undefined ? "blocked" : "went";
      if (result !== undefined) log.push({ found, hash, result, mark });
      throw ABANDONED;
    };
    all.set(this.untouched);
    const run = this.scripts[side](this.memory);
    all.set(log[0]?.found ?? found);
    try {
      this.perform = perform;
      run({
        ring: () => void perform(() => ++bells[1 - side]!),
        wait: () => void perform(() => (bells[side] > 0 ? bells[side]-- : undefined)),
        until: (condition) => void perform(() => (condition() ? 1 : undefined)),
        mark: (...state) => {
          mark = { step: made, state: state.map(plainState).join(" ") };
        },
      });
    } catch (error) {
      if (error !== ABANDONED) throw error;
    } finally {
      this.perform = undefined;
    }
    return outcome;
  }
}

/** An object's numbers and flags, private ones too. */
function plainState(object: object): string {
  return Object.values(object).filter((value) => typeof value === "number" || typeof value === "boolean").join();
}
