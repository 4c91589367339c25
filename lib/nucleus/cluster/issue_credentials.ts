import { MINUTE } from "../../base/mod.ts";
import { INSTANCE_LIFETIME_MS, type NodeIdentity } from "../../net/identity/mod.ts";
import type { CredentialsRequest, IssuedCredentials } from "../client/mod.ts";
import type { Bell } from "./bell.ts";
import type { LocalProcess } from "./local_process.ts";

/** A certificate is made anew after this: the other half of its life is for an agent that is away, and for clocks. */
export const RENEW_AFTER_MS = INSTANCE_LIFETIME_MS / 2;
/** When the node's own certificate ends soon, those of its instances do too. They are made anew no more often than this. */
const RENEW_AFTER_MS_MIN = 1 * MINUTE;

/** What certificates are made from. */
export interface CredentialsIssuer {
  /** Changes when the node's own certificate is renewed. */
  readonly identity: NodeIdentity;
  /** Ids of the nodes that were removed. */
  revoked(): string[];
  /** Where processes of this node listen. */
  readonly host: string;
  readonly portFirst: number;
  readonly portLast: number;
  /** Rung when nodes were removed, when the node's certificate was renewed, and when the clock has jumped. */
  readonly renewed: Bell;
}

/**
 * Who a process is to others: at once, and anew before that expires and whenever `renewed` rings. Ends with `signal`. Throws
 * PERMISSION_DENIED when the process is not, or is no longer, what it says.
 */
export async function* issueCredentials(
  { service, instance, publicKey }: CredentialsRequest,
  process: Pick<LocalProcess, "assertIs">,
  issuer: CredentialsIssuer,
  signal: AbortSignal,
): AsyncGenerator<IssuedCredentials, void, void> {
  while (!signal.aborted) {
    const { identity, renewed } = issuer;
    const seen = renewed.count;
    process.assertIs(service, instance);
    const nowMs = Date.now();
    const { chainPem, notAfterMs } = await identity.issueInstance({ publicKey, service, instance }, nowMs);
    yield {
      cluster: identity.clusterId,
      nodeId: identity.nodeId,
      chain: chainPem,
      authority: identity.authorityPem,
      expiresAt: new Date(notAfterMs),
      revoked: issuer.revoked(),
      host: issuer.host,
      portFirst: issuer.portFirst,
      portLast: issuer.portLast,
    };
    const delayMs = Math.max(RENEW_AFTER_MS_MIN, Math.min(RENEW_AFTER_MS, (notAfterMs - nowMs) / 2));
    await renewed.after(seen, signal, delayMs);
  }
}
