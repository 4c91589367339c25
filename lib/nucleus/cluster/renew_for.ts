import { CellError } from "../../base/mod.ts";
import { type Authority, nodeIdOf, readNodeRequest } from "../../net/identity/mod.ts";

/** A new certificate for a member, which is `caller`: for its own key alone. Throws PERMISSION_DENIED for another's. */
export async function renewFor(authority: Authority, request: Uint8Array, caller: string): Promise<string> {
  if (nodeIdOf(readNodeRequest(request).publicKey) !== caller) {
    throw new CellError("PERMISSION_DENIED", "renewing a certificate: a node gets one for its own key only");
  }
  return (await authority.issueNode(request, Date.now())).certificatePem;
}
