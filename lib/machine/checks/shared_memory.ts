import { join } from "node:path";
import { toCellError } from "../../base/mod.ts";
import type { Link } from "../../net/mod.ts";
import {
  chooseTransport,
  localSecret,
  runDirectory,
  TRANSPORT_VARIABLE,
  type TransportChoice,
} from "../../service/mod.ts";
import { dialLocal, listenLocal } from "../../shm/mod.ts";
import { type Check, fail, type Finding, ok, warn } from "../check.ts";

/** What clients make of a transport that the environment chooses. */
const CHOSEN: { readonly [choice in TransportChoice]: string } = {
  auto: "",
  uds: `; ${TRANSPORT_VARIABLE}=uds keeps connections on the socket`,
  shm: `; ${TRANSPORT_VARIABLE}=shm insists on it`,
  quic: `; ${TRANSPORT_VARIABLE}=quic keeps connections off it`,
  tls: `; ${TRANSPORT_VARIABLE}=tls keeps connections off it`,
};

/** Whether two processes here can call each other through shared memory, and what keeps them from it. */
export const SHARED_MEMORY: Check = {
  name: "shared memory",
  run: async () => {
    let choice: TransportChoice;
    try {
      choice = chooseTransport();
    } catch (error) {
      return fail(
        toCellError(error).message,
        `no client connects: unset ${TRANSPORT_VARIABLE}, or set it to one of these`,
      );
    }
    // Both ends are in this process: what the kernel has against it, it has against any two.
    const path = join(runDirectory(), `.doctor-${process.pid}.shm.sock`);
    const accepted: Link[] = [];
    const listener = await listenLocal(path, { secret: localSecret, onLink: (link) => accepted.push(link) });
    try {
      const started = performance.now();
      const link = await dialLocal(path, { secret: localSecret, transport: "shm" });
      const micros = (performance.now() - started) * 1000;
      link.destroy();
      return ok(`a connection moved within ${micros.toFixed(0)} us${CHOSEN[choice]}`);
    } catch (error) {
      return examineRefusal(toCellError(error).message, choice);
    } finally {
      for (const link of accepted) link.destroy();
      await listener.close();
    }
  },
};

/** The finding for a machine on which a connection stayed on its socket for this reason. */
export function examineRefusal(why: string, choice: TransportChoice): Finding {
  if (choice === "shm") {
    return fail(why, `${TRANSPORT_VARIABLE}=shm lets every connection fail: unset it, or set it to uds`);
  }
  return warn(why, "until that is otherwise, calls go over Unix sockets, at their speed; nothing else is missing");
}
