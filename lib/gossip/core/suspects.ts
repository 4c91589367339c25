import type { Member, NodeId } from "./member.ts";
import type { Suspicion } from "./suspicion.ts";

/** The members that are suspect, and when the first of their times is over. */
export class Suspects {
  /** No suspicion ends before. */
  nextAtMs = Infinity;
  readonly #members = new Set<Member>();

  begin(member: Member, suspicion: Suspicion): void {
    member.suspicion = suspicion;
    this.#members.add(member);
    this.nextAtMs = Math.min(this.nextAtMs, suspicion.endMs);
  }

  /** Counts another accuser, which may shorten the suspect's time; false when that changes nothing. */
  confirm({ suspicion }: Member, from: NodeId): boolean {
    if (suspicion === undefined || !suspicion.confirm(from)) return false;
    this.nextAtMs = Math.min(this.nextAtMs, suspicion.endMs);
    return true;
  }

  /** It is suspect no longer, whatever it is then. */
  end(member: Member): void {
    member.suspicion = undefined;
    this.#members.delete(member);
  }

  /** Those whose time is over. */
  over(nowMs: number): Member[] {
    if (this.nextAtMs > nowMs) return [];
    const over: Member[] = [];
    this.nextAtMs = Infinity;
    for (const member of this.#members) {
      const { endMs } = member.suspicion!;
      if (endMs > nowMs) this.nextAtMs = Math.min(this.nextAtMs, endMs);
      else over.push(member);
    }
    return over;
  }

  /** Gives every suspect so much more time. */
  extend(lostMs: number): void {
    for (const { suspicion } of this.#members) suspicion!.extend(lostMs);
    this.nextAtMs += lostMs;
  }
}
