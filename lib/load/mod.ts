/**
 * Puts a method under load and says how it holds up: how many calls a second, and how long the slow ones take.
 *
 * The load is closed-loop: `concurrency` callers each wait for their answer before they ask again. That is what a service
 * with so many callers sees. An open loop, which keeps asking at a fixed rate whether answers come or not, was turned
 * down for this tool: it answers what happens beyond saturation and needs a rate that nobody knows beforehand. The price
 * is known as coordinated omission: while the server stalls, fewer calls are made, so a stall weighs less than it would
 * for independent users. The maximum is reported beside the percentiles for that reason.
 *
 * A call in shared memory takes about a microsecond, so what stands beside it counts: one look at the clock for each call (the
 * end of one is the beginning of the next), one `await`, and a bucket that is found with integers. Together that is some 70 ns,
 * half of them the clock's.
 *
 * Latencies go into a histogram with a fixed number of buckets (`histogram.ts`): a run of an hour needs as much memory as
 * one of a second.
 */
export { type LoadOptions, type LoadResult, measureLoad } from "./measure.ts";
