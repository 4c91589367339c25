/**
 * QUIC between machines (RFC 9000, on the runtime's node:quic): one connection per pair of processes, TLS 1.3 with
 * certificates on both sides, and behind it the frames and the `Link` of every other transport.
 *
 * Who is there. The handshake shows certificates; then each side says who it is before a frame is sent (`introduction.ts`).
 * The client sends its proof of identity (`lib/net/identity`), the server answers that it lets the client in, or why not,
 * and only then is there a link. The introduction is necessary because the runtime tells a server not its client's
 * certificate but the one BEHIND it in the chain, which a client may choose: whoever believed it would take anybody for
 * anybody. And because in TLS 1.3 a client is done before the server has looked at its certificate. It costs one round
 * trip.
 *
 * Renewal. A listener shows for ever the certificate that it began with (`setSNIContexts` replaces it and forgets that
 * clients need one). So a client takes an expired certificate if the server endorses it by its current one, of the same
 * instance of the same node (`endorsement.ts`); everything else about it is checked as ever. Connections outlive certificates;
 * those of a revoked node are closed at once (`closeQuicLinksOf`).
 *
 * Frames. All frames of a connection go over one stream; decision 0021 has the figures of several, and of one per call.
 *
 * How much. The runtime takes in whatever arrives and holds it for whoever reads it some day: a reader that paused was made to
 * hold 150 MB, whatever windows were set. So both sides grant each other bytes on a second stream (`flow_window.ts`), and
 * who sends more than it was granted to a reader that has paused is sent away.
 *
 * Strangers. A client is one from its first packet until its proof. There are at most `strangersMax`, each for
 * `handshakeMs`; when one more comes, the oldest goes, so a flood of half handshakes keeps nobody out who needs less time for
 * his own than the flood for that many. What a flood costs cannot be limited here: the runtime answers each first packet
 * (0.2 ms of processor) before anybody is asked, also when it is told to be busy. Garbage costs 3 to 5 us per datagram. A
 * firewall's rate limit helps against either.
 *
 * Turned down: the TLS exporter as what is proved (the runtime gives it in its key log only, which is for debugging);
 * SO_REUSEPORT for a new certificate (packets of old connections would go to the new socket); dialing from the listening socket
 * (it works, and ties the life of one to the other); 0-RTT data (it can be sent again by somebody else); datagrams.
 *
 * What was found of the runtime (Bun 1.4.5, which stands on lsquic), for whoever changes something here:
 * - Identity: see above. `opened` resolves on a server also for a client without a certificate, which is refused right
 *   afterwards. The address of a client is not known before `opened`. A client refuses nothing with `verifyPeer: "manual"` but
 *   says what it would (`validationErrorCode`). Refusals arrive as 256 plus the number of the TLS alert, on both sides.
 * - Without effect: `validateAddress`, `sessionCreationRate`, `maxConnectionsPerHost`, `handshakeTimeout`, all windows.
 *   `maxConnectionsTotal` and `busy` refuse after the handshake, when the client believes itself connected.
 * - Units: `maxIdleTimeout` counts seconds, `keepAlive` milliseconds. An idle timeout is no error, but the end of the stream as
 *   if the peer had ended it, and of the session a few turns later.
 * - Two endpoints answer each other's stateless resets with stateless resets, ten thousand a second: they are switched off.
 *   So a process that is gone without a word is noticed by the idle time only. Nor does an ICMP "unreachable" end anything.
 * - By itself the runtime shares a socket for all that is dialed, one bound to IPv6 with IPv4 addresses, too: nothing arrives.
 * - No `ref` and `unref`: a socket with connections keeps the process alive (`unref_linger.ts`).
 * - `writeSync` copies, takes all or nothing, and sends at the end of the turn: one packet each way for a call. It refuses
 *   while somebody waits for its drain. What waits in it is moved with every packet: 64 KiB are fine, 100 MB a standstill.
 * - Reading is an async iterator over batches; `session.destroy` loses what was written in the same turn; what one side wrote
 *   before it ended its stream arrives if the session lives until the other side has read it, so the reader closes it.
 * - A client whose address changes keeps its connection (RFC 9000, section 9), also twice in a row, with calls under way.
 * - A connection takes 130 KiB on either side and, at rest, 40 us of processor per second for its signs of life; 0.15 ms in
 *   each of the first seconds, while the size of packets is tried out. All of this holds in a compiled executable, too.
 *
 * Speed (two processes on one machine, `bun bench/run.ts quic`): a call takes 5 us more than an echo over a bare stream of the
 * runtime, which takes 1.4 times an echo of datagrams, or 20 us more. 500,000 to 770,000 calls/s with 512 in flight, 2 M stream
 * items/s, 3 ms to connect.
 *
 * Invariants: a link is handed out only after both sides have accepted each other; no identity comes from anywhere but a
 * verified proof, endorsement or the certificate whose key the handshake proved; `data.started` is false in every error of
 * `dialQuic`; what is held for a peer, or for a reader that paused, is bounded by its window; every connection attempt ends
 * within its time.
 */
export { dialQuic, type DialQuicOptions } from "./dial_quic.ts";
export { listenQuic, type ListenQuicOptions, type QuicListener } from "./listen_quic.ts";
export { DEFAULT_QUIC_OPTIONS, type QuicOptions } from "./options.ts";
export { closeQuicLinks, closeQuicLinksOf, type QuicLink } from "./quic_link.ts";
