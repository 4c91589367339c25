import { CellError } from "../../base/mod.ts";
import { type Authority, type NodeId, nodeIdOf, readNodeRequest, shortId } from "../../net/identity/mod.ts";
import type { JoinAnswer, JoinRequest } from "./peer_schema.ts";
import type { Tokens } from "./tokens.ts";

/** Nodes that a new member is told to gossip with. */
const CONTACTS_MAX = 8;

/** What letting somebody in needs. */
export interface Door {
  readonly authority: Authority;
  readonly tokens: Tokens;
  isRevoked(node: NodeId): boolean;
  /** The id of the living member that has this name; undefined when none has. */
  holderOf(name: string): NodeId | undefined;
  /** The keys of datagrams, encoded. */
  gossipKeys(): Uint8Array;
  /** HOST:PORT of nodes that gossip. */
  contacts(): string[];
  /** A node of this name is being let in. */
  onAdmitted?(name: string, id: NodeId): void;
  log(line: string): void;
}

/**
 * Makes a machine a member if its token admits it. `address` is where it calls from, without port. Who guesses tokens
 * learns nothing but that: whatever else may be wrong is looked at after the token.
 *
 * Throws INVALID_ARGUMENT for what is no request, PERMISSION_DENIED and RESOURCE_EXHAUSTED as tokens do, ALREADY_EXISTS
 * for a name that another member has.
 */
export async function admit({ secret, request }: JoinRequest, address: string, door: Door): Promise<JoinAnswer> {
  const { publicKey, name } = readNodeRequest(request);
  const id = nodeIdOf(publicKey);
  door.tokens.redeem(secret, address, () => assertAdmissible(id, name, door));
  door.onAdmitted?.(name, id);
  const { certificatePem } = await door.authority.issueNode(request, Date.now());
  door.log(`node ${id} (${name}) joined from ${address}`);
  return {
    certificate: certificatePem,
    authority: door.authority.certificatePem,
    gossipKeys: door.gossipKeys(),
    contacts: door.contacts().slice(0, CONTACTS_MAX),
  };
}

function assertAdmissible(id: NodeId, name: string, door: Door): void {
  if (door.isRevoked(id)) {
    throw new CellError("PERMISSION_DENIED", `joining as ${name}: node ${shortId(id)} was removed from this cluster`);
  }
  const holder = door.holderOf(name);
  if (holder === undefined || holder === id) return;
  throw new CellError(
    "ALREADY_EXISTS",
    `joining as ${name}: node ${shortId(holder)} has this name. Give this machine another one: id in its node.toml, ` +
      "then cell restart nucleus.",
  );
}
