import { CellError } from "../lib/base/mod.ts";
import { parseTransport, TRANSPORT_VARIABLE, type TransportChoice, type TransportInUse } from "../lib/service/mod.ts";
import { isAnswered } from "./exit_code.ts";
import { UsageError } from "./usage_error.ts";

/** What `--help` says of the option `--transport`. */
export const TRANSPORT_OPTION_TEXT = "uds (Unix socket), shm, quic, tls or auto";

const TEXTS: { readonly [transport in TransportInUse]: string } = {
  uds: "a unix socket",
  shm: "shared memory",
  memory: "memory of this process",
  quic: "QUIC",
  tls: "TLS",
  relay: "a relay",
  mixed: "several transports",
};

/** A transport after "over". */
export function transportText(transport: TransportInUse): string {
  return TEXTS[transport];
}

/** The choice that follows `--transport`. */
export function parseTransportOption(text: string): TransportChoice {
  try {
    return parseTransport(text, "--transport");
  } catch (error) {
    throw error instanceof CellError && error.code === "INVALID_ARGUMENT" ? new UsageError(error.message) : error;
  }
}

/** A transport of the environment that cannot be is wrong usage, as one of the command line is, whoever met it. */
export function asTransportUsage(error: unknown): unknown {
  return error instanceof CellError && error.code === "INVALID_ARGUMENT" && !isAnswered(error) &&
      error.message.startsWith(`${TRANSPORT_VARIABLE}: `)
    ? new UsageError(error.message)
    : error;
}
