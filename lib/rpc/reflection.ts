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
}

/** One method's counters since the server started. */
export interface MethodStats {
  calls: number;
  errors: number;
  inFlight: number;
  /** Percentiles of the time from the request's arrival to its last answer. */
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
