import { CellError, type Client, connect } from "cell";

/** A client that uses every feature of a call once; what came of it is for the test to judge. */

/** The end of a stream is on its way when the call is answered. */
const END_MS_MAX = 30_000;

let client: Client;

/** Connects, and calls as often as it takes to leave the socket. */
export async function begin(service: string, calls: number): Promise<void> {
  client = await connect(service);
  for (let made = 0; made < calls; made++) await client.call("once", [made]);
}

/** Sends and gets back several messages at once, each of so many bytes; how many came back as they were. */
export async function echo(bytes: number, count: number): Promise<number> {
  const sent = new Uint8Array(bytes).map((_, index) => index * 31);
  const answers = await Promise.all(Array.from({ length: count }, () => client.call<Uint8Array>("echo", [sent])));
  return answers.filter((answer) => Buffer.compare(answer, sent) === 0).length;
}

/** The code that a call ends with; "answered" when it does not fail. */
export async function echoCode(bytes: number): Promise<string> {
  return await codeOf(client.call("echo", [new Uint8Array(bytes)]));
}

/** Streams chunks there and back; how many came back as they were, in order. */
export async function mirror(chunks: number, bytes: number): Promise<number> {
  async function* sent(): AsyncGenerator<Uint8Array> {
    for (let index = 0; index < chunks; index++) yield new Uint8Array(bytes).fill(index);
  }
  let right = 0;
  for await (const chunk of client.stream<Uint8Array>("mirror", [sent()])) {
    if (chunk.length === bytes && chunk[0] === right % 256 && chunk[bytes - 1] === right % 256) right++;
  }
  return right;
}

let slow: AsyncGenerator<Uint8Array, void, void> | undefined;

/** Begins an endless stream, and reads no more than its first chunk. */
export async function beginSlowly(bytes: number): Promise<number> {
  slow = client.stream<Uint8Array>("endless", [bytes]);
  const { value } = await slow.next();
  return value?.length ?? 0;
}

/** Reads on for so many chunks. */
export async function readOn(chunks: number): Promise<void> {
  for (let read = 0; read < chunks; read++) await slow!.next();
}

/** Has enough of it. */
export async function stopReading(): Promise<void> {
  await slow!.return();
}

/** Streams numbers without end to a method that takes the first ones only; what it took, and whether the stream was ended. */
export async function giveTooMuch(count: number): Promise<{ taken: number[]; wasEnded: boolean }> {
  let wasEnded = false;
  async function* numbers(): AsyncGenerator<number> {
    try {
      for (let value = 0;; value++) yield value;
    } finally {
      wasEnded = true;
    }
  }
  const taken = await client.call<number[]>("first", [count, numbers()]);
  const deadline = performance.now() + END_MS_MAX;
  while (!wasEnded && performance.now() < deadline) await Bun.sleep(1);
  return { taken, wasEnded };
}

/** No nap ends by itself, nor by a deadline that it was not given, while somebody waits for it to be broken off. */
const NAP_MS = 600_000;

/** The code of a call that its deadline ends. */
export async function beLate(timeoutMs: number): Promise<string> {
  return await codeOf(client.call("nap", [NAP_MS], { timeoutMs }));
}

/** The code of a call that is cancelled once it has begun. */
export async function cancel(): Promise<string> {
  const controller = new AbortController();
  const code = codeOf(client.call("nap", [NAP_MS], { signal: controller.signal, timeoutMs: NAP_MS }));
  // The answer to a call made later says that the nap has begun.
  await client.call("once", [1]);
  controller.abort();
  return await code;
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  return await call.then(
    () => "answered",
    (thrown: unknown) => thrown instanceof CellError ? thrown.code : String(thrown),
  );
}
