import type { NodeAgent } from "./agent.ts";
import { OwnCredentials, type Who } from "./own_credentials.ts";

/** Credentials that somebody uses, and how many do. */
interface Held {
  readonly credentials: Promise<OwnCredentials>;
  count: number;
}

const heldOf = new WeakMap<NodeAgent, Map<string, Held>>();

/** A share in the credentials of this process. */
export interface CredentialsHold {
  readonly credentials: Promise<OwnCredentials>;
  /** The last one who releases them ends them. */
  release(): void;
}

/** The credentials of this process as `who`: one key for all that hold them at the same time. */
export function holdCredentials(agent: NodeAgent, who: Who): CredentialsHold {
  const held = heldOf.get(agent) ?? new Map<string, Held>();
  heldOf.set(agent, held);
  const key = `${who.service}/${who.instance}`;
  const shared: Held = held.get(key) ?? { credentials: OwnCredentials.begin(agent, who), count: 0 };
  held.set(key, shared);
  shared.count++;
  let isHeld = true;
  return {
    credentials: shared.credentials,
    release() {
      if (!isHeld) return;
      isHeld = false;
      if (--shared.count > 0) return;
      held.delete(key);
      void shared.credentials.then((credentials) => credentials.close());
    },
  };
}
