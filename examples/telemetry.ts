import { context } from "cell";

/** One measurement of one sensor. */
export interface Reading {
  sensor: string;
  celsius: number;
  at: Date;
}

/** What is known of a sensor. */
export interface Summary {
  count: number;
  minimum: number;
  maximum: number;
  mean: number;
}

/** Counts down, one number at a time: a server stream. */
export async function* countdown(from: number): AsyncGenerator<number> {
  for (let left = from; left > 0; left--) yield left;
}

/** Digests any number of readings: a client stream. */
export async function summarize(readings: AsyncIterable<Reading>): Promise<Record<string, Summary>> {
  const summaries: Record<string, Summary> = {};
  for await (const { sensor, celsius } of readings) {
    const before = summaries[sensor] ?? { count: 0, minimum: celsius, maximum: celsius, mean: 0 };
    const count = before.count + 1;
    summaries[sensor] = {
      count,
      minimum: Math.min(before.minimum, celsius),
      maximum: Math.max(before.maximum, celsius),
      mean: before.mean + (celsius - before.mean) / count,
    };
  }
  return summaries;
}

/** Lets pass only the readings above a limit, while they arrive: a stream in both directions. */
export async function* alarms(limitCelsius: number, readings: AsyncIterable<Reading>): AsyncGenerator<Reading> {
  for await (const reading of readings) {
    if (reading.celsius > limitCelsius) yield reading;
  }
}

/** Never ends by itself; stops when the caller goes away. */
export async function* ticks(everyMs: number): AsyncGenerator<Date> {
  const { signal } = context();
  while (!signal.aborted) {
    yield new Date();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, everyMs);
      signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    });
  }
}
