/**
 * TLS 1.3 over TCP, or over any pipe of bytes: how calls go between machines where UDP is blocked, how a machine joins,
 * and how an instance is reached that nothing reaches from outside. The certificates, the frames and the link are those of
 * every other transport (`lib/net/identity`, `lib/wire`, `Link`).
 *
 * Who is let in. Both sides let the stack accept any certificate and take from it only what it is good at: secrecy, and that
 * the peer holds the key of the certificate it shows. What the certificate says is checked by `verifyIdentity`, in the
 * callback of the handshake, with errors that say what to do. A client checks before its own certificate has left (RFC
 * 8446, section 4.4.2: it is sent last), so a server of another cluster learns nothing of it. A server answers with its first
 * frame, a pong or a goaway with the reason `permission`: in TLS 1.3 a client is done before the server has looked at its
 * certificate, and would otherwise count as connected. That costs no round trip, since a client's first question is one
 * anyway, and is what makes `dialTls` a statement. Tickets are off: whoever comes back proves again who it is.
 *
 * A client without a certificate is let in only where `onAnonymous` says so, as an `anonymous` peer; one whose certificate
 * is not right never is. A machine that joins knows the fingerprint of the authority from its token. The server therefore
 * sends its authority's certificate behind its own (300 bytes per handshake), and everything is checked from there.
 *
 * Strangers. A connection is one until it has proved who it is, a client without a certificate for as long as it lives. Their
 * number and how fast they come are bounded, by address (by /64 for IPv6) and altogether (`StrangerGate`), before any
 * state of TLS exists; a handshake has 5 seconds, whatever trickles in. Nobody who is in is affected by who waits outside.
 * Where all places are taken the first to come makes room, as with QUIC: whoever holds them without a word keeps nobody out.
 *
 * Relays. `bytePipe` makes a stream of a call with a stream each way, `pipeToTcp` is the other end of that call: the
 * agent of the instance's node connects to it on the same machine and pumps. The two instances do their TLS inside, so that
 * an agent in between sees nothing and changes nothing. Both hold 64 KiB in each direction and then stop asking.
 *
 * Turned down: alerts of TLS as the answer (the runtime sends none when a callback refuses, only `certificate_required` by
 * itself, and an alert could not say what to do); letting the stack check the chain (it wants host names, and its verdict
 * "unable to get local issuer certificate" is everything from another cluster to a wrong file); node:tls for TCP (up to
 * a third more processor time per call, 1.5 to 3 times per byte, measured with an echo), so only a pipe uses it; a listener per
 * certificate (a port cannot be taken over without a gap), TLS options of the listener (they are fixed when it begins to
 * listen) and `setKeyCert` (it forgets ALPN). So the listener accepts TCP, and each connection is made a TLS one with the
 * credentials of that moment: as fast, no memory left behind after 4,000 handshakes, renewal for nothing.
 *
 * What was found of the runtime (Bun 1.4.5). `getPeerX509Certificate` gives the leaf only, `getPeerCertificate(false)` the
 * chain. `upgradeTLS` has an undeclared `isServer`. `handshake` reports "UNABLE_TO_GET_ISSUER_CERT" for a client without
 * any certificate. ALPN that does not match is an alert, none at all is not, so both sides look. Node's TLSSocket over
 * a stream reports drained while that stream is full: the pipe is asked as well. A connect that nobody answers cannot be
 * taken back: given up, it lives in the kernel until that gives up, and is closed if it succeeds after all.
 *
 * A write costs a record, some 10 us of TCP, and a wake-up of the reader, so links here gather what a turn of the event loop
 * writes after its first write (`StreamLinkOptions.gathers`).
 *
 * Invariants: a link is handed out only after both sides have accepted each other; `onRefused` hears of every connection
 * that `onLink` does not, or counts it; whoever is counted as a stranger is uncounted exactly once; no certificate, however
 * broken, makes an anonymous peer; `data.started` is false in every error of `dialTls`.
 */
export { bytePipe, type Carrier, type Exchange, type Pipe } from "./byte_pipe.ts";
export { DIAL_MS, dialTls, type DialTlsOptions } from "./dial_tls.ts";
export { DEFAULT_TLS_LIMITS, type TlsLimits } from "./limits.ts";
export { LinkRegistry } from "./link_registry.ts";
export { listenTls, type ListenTlsOptions, type TlsListener } from "./listen_tls.ts";
export type { Expected, Pin } from "./outgoing.ts";
export { PIPE_BYTES } from "./outbox.ts";
export { pipeToTcp, type PipeToTcpOptions, RELAY_CONNECT_MS, RELAY_IDLE_MS } from "./pipe_to_tcp.ts";
export type { CredentialsSource } from "./secure_options.ts";
export type { PortRange } from "./tcp.ts";
