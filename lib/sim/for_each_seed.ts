/** The environment of the process. CELL_SEED replays one seed; CELL_SEEDS runs so many that nobody has tried before. */
export type SeedEnvironment = Readonly<Record<string, string | undefined>>;

/** How a test runs its seeds. */
export interface SeedOptions {
  /** The test file without `.test.ts`, from the root of the project: part of the command that replays a seed. */
  readonly file: string;
  /** The test's name, or enough of it to find it by. */
  readonly test: string;
  /** How many run when the environment does not say: half of them always the same, half fresh. */
  readonly count: number;
}

/** Seeds from here on are the fixed ones. */
const FIXED_FROM = 1;
/** Seeds are whole numbers below this. */
const SEEDS_END = 2 ** 31;

/**
 * The seeds that a run tries: those that every run tries and as many fresh ones, counted on from `freshFrom`; only
 * CELL_SEED where that is set; only fresh ones, CELL_SEEDS of them, where that is.
 */
export function chooseSeeds(count: number, environment: SeedEnvironment, freshFrom: number): number[] {
  const { CELL_SEED: only, CELL_SEEDS: many } = environment;
  if (only !== undefined) return [Number(only)];
  const fresh = (length: number) => Array.from({ length }, (_, index) => (freshFrom + index) % SEEDS_END);
  if (many !== undefined) return fresh(Number(many));
  const fixed = Math.ceil(count / 2);
  return [...Array.from({ length: fixed }, (_, index) => FIXED_FROM + index), ...fresh(count - fixed)];
}

/**
 * Runs `run` with one seed after another. Throws the first error with the command that replays its seed: CELL_SEED
 * replays one, CELL_SEEDS=1000 tries as many that nobody has tried.
 */
export function forEachSeed(options: SeedOptions, run: (seed: number) => void): void {
  const seeds = chooseSeeds(options.count, environmentOfProcess(), Date.now() % SEEDS_END);
  for (const seed of seeds) {
    try {
      run(seed);
    } catch (error) {
      const command = `CELL_SEED=${seed} bun test ${options.file} -t "${options.test}"`;
      throw new Error(`${error instanceof Error ? error.message : error}\nagain: ${command}`, { cause: error });
    }
  }
}

/** Wherever this runs, there may be no process to ask. */
function environmentOfProcess(): SeedEnvironment {
  return (globalThis as { process?: { env?: SeedEnvironment } }).process?.env ?? {};
}
