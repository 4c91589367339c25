import { isIPv6 } from "node:net";
import { toCellError } from "../../base/mod.ts";
import type { Trust } from "../identity/mod.ts";
import type { StreamLinkOptions } from "../stream_link.ts";
import type { CredentialsSource, Expected } from "../tls/mod.ts";
import { formatAddress, resolveHost } from "./address.ts";
import { Departure } from "./departure.ts";
import { withDialEndpoint } from "./dial_endpoint.ts";
import { type QuicOptions, validateQuicOptions } from "./options.ts";
import type { QuicLink } from "./quic_link.ts";
import { loadQuic } from "./runtime.ts";
import { connectOptions } from "./session_options.ts";

/**
 * A handshake that ends without a word is begun anew, so often in all. The runtime ends one that way now and then when this
 * process was stopped in the midst of it for a second, as a machine does that has too much to do.
 */
export const HANDSHAKES_MAX = 3;

/** Whom to connect to, and how. */
export interface DialQuicOptions {
  /** An address or a name. */
  readonly host: string;
  readonly port: number;
  readonly credentials: CredentialsSource;
  readonly trust: Trust;
  /** Whom the address must belong to. @default anybody of the cluster */
  readonly expect?: Expected;
  /** For everything until the server has let this side in: name, handshake, introduction. @default options.handshakeMs */
  readonly timeoutMs?: number;
  /** Gives up. */
  readonly signal?: AbortSignal;
  /** @default DEFAULT_QUIC_OPTIONS */
  readonly options?: Partial<QuicOptions>;
  /** What tests shorten. */
  readonly link?: StreamLinkOptions;
  /** Milliseconds since 1970, for certificates. @default Date.now */
  readonly now?: () => number;
}

/**
 * Connects to an instance and returns when both sides know who the other is. Throws UNAUTHENTICATED when one of them does
 * not believe the other, UNAVAILABLE when nobody answers or somebody else is there, CANCELLED by `signal`; no frame has
 * been sent then.
 */
export async function dialQuic(given: DialQuicOptions, begin: Begin = connect): Promise<QuicLink> {
  const options = validateQuicOptions(given.options);
  const timeoutMs = given.timeoutMs ?? options.handshakeMs;
  let departure = new Departure(given, options);
  const timer = setTimeout(() => departure.giveUp(timeoutMs), timeoutMs);
  const onAbort = () => departure.cancel();
  given.signal?.addEventListener("abort", onAbort);
  if (given.signal?.aborted) onAbort();
  try {
    for (let handshakes = 1;; handshakes++) {
      const current = departure;
      begin(given, options, current).catch((error) => current.fail(toCellError(error, "INTERNAL")));
      try {
        return await current.done;
      } catch (error) {
        if (!current.isForsaken || handshakes === HANDSHAKES_MAX) throw error;
      }
      departure = new Departure(given, options);
    }
  } finally {
    clearTimeout(timer);
    given.signal?.removeEventListener("abort", onAbort);
  }
}

/** Sends the first packet of a connection that `departure` is. */
export type Begin = (given: DialQuicOptions, options: QuicOptions, departure: Departure) => Promise<void>;

async function connect(given: DialQuicOptions, options: QuicOptions, departure: Departure): Promise<void> {
  const [quic, host] = await Promise.all([loadQuic(), resolveHost(given.host)]);
  if (departure.isSettled) return;
  const credentials = given.credentials();
  const session = await withDialEndpoint(
    quic,
    isIPv6(host) ? "ipv6" : "ipv4",
    (endpoint) => quic.connect(formatAddress(host, given.port), connectOptions(endpoint, credentials, options)),
  );
  departure.begin(session, credentials);
}
