import { CellError } from "../../base/mod.ts";
import { type Authority, nodeIdOf, readNodeRequest, shortId } from "../../net/identity/mod.ts";

/** The member that asks for a new certificate. */
export interface Renewing {
  readonly id: string;
  /** As its certificate says; undefined while its record has not come. */
  readonly name: string | undefined;
}

/**
 * A new certificate for a member: for its own key and name alone, for managers are known by their names. Throws
 * PERMISSION_DENIED for another key or name, UNAVAILABLE while the member's name is not known.
 */
export async function renewFor(authority: Authority, request: Uint8Array, caller: Renewing): Promise<string> {
  const { publicKey, name } = readNodeRequest(request);
  if (nodeIdOf(publicKey) !== caller.id) {
    throw new CellError("PERMISSION_DENIED", "renewing a certificate: a node gets one for its own key only");
  }
  if (caller.name === undefined) {
    throw new CellError(
      "UNAVAILABLE",
      `renewing a certificate: nothing is known here of node ${shortId(caller.id)} yet. Ask again.`,
      { retryable: true },
    );
  }
  if (name !== caller.name) {
    throw new CellError(
      "PERMISSION_DENIED",
      `renewing a certificate: node ${shortId(caller.id)} is called ${caller.name} and asks for one as ` +
        `${JSON.stringify(name.slice(0, 64))}. A node that is to have another name joins anew.`,
    );
  }
  return (await authority.issueNode(request, Date.now())).certificatePem;
}
