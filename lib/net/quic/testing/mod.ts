/** Links over QUIC for tests. */
export { quicPairs } from "./quic_pairs.ts";
