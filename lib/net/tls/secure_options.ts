import { constants } from "node:crypto";
import type { Credentials } from "../identity/mod.ts";

/** The credentials that new handshakes use. Asked for each one, so a renewed certificate needs no new listener. */
export type CredentialsSource = () => Credentials;

/** What both sides speak after the handshake; a peer that does not say so is refused. */
export const PROTOCOL = "cell/1";
/** As ALPN has it: each name behind its length (RFC 7301). */
const PROTOCOLS = Buffer.concat([Uint8Array.of(PROTOCOL.length), Buffer.from(PROTOCOL)]);

/** TLS 1.3 and nothing older. And no tickets: a client that comes back shows its certificate again. */
const VERSIONS = constants.SSL_OP_NO_TLSv1 | constants.SSL_OP_NO_TLSv1_1 | constants.SSL_OP_NO_TLSv1_2 |
  constants.SSL_OP_NO_TICKET;

/** What a handshake is made with: options that both TLS sockets of the runtime take, its own and those of node:tls. */
export interface SecureOptions {
  readonly rejectUnauthorized: boolean;
  readonly ALPNProtocols: Buffer;
  readonly secureOptions: number;
  readonly requestCert?: boolean;
  readonly key?: string;
  readonly cert?: string;
  readonly ca?: string;
}

/**
 * What every handshake of ours has in common. The stack is told to accept any certificate, since its own refusals say
 * nothing that helps and know nothing of node ids: each side asks it for the certificate, whose key the peer has proved to
 * have, and checks that by `verifyIdentity`.
 */
const COMMON: SecureOptions = { rejectUnauthorized: false, ALPNProtocols: PROTOCOLS, secureOptions: VERSIONS };

/**
 * What a server shows, and that it asks for the client's certificate. The authority's own certificate is sent as well:
 * a machine that joins knows nothing of it but its fingerprint.
 */
export function serverOptions({ privateKeyPem, chainPem, authorityPem }: Credentials): SecureOptions {
  return { ...COMMON, key: privateKeyPem, cert: chainPem + authorityPem, ca: authorityPem, requestCert: true };
}

/** What a client shows: nothing without credentials. */
export function clientOptions(credentials: Credentials | undefined): SecureOptions {
  if (credentials === undefined) return COMMON;
  const { privateKeyPem, chainPem, authorityPem } = credentials;
  return { ...COMMON, key: privateKeyPem, cert: chainPem, ca: authorityPem };
}
