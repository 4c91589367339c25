import { CellError, MINUTE, toCellError } from "../../base/mod.ts";
import {
  type AdoptedIdentity,
  createNodeRequest,
  NODE_LIFETIME_MS,
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

  constructor(private readonly options: NodeRenewalOptions) {
    this.#timer = setInterval(() => void this.check(), CHECK_MS);
    this.#timer.unref();
  }

  /** Asks for a new certificate if it is time; what goes wrong is told, and tried again at the next check. */
  async check(): Promise<void> {
    const { current, log, nowMs = Date.now } = this.options;
    const leftMs = current().node.notAfterMs - nowMs();
    if (this.#isRunning || leftMs > NODE_LIFETIME_MS - RENEW_NODE_AFTER_MS) return;
    this.#isRunning = true;
    try {
      await this.#renew(current());
      log(`this node's certificate was renewed; it is good until ${new Date(current().node.notAfterMs).toISOString()}`);
    } catch (error) {
      const days = Math.max(0, Math.floor(leftMs / (24 * 60 * MINUTE)));
      log(`error: renewing this node's certificate, which is good for ${days} days: ${toCellError(error).message}`);
    } finally {
      this.#isRunning = false;
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #renew({ node, authority }: StoredIdentity): Promise<void> {
    const request = createNodeRequest(node.key, node.name);
    const certificatePem = authority === undefined
      ? await this.#ask(request)
      : (await authority.issueNode(request, Date.now())).certificatePem;
    this.options.adopt({ key: node.key, certificatePem, authorityPem: node.authorityPem });
  }

  async #ask(request: Uint8Array): Promise<string> {
    const failures: string[] = [];
    for (const agent of this.options.authorities()) {
      try {
        return await agent.renew(request);
      } catch (error) {
        failures.push(toCellError(error).message);
      }
    }
    const why = failures.length === 0 ? "no node that holds the authority's key is there" : failures.join("; ");
    throw new CellError("UNAVAILABLE", why);
  }
}
