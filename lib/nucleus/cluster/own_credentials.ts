import { toCellError } from "../../base/mod.ts";
import { createCredentials, createInstanceKey, type Credentials, type NodeIdentity } from "../../net/identity/mod.ts";
import { NUCLEUS } from "../../service/mod.ts";
import { RENEW_AFTER_MS } from "./issue_credentials.ts";

/**
 * Who the agent itself is to others: an instance of its node like any other, with a key of its own. The node's key signs
 * certificates and records only.
 */
export class OwnCredentials implements Disposable {
  #current: Credentials;
  #timer: ReturnType<typeof setInterval>;

  private constructor(
    first: Credentials,
    private readonly identity: () => NodeIdentity,
    private readonly log: (line: string) => void,
  ) {
    this.#current = first;
    this.#timer = setInterval(() => void this.renew(), RENEW_AFTER_MS);
    this.#timer.unref();
  }

  /** `identity` is asked anew for every certificate: the node's own is renewed too. */
  static async make(identity: () => NodeIdentity, log: (line: string) => void): Promise<OwnCredentials> {
    return new OwnCredentials(await certify(identity()), identity, log);
  }

  /** What connections that are made now show. */
  readonly current = (): Credentials => this.#current;

  /** Makes new ones. Where that fails the old ones stay, and the next attempt is made in time. */
  async renew(): Promise<void> {
    try {
      this.#current = await certify(this.identity());
    } catch (error) {
      this.log(`error: certifying the agent: ${toCellError(error).message}`);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

async function certify(identity: NodeIdentity): Promise<Credentials> {
  const key = createInstanceKey();
  const nowMs = Date.now();
  const issued = await identity.issueInstance({ publicKey: key.publicKey, service: NUCLEUS, instance: NUCLEUS }, nowMs);
  return createCredentials(key, issued, identity.authorityPem, nowMs);
}
