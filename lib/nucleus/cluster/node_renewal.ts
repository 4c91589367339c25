import { CellError, MINUTE, toCellError } from "../../base/mod.ts";
import {
  type AdoptedIdentity,
  createNodeRequest,
  NODE_LIFETIME_MS,
  NodeIdentity,
  type StoredIdentity,
} from "../../net/identity/mod.ts";
import type { PeerCalls } from "./peers.ts";

/** How often the age of the certificate is looked at. */
const CHECK_MS = 10 * MINUTE;
/** How old it is before a new one is asked for; then there is a third of its life to get one. */
export const RENEW_NODE_AFTER_MS = NODE_LIFETIME_MS * 2 / 3;

/** What renewing needs. */
export interface NodeRenewalOptions {
  current(): StoredIdentity;
  /** Agents that hold the authority's key and live, in any order. */
  authorities(): PeerCalls[];
  /** Keeps the renewed identity. */
  adopt(identity: AdoptedIdentity): void;
  log(line: string): void;
  readonly nowMs?: () => number;
}

/** Gets this node a new certificate before its own expires. The node keeps its key, and so its id. */
export class NodeRenewal implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;
  #isRunning = false;
  #isEnded = false;

  constructor(private readonly options: NodeRenewalOptions) {
    this.#timer = setInterval(() => void this.check(), CHECK_MS);
    this.#timer.unref();
  }

  /** Asks for a new certificate if it is time; what goes wrong is told, and tried again at the next check. */
  async check(): Promise<void> {
    const { current, log } = this.options;
    const leftMs = current().node.notAfterMs - this.#now();
    if (this.#isRunning || this.#isEnded || leftMs > NODE_LIFETIME_MS - RENEW_NODE_AFTER_MS) return;
    this.#isRunning = true;
    try {
      await this.#renew(current());
      log(`this node's certificate was renewed; it is good until ${new Date(current().node.notAfterMs).toISOString()}`);
    } catch (error) {
      if (!this.#isEnded) log(`error: ${failure(leftMs, toCellError(error).message)}`);
    } finally {
      this.#isRunning = false;
    }
  }

  /** What comes later is not adopted: this node may be of another cluster by then. */
  [Symbol.dispose](): void {
    this.#isEnded = true;
    clearInterval(this.#timer);
  }

  async #renew({ node, authority }: StoredIdentity): Promise<void> {
    const request = createNodeRequest(node.key, node.name);
    const certificatePem = authority === undefined
      ? await this.#ask(request, node)
      : (await authority.issueNode(request, this.#now())).certificatePem;
    if (this.#isEnded) throw new CellError("CANCELLED", "the network of this node was turned off meanwhile");
    this.options.adopt({ key: node.key, certificatePem, authorityPem: node.authorityPem });
  }

  /** Who says that it holds the authority's key may be wrong: what it gives is looked at, and the next one asked. */
  async #ask(request: Uint8Array, { key, authorityPem, notAfterMs }: NodeIdentity): Promise<string> {
    const failures: string[] = [];
    for (const agent of this.options.authorities()) {
      try {
        const certificatePem = await agent.renew(request);
        const renewed = new NodeIdentity(key, certificatePem, authorityPem);
        if (renewed.notAfterMs > notAfterMs) return certificatePem;
        failures.push("a certificate came that is good for no longer than this one");
      } catch (error) {
        failures.push(toCellError(error).message);
      }
    }
    const why = failures.length === 0 ? "no node that holds the authority's key is there" : failures.join("; ");
    throw new CellError("UNAVAILABLE", why);
  }

  #now(): number {
    return this.options.nowMs?.() ?? Date.now();
  }
}

function failure(leftMs: number, why: string): string {
  const what = "renewing this node's certificate";
  if (leftMs <= 0) {
    return `${what}, which has expired: ${why}. The other nodes talk to this one no more: ` +
      "cell leave, then join again with a new token: cell join TOKEN";
  }
  const hours = Math.floor(leftMs / (60 * MINUTE));
  const left = hours >= 48 ? `${Math.floor(hours / 24)} days` : `${hours} hours`;
  return `${what}, which is good for ${left}: ${why}`;
}
