import { CellError, SECOND } from "../../base/mod.ts";

/** Refusals that are told in one REPORT_WINDOW_MS; the rest is counted. Whoever floods a port must not flood a log as well. */
export const REPORTS_MAX = 10;
const REPORT_WINDOW_MS = 1 * SECOND;

/** Tells of connections that were refused, as far as somebody can read it. */
export class RefusalReports {
  private windowBeganMs = -Infinity;
  private told = 0;
  private untold = 0;

  constructor(private readonly tell: (error: CellError) => void, private readonly now: () => number) {}

  report(error: CellError): void {
    const nowMs = this.now();
    if (nowMs - this.windowBeganMs >= REPORT_WINDOW_MS) {
      this.windowBeganMs = nowMs;
      this.told = 0;
    }
    if (this.told >= REPORTS_MAX) {
      this.untold++;
      return;
    }
    this.told++;
    const { untold } = this;
    this.untold = 0;
    this.tell(untold === 0 ? error : withOthers(error, untold));
  }
}

function withOthers(error: CellError, count: number): CellError {
  const { code, message, retryable, data, cause } = error;
  return new CellError(code, `${message} (${count} more were refused before)`, { retryable, data, cause });
}
