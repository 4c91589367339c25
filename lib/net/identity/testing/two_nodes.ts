import type { CellError } from "../../../base/mod.ts";
import {
  type Authority,
  createAuthority,
  createTrust,
  type Credentials,
  type NodeIdentity,
  type Trust,
} from "../mod.ts";
import { admit, instanceOn } from "./cluster.ts";

/** A cluster of two nodes with an instance each: what tests of connections stand on. */
export class TwoNodes {
  readonly refused: CellError[] = [];

  constructor(
    readonly authority: Authority,
    readonly trust: Trust,
    readonly revoked: Set<string>,
    readonly serverNode: NodeIdentity,
    readonly clientNode: NodeIdentity,
    public server: Credentials,
    public client: Credentials,
  ) {}

  /** Founds it; gives what the constructor takes. */
  static async found(nowMs: number): Promise<ConstructorParameters<typeof TwoNodes>> {
    const authority = await createAuthority(nowMs);
    const [one, other] = await Promise.all([admit(authority, "one", nowMs), admit(authority, "other", nowMs)]);
    const [server, client] = await Promise.all([
      instanceOn(one, "hello@2", nowMs),
      instanceOn(other, "caller", nowMs),
    ]);
    const revoked = new Set<string>();
    const trust = createTrust(authority.certificatePem, (node) => revoked.has(node));
    return [authority, trust, revoked, one, other, server, client];
  }
}
