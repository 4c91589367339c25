/**
 * QUIC between machines.
 */
export { dialQuic, type DialQuicOptions } from "./dial_quic.ts";
export { listenQuic, type ListenQuicOptions, type QuicListener } from "./listen_quic.ts";
export { DEFAULT_QUIC_OPTIONS, type QuicOptions } from "./options.ts";
export { closeQuicLinks, closeQuicLinksOf, type QuicLink } from "./quic_link.ts";
