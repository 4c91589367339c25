/** W3C Trace Context, level 1: version, trace id, parent id, flags. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const TRACE_ID_END = "00-".length + 32;

/**
 * The `traceparent` of a call: it continues its caller's trace under a span of its own, or begins a trace. What the caller
 * sent is dropped when it is no traceparent, as the specification demands (section 3.2.2).
 */
export function continueTrace(received: string | undefined): string {
  const random = crypto.getRandomValues(Buffer.alloc(24)).toString("hex");
  const spanId = random.slice(32);
  if (received === undefined || !TRACEPARENT.test(received)) return `00-${random.slice(0, 32)}-${spanId}-01`;
  return `${received.slice(0, TRACE_ID_END)}-${spanId}${received.slice(-3)}`;
}
