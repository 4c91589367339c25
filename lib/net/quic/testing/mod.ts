/** For tests and benchmarks: a network that does badly, a cluster to connect on it, and clients that do not behave. */
export { LossyRelay, type Weather } from "./lossy_relay.ts";
export { EchoClient, QuicWorld, send, until } from "./quic_world.ts";
export { Stranger } from "./stranger.ts";
