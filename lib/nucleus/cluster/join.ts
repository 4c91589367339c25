import { CellError, MINUTE, SECOND, toCellError } from "../../base/mod.ts";
import {
  type AdoptedIdentity,
  CLOCK_TOLERANCE_MS,
  createKeyPair,
  createNodeRequest,
  fingerprintOf,
  type JoinToken,
  type KeyPair,
  NodeIdentity,
} from "../../net/identity/mod.ts";
import { createClient } from "../../rpc/mod.ts";
import type { Link } from "../../net/mod.ts";
import { JOIN_SCHEMA, type JoinAnswer } from "./peer_schema.ts";

/** For everything that is asked of a node that answers. */
const ANSWER_MS_MAX = 10 * SECOND;

/** How a machine that is nobody yet finds those that may let it in. */
export interface Doors {
  /** Connects to a node that must be of the cluster with this fingerprint. Throws what keeps it from that. */
  dial(address: string, fingerprint: Uint8Array, signal: AbortSignal): Promise<Link>;
  /** HOST:PORT of nodes on the LAN that know the token; empty after a while. */
  seek(token: JoinToken): Promise<string[]>;
}

/** What a machine that joined has. */
export interface Joined {
  readonly identity: AdoptedIdentity;
  readonly gossipKeys: Uint8Array;
  /** HOST:PORT of nodes that gossip. */
  readonly contacts: readonly string[];
}

/** Who wants to join, and where. */
export interface JoinAttempt {
  readonly token: JoinToken;
  /** HOST:PORT that is asked instead of the token's and the LAN. */
  readonly address: string | undefined;
  /** The node's name. */
  readonly name: string;
  /** The key that is to be certified again. @default a new one */
  readonly key?: KeyPair | undefined;
  /** Gives up looking for somebody, with its reason. */
  readonly signal: AbortSignal;
  /** This machine's time of day. @default Date.now */
  readonly nowMs?: () => number;
}

/**
 * Makes a key unless it has one, asks a node of the cluster to certify it, and checks what that gives against the token. The addresses of
 * the token are asked one after the other: whoever is asked may take a use of it. Where none answers, the LAN is.
 *
 * Throws UNAVAILABLE with what became of each address, UNAUTHENTICATED when a node answered at one and either side does
 * not take the other for what it says it is, FAILED_PRECONDITION when this machine's clock is not the cluster's, what the one
 * that answered says against it, and the reason of `signal`.
 */
export async function askToJoin(attempt: JoinAttempt, doors: Doors): Promise<Joined> {
  const { token, address, signal } = attempt;
  const sought = address === undefined ? doors.seek(token) : Promise.resolve([]);
  const failures: CellError[] = [];
  const tried = new Set<string>();
  for (const candidates of [Promise.resolve(address === undefined ? token.addresses : [address]), sought]) {
    for (const candidate of await candidates) {
      if (tried.has(candidate)) continue;
      tried.add(candidate);
      signal.throwIfAborted();
      const link = await dialOrTell(() => doors.dial(candidate, token.fingerprint, signal), failures);
      // Who is asked takes a use of the token: whatever ends meanwhile, its answer is worth waiting for.
      if (link !== undefined) return await ask(link, attempt);
    }
  }
  signal.throwIfAborted();
  throw nobody(failures, address === undefined);
}

/** Why nobody has let this machine in. Where somebody answered, what is wrong there is what to look at, and comes first. */
function nobody(failures: readonly CellError[], isLanAsked: boolean): CellError {
  const isRefusal = ({ code }: CellError) => code === "UNAUTHENTICATED";
  const [refusals, others] = [failures.filter(isRefusal), failures.filter((error) => !isRefusal(error))];
  const asked = [...refusals, ...others].map(({ message }) => withoutStop(message));
  if (refusals.length > 0) return new CellError("UNAUTHENTICATED", `joining: ${asked.join("; ")}.`);
  const lan = isLanAsked ? ["no node of the cluster answers on the LAN"] : [];
  const what = [...(asked.length === 0 ? ["the token has no address"] : asked), ...lan].join("; ");
  const advice = "Does cell up run there, and do its ports let this machine through?";
  const other = isLanAsked ? " Try cell join TOKEN HOST:PORT." : "";
  return new CellError("UNAVAILABLE", `joining: ${what}. ${advice}${other}`, { retryable: true });
}

function withoutStop(message: string): string {
  return message.replace(/[.;,\s]+$/, "");
}

async function dialOrTell(dial: () => Promise<Link>, failures: CellError[]): Promise<Link | undefined> {
  try {
    return await dial();
  } catch (thrown) {
    // Somebody else may have an address of the token by now; the cluster may still be found at another one.
    failures.push(toCellError(thrown));
    return undefined;
  }
}

async function ask(
  link: Link,
  { token, name, key = createKeyPair(), nowMs = Date.now }: JoinAttempt,
): Promise<Joined> {
  const { secret, fingerprint } = token;
  const client = createClient(link, { schema: JOIN_SCHEMA, service: "the cluster", timeoutMs: ANSWER_MS_MAX });
  try {
    const request = createNodeRequest(key, name);
    const answer = await client.call("join", [{ secret, request }]) as JoinAnswer;
    const { certificate: certificatePem, authority: authorityPem, gossipKeys, contacts } = answer;
    const { trust, certificate } = new NodeIdentity(key, certificatePem, authorityPem);
    if (Buffer.compare(fingerprintOf(trust.authority.publicKey), fingerprint) !== 0) {
      throw new CellError(
        "UNAUTHENTICATED",
        "joining: the certificate is another cluster's than the token's. Do not join.",
      );
    }
    // It was made a moment ago, and dated back.
    assertSameTime(nowMs(), certificate.notBeforeMs + CLOCK_TOLERANCE_MS);
    return { identity: { key, certificatePem, authorityPem }, gossipKeys: new Uint8Array(gossipKeys), contacts };
  } finally {
    await client.close();
  }
}

/** Throws for a clock with which nobody in the cluster would hear this machine. */
function assertSameTime(nowMs: number, theirMs: number): void {
  const aheadMs = nowMs - theirMs;
  if (Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS) return;
  const minutes = Math.round(Math.abs(aheadMs) / MINUTE);
  throw new CellError(
    "FAILED_PRECONDITION",
    `joining: this machine's clock is ${minutes} min ${aheadMs > 0 ? "ahead of" : "behind"} the cluster's, and ` +
      `${
        CLOCK_TOLERANCE_MS / MINUTE
      } min are tolerated. Set it, for example with timedatectl set-ntp true, and join again; ` +
      "this took a use of the token.",
  );
}
