import { CellError, SECOND } from "../../base/mod.ts";
import { type Authority, isNodeId } from "../../net/identity/mod.ts";
import { EVERY_NODE } from "../home/mod.ts";
import { admit, type Door } from "./admission.ts";
import type { JoinAnswer, JoinRequest } from "./peer_schema.ts";
import { renewFor } from "./renew_for.ts";

/**
 * A node that was let in is a member for the others when gossip has brought its record: nobody else gets its name until then. No
 * longer than this, for the answer may have been lost, and the same machine asks again with another key.
 */
export const ARRIVAL_MS_MAX = 10 * SECOND;
/** More nodes do not join within that time by one node. */
export const ARRIVING_MAX = 1024;

/** What deciding who may what is made from. */
export interface GatekeeperOptions extends Omit<Door, "authority"> {
  /** Undefined where this node does not hold the authority's key. */
  authority(): Authority | undefined;
  /** As its certificate says; undefined of a node that is not known. */
  nameOf(node: string): string | undefined;
  /** Names or ids of nodes whose agents may manage this one. */
  readonly managers: readonly string[];
  readonly nowMs?: () => number;
}

/** Decides who becomes a member, whose certificate is renewed, and who may manage this node. */
export class Gatekeeper {
  /** Nodes that were let in a moment ago, by name. */
  readonly #arriving = new Map<string, { readonly id: string; readonly untilMs: number }>();

  constructor(private readonly options: GatekeeperOptions) {}

  /** Throws as `admit` does, FAILED_PRECONDITION where the authority's key is not. */
  async admit(request: JoinRequest, address: string): Promise<JoinAnswer> {
    const authority = this.#authority("joining", "ask the one that made the token");
    const holderOf = (name: string) => this.options.holderOf(name) ?? this.#arrivingAs(name);
    const onAdmitted = (name: string, id: string) => this.#reserve(name, id);
    return await admit(request, address, { ...this.options, authority, holderOf, onAdmitted });
  }

  /** Throws as `renewFor` does, FAILED_PRECONDITION where the authority's key is not. */
  async renew(request: Uint8Array, caller: string): Promise<string> {
    const authority = this.#authority("renewing a certificate", "ask one that does");
    return await renewFor(authority, request, { id: caller, name: this.options.nameOf(caller) });
  }

  isManager(node: string): boolean {
    const { managers } = this.options;
    if (managers.includes(EVERY_NODE) || managers.includes(node)) return true;
    const name = this.options.nameOf(node);
    // Who takes another node's id for a name is nobody.
    return name !== undefined && !isNodeId(name) && managers.includes(name);
  }

  #authority(what: string, advice: string): Authority {
    const authority = this.options.authority();
    if (authority !== undefined) return authority;
    throw new CellError("FAILED_PRECONDITION", `${what}: this node does not hold the authority's key; ${advice}`);
  }

  #arrivingAs(name: string): string | undefined {
    const arriving = this.#arriving.get(name);
    if (arriving === undefined || this.#now() >= arriving.untilMs) return undefined;
    // What has arrived is known by its record; what was removed meanwhile does not come.
    const { nameOf, isRevoked } = this.options;
    return nameOf(arriving.id) === undefined && !isRevoked(arriving.id) ? arriving.id : undefined;
  }

  #reserve(name: string, id: string): void {
    this.#arriving.delete(name);
    const [oldest] = this.#arriving.keys();
    if (this.#arriving.size >= ARRIVING_MAX && oldest !== undefined) this.#arriving.delete(oldest);
    this.#arriving.set(name, { id, untilMs: this.#now() + ARRIVAL_MS_MAX });
  }

  #now(): number {
    return this.options.nowMs?.() ?? Date.now();
  }
}
