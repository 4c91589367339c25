/**
 * What a difference between the sender's and the receiver's type is called. Arguments go from callers to the server,
 * results the other way; the same difference means something else in each.
 */
export interface Direction {
  /** Whether the receiver may overlook a property it does not know. An argument without effect is a caller's mistake. */
  readonly overlooksProperties: boolean;
  /** Values of `sent` are no values of `expected`. */
  differs(sent: string, expected: string): string;
  /** Some of what may be sent is no value of `expected`. */
  exceeds(sent: string, expected: string): string;
  /** Everything that may be sent is a value of `expected`, which is another type. */
  fits(sent: string, expected: string): string;
  /** The receiver takes values that are not sent. */
  further(accepted: string): string;
  /** The receiver requires what is never, or not always, sent. */
  missing(what: string, isSometimesThere: boolean): string;
  /** What was required no longer is. */
  relaxed(what: string): string;
  /** What is optional to the receiver is never sent. */
  absent(what: string): string;
  /** What is sent is unknown to the receiver. */
  unknown(what: string): string;
}

/** From callers to the server, which `server` names: "the new version". */
export function argumentsOf(server: string): Direction {
  return {
    overlooksProperties: false,
    differs: (sent, expected) => `callers send ${sent}, ${server} expects ${expected}`,
    exceeds: (sent, expected) => `callers may send ${sent}, ${server} expects ${expected}`,
    fits: (sent, expected) => `callers send ${sent}, and ${server} accepts ${expected}`,
    further: (accepted) => `${server} also accepts ${accepted}`,
    missing: (what, isSometimesThere) =>
      `${server} requires ${what} that callers ${isSometimesThere ? "may leave out" : "don't send"}`,
    relaxed: (what) => `${server} does not require ${what} that callers send`,
    absent: (what) => `${server} accepts a further optional ${what}`,
    unknown: (what) => `callers send ${what} that ${server} does not know`,
  };
}

/** From the server to callers. */
export function resultOf(server: string): Direction {
  return {
    overlooksProperties: true,
    differs: (sent, expected) => `${server} returns ${sent}, callers expect ${expected}`,
    exceeds: (sent, expected) => `${server} may return ${sent}, callers expect ${expected}`,
    fits: (sent, expected) => `${server} returns ${sent}, and callers accept ${expected}`,
    further: (accepted) => `${server} does not return ${accepted}, which callers are ready for`,
    missing: (what, isSometimesThere) =>
      `${server} ${isSometimesThere ? "may leave out" : "does not return"} ${what} that callers require`,
    relaxed: (what) => `${server} always returns ${what} that callers take as optional`,
    absent: (what) => `${server} does not return an optional ${what}`,
    unknown: (what) => `${server} returns ${what} that callers do not know`,
  };
}
