/** How a check ended: only `fail` keeps services from working. */
export type FindingStatus = "ok" | "warn" | "fail";

/** What a check found. */
export interface Finding {
  status: FindingStatus;
  /** What was found, on one line. */
  found: string;
  /** What to do about it; there whenever the status is not ok. */
  advice?: string;
}

/** One question about the machine. */
export interface Check {
  name: string;
  run(): Finding | Promise<Finding>;
}

/** A finding that nothing has to be done about. */
export function ok(found: string): Finding {
  return { status: "ok", found };
}

/** A finding that may become a problem. */
export function warn(found: string, advice: string): Finding {
  return { status: "warn", found, advice };
}

/** A finding that keeps services from working. */
export function fail(found: string, advice: string): Finding {
  return { status: "fail", found, advice };
}
