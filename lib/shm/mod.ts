/**
 * Connections between processes of one user on one machine, in shared memory.
 */
export {
  dialLocal,
  type DialLocalOptions,
  listenLocal,
  type ListenLocalOptions,
  type LocalTransport,
} from "./local.ts";
export { RING_BYTES_INITIAL, RING_BYTES_MAX } from "./layout.ts";
export { SHARED_BYTES_MAX } from "./memory_budget.ts";
export { MOVE_AFTER_FRAMES } from "./move.ts";
export { RingConsumer } from "./ring_consumer.ts";
export { RingProducer } from "./ring_producer.ts";
export { Segment } from "./segment.ts";
