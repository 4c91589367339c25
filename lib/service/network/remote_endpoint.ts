import type { Link } from "../../net/mod.ts";
import type { Schema } from "../../schema/mod.ts";
import type { Endpoint } from "../directory.ts";
import type { TransportChoice } from "../transport.ts";
import type { KnownInstance, OwnNode } from "./agent.ts";

/** Connects to instances on whatever node. */
export interface InstanceDialer {
  dial(known: KnownInstance, transport: TransportChoice): Promise<Link>;
  schemaOf(known: KnownInstance): Promise<Schema>;
  /** No further connection is made; those that exist live on. */
  close(): void;
}

/** An instance of another node as a place to call. */
export function remoteEndpoint(known: KnownInstance, self: OwnNode, dialer: InstanceDialer): Endpoint {
  return {
    id: `${known.nodeId}/${known.instance}`,
    species: known.species,
    release: known.release ?? undefined,
    distance: distanceOf(known, self),
    place: placeOf(known),
    isSilent: known.isSilent === true,
    dial: (transport) => dialer.dial(known, transport),
    schema: () => dialer.schemaOf(known),
  };
}

/** Its ports: each process takes its own. A node that moves to other addresses takes its instances along. */
function placeOf({ endpoints }: KnownInstance): string {
  const own = endpoints.filter((endpoint) => !endpoint.startsWith("relay:"));
  return [...new Set(own.map((endpoint) => endpoint.replace(/:.*:/, ":")))].join();
}

/** Zones have names within their region. */
export function distanceOf({ nodeId, region, zone }: KnownInstance, self: OwnNode): Endpoint["distance"] {
  if (nodeId === self.id) return 0;
  if (region !== self.region) return 3;
  return zone === self.zone ? 1 : 2;
}
