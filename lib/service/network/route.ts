import { MINUTE } from "../../base/mod.ts";
import type { DialCandidate } from "../../net/mod.ts";

/** One way to an instance: directly, or through the agent of its node. */
export type Route = DialCandidate;

/** For so long the transport that worked for a node is tried first. */
export const REMEMBERED_MS = 10 * MINUTE;
/** Of more nodes than this all is forgotten; it is found out again. */
export const REMEMBERED_NODES_MAX = 1_024;

const ROUTE = /^(quic|tls|relay):(?:\[([0-9a-fA-F:.%]{2,64})\]|([0-9A-Za-z.-]{1,253})):([1-9][0-9]{0,4})$/;
const PORT_MAX = 65_535;

/** Reads "quic:192.0.2.7:41641" or "tls:[2001:db8::1]:41641"; undefined for anything else. */
export function parseRoute(text: string): Route | undefined {
  const [, transport, address, name, digits] = ROUTE.exec(text) ?? [];
  const port = Number(digits);
  if (transport === undefined || port > PORT_MAX) return undefined;
  return { transport: transport as Route["transport"], host: address ?? name!, port };
}

/** The ways that an instance is known by which `choice` allows, in the order in which they are known. */
export function routesOf(endpoints: readonly string[], choice: "auto" | "quic" | "tls"): Route[] {
  const isAllowed = ({ transport }: Route): boolean =>
    choice === "auto" || (choice === "quic" ? transport === "quic" : transport !== "quic");
  return endpoints.flatMap((text) => parseRoute(text) ?? []).filter(isAllowed);
}

/** Which transport worked for a node: where UDP is blocked it is blocked for all of its instances. */
export class RememberedRoutes {
  readonly #known = new Map<string, { readonly transport: Route["transport"]; readonly untilMs: number }>();

  /** `now` is in milliseconds of a monotonic clock. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  note(node: string, { transport }: Route): void {
    if (this.#known.size >= REMEMBERED_NODES_MAX) this.#known.clear();
    this.#known.set(node, { transport, untilMs: this.now() + REMEMBERED_MS });
  }

  /** `routes` with those first that worked of late. */
  inOrder(node: string, routes: readonly Route[]): Route[] {
    const known = this.#known.get(node);
    if (known === undefined || this.now() >= known.untilMs) return [...routes];
    const worked = ({ transport }: Route): boolean => transport === known.transport;
    return [...routes.filter(worked), ...routes.filter((route) => !worked(route))];
  }
}
