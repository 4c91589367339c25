import { type Holder, holders, NUCLEUS } from "../../service/mod.ts";
import type { CatalogInstance, Member } from "../client/mod.ts";
import type { Bell } from "./bell.ts";
import type { Condition, LocalNode } from "./local_node.ts";
import { hostAndPort } from "./own_addresses.ts";
import type { Presences } from "./presences.ts";

/** How an instance does of which the agent knows no more than that it runs. */
export const UNTOLD: Condition = { health: "up", load: 0 };
/** What was looked at is used again for so long, unless something has changed. */
const LOOK_MS = 1000;

/** What runs on this node. */
export interface LocalFacts {
  readonly holders: readonly Holder[];
  readonly conditions: ReadonlyMap<string, Condition>;
}

/** Where instances of this node listen to others. */
export interface Listening {
  readonly presences: Presences;
  /** The host that they are reached at from this machine. */
  readonly instanceHost: string;
}

/** Looks at what runs on this node: each time costs opening a file for each instance. */
export class LocalLook {
  #last: { readonly facts: LocalFacts; readonly seen: number; readonly atMs: number } | undefined;

  /** `changed` rings when what was seen may be over; `look` is what is shared. */
  constructor(
    private readonly node: Pick<LocalNode, "conditions">,
    private readonly changed: Bell,
    private readonly look: () => readonly Holder[] = holders,
  ) {}

  /** What runs now. */
  now(): LocalFacts {
    const facts = {
      holders: this.look().filter(({ service }) => service !== NUCLEUS),
      conditions: this.node.conditions(),
    };
    this.#last = { facts, seen: this.changed.count, atMs: performance.now() };
    return facts;
  }

  /** What runs, not much older than the last change: for many who ask at once. */
  recent(): LocalFacts {
    const last = this.#last;
    const isRecent = last?.seen === this.changed.count && performance.now() - last.atMs < LOOK_MS;
    return isRecent ? last!.facts : this.now();
  }
}

/** The instances of this node, whether or not others can reach them; of one service when it is named. */
export function localInstances(
  { name, id, region, zone }: Pick<Member, "name" | "id" | "region" | "zone">,
  { holders, conditions }: LocalFacts,
  listening: Listening | undefined,
  wanted?: string,
): CatalogInstance[] {
  const found = wanted === undefined ? holders : holders.filter(({ service }) => service === wanted);
  return found.map(({ service, instance, species, release, socket }) => {
    const advertised = listening?.presences.of(instance);
    const { health, load } = conditions.get(instance) ?? UNTOLD;
    const at = (transport: string, port: number | undefined) =>
      port === undefined || port === 0 ? [] : [`${transport}:${hostAndPort(listening!.instanceHost, port)}`];
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
