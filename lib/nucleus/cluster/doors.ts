import { CellError, SECOND } from "../../base/mod.ts";
import { seekCluster } from "../../gossip/mod.ts";
import { dialTls } from "../../net/tls/mod.ts";
import { NUCLEUS } from "../../service/mod.ts";
import { type NetworkSettings, parseHostPort } from "../home/mod.ts";
import type { Doors } from "./join.ts";

/** A host that does not answer keeps nobody longer. */
const DIAL_MS_MAX = 3 * SECOND;
/** How long the LAN is asked. */
const SEEK_MS_MAX = 3 * SECOND;

/** How a machine with these settings reaches nodes that may let it in. */
export function doorsOf({ isMulticast, multicastPort }: NetworkSettings): Doors {
  return {
    async dial(address, authorityFingerprint, signal) {
      const at = parseHostPort(address);
      if (at === undefined) {
        throw new CellError("INVALID_ARGUMENT", `${address.slice(0, 64)} is no HOST:PORT, such as 192.0.2.7:9043`);
      }
      const trust = { authorityFingerprint };
      // A service of the cluster that listens there is not to be shown the token: only agents admit.
      return await dialTls({ ...at, trust, expect: { service: NUCLEUS }, timeoutMs: DIAL_MS_MAX, signal });
    },
    seek({ secret }) {
      if (!isMulticast) return Promise.resolve([]);
      const options = { tokenSecret: secret, multicast: { port: multicastPort }, timeoutMs: SEEK_MS_MAX };
      // A machine that cannot send to all has the addresses of its token.
      return seekCluster(options).catch(() => []);
    },
  };
}
