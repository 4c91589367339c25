/** Version of the protocol that this code speaks; `docs/protocol.md` says what may change within one. */
export const PROTOCOL_VERSION = 1;

/** Method indexes that every server answers, whatever its schema and whatever gene the request carries. */
export const Reflection = {
  hello: 0xffff,
  schema: 0xfffe,
  negotiate: 0xfffd,
  stats: 0xfffc,
} as const;
/** Indexes from here on are reserved for reflection. */
export const REFLECTION_FIRST = 0xfff0;

/** What a server says of itself: the answer to the reserved method 0xFFFF. */
export interface Hello {
  protocol: number;
  service: string;
  instance: string;
  species: string;
  pid: number;
  uid: number;
  /** Epoch milliseconds. */
  startedAt: number;
  /** Longest payload that this server reads. */
  messageBytesMax: number;
  /** Calls that one connection may have in flight. */
  connectionCallsMax: number;
}

/** One method's counters since the server started. */
export interface MethodStats {
  calls: number;
  errors: number;
  inFlight: number;
  /** Calls that their callers gave up and whose handlers still run. */
  abandoned: number;
  /**
   * Percentiles of the time from the request's arrival to its last answer. Calls that wait for something are all timed, and
   * so are those of a method that takes long without waiting; of fast ones some are, in place of all.
   */
  p50Micros: number;
  p90Micros: number;
  p99Micros: number;
  maxMicros: number;
}

/** A server's counters: the answer to the reserved method 0xFFFC. */
export interface ServerStats {
  service: string;
  instance: string;
  uptimeMs: number;
  connections: number;
  inFlight: number;
  calls: number;
  errors: number;
  draining: boolean;
  methods: { [name: string]: MethodStats };
}

/** What each answer of a server says about its load. */
export interface LoadReport {
  /** Calls in flight. */
  inFlight: number;
  /** Moving average of how long calls took. */
  latencyMicros: number;
}
