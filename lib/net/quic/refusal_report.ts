import { CellError, SECOND } from "../../base/mod.ts";

/** Refusals that are told within a second; whoever floods a listener must not flood a log as well. */
export const REPORTS_PER_SECOND = 10;

/** Tells of refused connections, and of how many it did not tell. */
export class RefusalReport {
  private windowStartMs = -Infinity;
  private told = 0;
  private untold = 0;

  constructor(private readonly tell: (error: CellError) => void, private readonly now: () => number) {}

  add(error: CellError): void {
    const nowMs = this.now();
    if (nowMs - this.windowStartMs >= 1 * SECOND) {
      this.windowStartMs = nowMs;
      this.told = 0;
    }
    if (this.told >= REPORTS_PER_SECOND) {
      this.untold++;
      return;
    }
    this.told++;
    this.tell(this.untold === 0 ? error : withCount(error, this.untold));
    this.untold = 0;
  }
}

function withCount({ code, message, cause }: CellError, untold: number): CellError {
  return new CellError(code, `${message} (and ${untold} more connections were refused before)`, { cause });
}
