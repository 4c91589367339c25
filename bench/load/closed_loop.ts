/**
 * Calls that wait for the answers of those before (a closed loop), measured. All sides run this code, ours in Bun and the
 * peers', bundled, in Node. A call of a microsecond is easily distorted by its measurement (a look at the clock takes 35 ns, an async
 * function around the call about as long), so there is one look per call, or per many, and nothing around the call.
 */
import { answerRequests, type Load } from "./requests.ts";

/** How many calls are answered between two looks at the clock when only their number counts. A power of two. */
const CALLS_PER_LOOK = 64;

/** What is called. */
export interface Calls<Answer> {
  /** What a user would await: no async function around it. */
  call(): Promise<Answer>;
  /** Throws when that is not the answer. Cheap: it runs between two calls. */
  check(answer: Answer): void;
  /** What carries the calls now. */
  transport?(): string | undefined;
}

/** Makes a first call, says that it is ready, then answers requests until stdin ends. */
export async function answerWithCalls<Answer>(calls: Calls<Answer>): Promise<void> {
  calls.check(await calls.call());
  await answerRequests(closedLoop(calls));
}

function closedLoop<Answer>(calls: Calls<Answer>): Load {
  return {
    latenciesMicros: (count, pauseMs) =>
      pauseMs === undefined ? backToBack(calls, count) : afterPauses(calls, count, pauseMs),
    callsPerSecond: (inFlight, durationMs) => callsPerSecond(calls, inFlight, durationMs),
    transport: () => calls.transport?.(),
  };
}

/** The end of a call is the beginning of the next. */
async function backToBack<Answer>(calls: Calls<Answer>, count: number): Promise<Float64Array> {
  const micros = new Float64Array(count);
  let started = performance.now();
  for (let index = 0; index < count; index++) {
    const answer = await calls.call();
    const ended = performance.now();
    micros[index] = (ended - started) * 1_000;
    started = ended;
    calls.check(answer);
  }
  return micros;
}

async function afterPauses<Answer>(calls: Calls<Answer>, count: number, pauseMs: number): Promise<Float64Array> {
  const micros = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const started = performance.now();
    const answer = await calls.call();
    micros[index] = (performance.now() - started) * 1_000;
    calls.check(answer);
  }
  return micros;
}

async function callsPerSecond<Answer>(calls: Calls<Answer>, inFlight: number, durationMs: number): Promise<number> {
  let answered = 0;
  let isOver = false;
  const started = performance.now();
  const caller = async (): Promise<void> => {
    while (!isOver) {
      calls.check(await calls.call());
      answered++;
      if (answered % CALLS_PER_LOOK === 0 && performance.now() - started >= durationMs) isOver = true;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return (answered * 1_000) / (performance.now() - started);
}
