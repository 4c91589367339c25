import { SECOND } from "../../base/mod.ts";
import { seekCluster } from "../../gossip/mod.ts";
import { dialTls } from "../../net/tls/mod.ts";
import type { NetworkSettings } from "../home/mod.ts";
import type { Doors } from "./join.ts";

/** A host that does not answer keeps nobody longer. */
const DIAL_MS_MAX = 3 * SECOND;
/** How long the LAN is asked. */
const SEEK_MS_MAX = 3 * SECOND;

/** How a machine with these settings reaches nodes that may let it in. */
export function doorsOf({ isMulticast, multicastPort }: NetworkSettings): Doors {
  return {
    dial(address, authorityFingerprint) {
      const { hostname, port } = new URL(`tcp://${address}`);
      const host = hostname.replace(/^\[|\]$/g, "");
      return dialTls({ host, port: Number(port), trust: { authorityFingerprint }, timeoutMs: DIAL_MS_MAX });
    },
    seek({ secret }) {
      if (!isMulticast) return Promise.resolve([]);
      const options = { tokenSecret: secret, multicast: { port: multicastPort }, timeoutMs: SEEK_MS_MAX };
      // A machine that cannot send to all has the addresses of its token.
      return seekCluster(options).catch(() => []);
    },
  };
}
