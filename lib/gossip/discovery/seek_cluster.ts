import { CellError, SECOND } from "../../base/mod.ts";
import { type MulticastOptions, validateMulticast } from "./multicast_options.ts";
import { MulticastSender } from "./multicast_sender.ts";
import { sealingKeyOf, seekKeyOf } from "./seek_key.ts";
import { createQuestion, readAnswer } from "./seek_message.ts";

/** The question is repeated with this gap, and doubled gaps after it. */
const FIRST_GAP_MS = 250;
/** @default of `timeoutMs` */
export const SEEK_TIMEOUT_MS = 5 * SECOND;

/** How a joining node looks for its cluster. */
export interface SeekOptions {
  /** The secret in the token. */
  readonly tokenSecret: Uint8Array;
  readonly multicast?: Partial<MulticastOptions>;
  /** @default 5_000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Asks on the local network where the cluster that a token is for takes new nodes; nobody learns the token from it. Returns
 * HOST:PORT of the first node that answers, none when nobody did within the time. That they belong to the cluster has
 * still to be checked, as the token says. Throws UNAVAILABLE when this machine cannot send multicast.
 */
export async function seekCluster(
  { tokenSecret, multicast, timeoutMs = SEEK_TIMEOUT_MS, signal }: SeekOptions,
): Promise<string[]> {
  const key = sealingKeyOf(seekKeyOf(tokenSecret));
  const question = createQuestion();
  const found = Promise.withResolvers<string[]>();
  const sender = await openSender(validateMulticast(multicast), (datagram) => {
    const text = key.open(datagram);
    const addresses = text === undefined ? undefined : readAnswer(text, question.challenge);
    if (addresses !== undefined) found.resolve(addresses);
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = setTimeout(() => found.resolve([]), timeoutMs);
  const onAbort = () => found.reject(signal?.reason);
  const ask = (gapMs: number) => {
    if (sender.send(key.seal(question.text)) === 0) return found.reject(noMulticast(sender.problem));
    timer = setTimeout(() => ask(gapMs * 2), gapMs);
  };
  try {
    signal?.throwIfAborted();
    signal?.addEventListener("abort", onAbort, { once: true });
    ask(FIRST_GAP_MS);
    return await found.promise;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    clearTimeout(end);
    clearTimeout(timer);
    sender.close();
  }
}

async function openSender(
  options: MulticastOptions,
  onAnswer: (datagram: Uint8Array) => void,
): Promise<MulticastSender> {
  try {
    return await MulticastSender.open(options, onAnswer);
  } catch (error) {
    throw noMulticast((error as Error).message, error);
  }
}

function noMulticast(problem: string | undefined, cause?: unknown): CellError {
  return new CellError(
    "UNAVAILABLE",
    `looking for the cluster on the local network: this machine cannot send multicast (${problem}). Give the address of a ` +
      "node of the cluster instead.",
    { cause },
  );
}
