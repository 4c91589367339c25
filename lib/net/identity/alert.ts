import { CellError } from "../../base/mod.ts";
import { JOIN_AGAIN_HERE } from "./refusal.ts";

/** QUIC carries a TLS alert as an error code from here on (RFC 9001, section 4.8). */
const CRYPTO_ERROR_BASE = 0x100;
const ALERT_MAX = 0xff;

const OWN_CERTIFICATE = "the other side did not take this instance's certificate";
const RENEW =
  "Its node's agent renews it: see whether that runs here (cell status), and whether the clocks of both machines are right.";

/** What an alert is called (RFC 8446, section 6.2), what it means here, and what to do about it. */
const ALERTS: ReadonlyMap<number, readonly [name: string, meaning: string]> = new Map([
  [40, [
    "handshake_failure",
    "both sides have no way of encryption in common. Is another version of cell there, or another program?",
  ]],
  [42, ["bad_certificate", `${OWN_CERTIFICATE}: it is damaged, or a signature in it is not right. ${JOIN_AGAIN_HERE}`]],
  [43, [
    "unsupported_certificate",
    `${OWN_CERTIFICATE}: it is of a kind that it does not know. Is another version of cell there?`,
  ]],
  [44, ["certificate_revoked", `${OWN_CERTIFICATE}: this node was revoked. ${JOIN_AGAIN_HERE}`]],
  [45, ["certificate_expired", `${OWN_CERTIFICATE}: by its clock it has expired, or is not yet valid. ${RENEW}`]],
  [46, ["certificate_unknown", `${OWN_CERTIFICATE} and does not say why. Its log does. ${JOIN_AGAIN_HERE}`]],
  [48, [
    "unknown_ca",
    `${OWN_CERTIFICATE}: the authority of its cluster has not issued it. Both nodes must be of one cluster: compare ` +
    `cell status on both. ${JOIN_AGAIN_HERE}`,
  ]],
  [49, ["access_denied", "the other side knows this instance and does not let it in."]],
  [51, [
    "decrypt_error",
    "a signature of this side is not right: its certificate and its key do not belong together. Start this instance again.",
  ]],
  [70, ["protocol_version", "the other side has no TLS 1.3. Is another program there?"]],
  [80, ["internal_error", "the other side has failed within. Its log says why."]],
  [112, ["unrecognized_name", "the other side does not answer under this name. Is another program there?"]],
  [116, [
    "certificate_required",
    `this side showed no certificate and the other one asks for it: this machine has not joined its cluster, or has no ` +
    `certificate at the moment. ${JOIN_AGAIN_HERE}`,
  ]],
  [120, [
    "no_application_protocol",
    "the other side does not speak Cell's protocol in this version. Is another version of cell there, or another program?",
  ]],
]);

/**
 * The error for a connection that `peer` has refused: `code` is its TLS alert (0 to 255) or QUIC's error code for one
 * (256 to 511). Undefined for a code that is neither.
 */
export function alertError(code: number, peer: string): CellError | undefined {
  const alert = code >= CRYPTO_ERROR_BASE ? code - CRYPTO_ERROR_BASE : code;
  if (!Number.isInteger(code) || alert < 0 || alert > ALERT_MAX) return undefined;
  const [name, meaning] = ALERTS.get(alert) ?? [undefined, "it has refused the handshake. Its log may say why."];
  const shown = name === undefined ? `TLS alert ${alert}` : `${name}, TLS alert ${alert}`;
  return new CellError("UNAUTHENTICATED", `connecting to ${peer}: ${meaning} (${shown})`);
}

/**
 * The alert that the code of an error of node:tls names, such as 116 for "ERR_SSL_TLSV1_ALERT_CERTIFICATE_REQUIRED";
 * undefined where it names none.
 */
export function alertOfErrorCode(errorCode: string): number | undefined {
  const name = /_ALERT_([A-Z_]+)$/.exec(errorCode)?.[1]?.toLowerCase();
  if (name === undefined) return undefined;
  return [...ALERTS].find(([, [known]]) => known === name)?.[0];
}
