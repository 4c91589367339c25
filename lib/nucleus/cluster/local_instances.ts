import { holders, NUCLEUS } from "../../service/mod.ts";
import type { CatalogInstance, Member } from "../client/mod.ts";
import { hostAndPort } from "./own_addresses.ts";
import type { Condition, LocalNode } from "./local_node.ts";
import type { Presences } from "./presences.ts";

/** How an instance does of which the agent knows no more than that it runs. */
export const UNTOLD: Condition = { health: "up", load: 0 };

/** The instances of this node, whether or not others can reach them; of one service when it is named. */
export function localInstances(
  { name, id, region, zone }: Pick<Member, "name" | "id" | "region" | "zone">,
  node: LocalNode,
  presences: Presences | undefined,
  service?: string,
): CatalogInstance[] {
  const wanted = holders().filter((holder) =>
    holder.service !== NUCLEUS && (service === undefined || holder.service === service)
  );
  const conditions = node.conditions();
  return wanted.map(({ service, instance, species, release, socket }) => {
    const advertised = presences?.of(instance);
    const { health, load } = conditions.get(instance) ?? UNTOLD;
    const at = (transport: string, port: number | undefined) =>
      port === undefined || port === 0 ? [] : [`${transport}:${hostAndPort("127.0.0.1", port)}`];
    return {
      service,
      instance,
      species: advertised?.species ?? species ?? "",
      release: release ?? null,
      node: name,
      nodeId: id,
      region,
      zone,
      health,
      load,
      endpoints: [`uds:${socket}`, ...at("quic", advertised?.quicPort), ...at("tls", advertised?.tlsPort)],
    };
  });
}
