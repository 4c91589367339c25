/** For tests and benchmarks: a network that does badly, and clusters to connect on it. */
export { LossyRelay, type Weather } from "./lossy_relay.ts";
