import { assert } from "../../base/mod.ts";
import { isLive, type Member, type MemberState, type NodeId } from "./member.ts";

/** For each that is wanted, as many are drawn before it is taken that there are no more. */
const DRAWS = 8;

/** The members that are known, but for this node; bounded. */
export class MemberTable {
  readonly #byId = new Map<NodeId, Member>();
  /** For drawing at random. */
  readonly #list: Member[] = [];
  readonly #gone = new Set<Member>();
  #failed = 0;

  constructor(private readonly membersMax: number, private readonly random: () => number) {}

  get size(): number {
    return this.#list.length;
  }

  /** How many are alive or suspect. */
  get live(): number {
    return this.#list.length - this.#gone.size;
  }

  get failed(): number {
    return this.#failed;
  }

  get(id: NodeId): Member | undefined {
    return this.#byId.get(id);
  }

  values(): readonly Member[] {
    return this.#list;
  }

  /** At most `max` live ones, mostly those added last (who is removed is replaced by the last); looks at no more than it needs. */
  newestLive(max: number): NodeId[] {
    const ids: NodeId[] = [];
    for (let index = this.#list.length - 1; index >= 0 && ids.length < max; index--) {
      const member = this.#list[index]!;
      if (isLive(member)) ids.push(member.id);
    }
    return ids;
  }

  get isFull(): boolean {
    return this.#list.length >= this.membersMax;
  }

  /** The one that is failed or left for longest: it has to make room for others. */
  get goneLongest(): Member | undefined {
    const [member] = this.#gone;
    return member;
  }

  /** Adds one that is not in it yet, while it is not full. */
  add(member: Member): void {
    assert(!this.isFull, "a full table takes nobody");
    member.index = this.#list.push(member) - 1;
    this.#byId.set(member.id, member);
    this.#count(member, 1);
  }

  remove(member: Member): void {
    this.#count(member, -1);
    this.#byId.delete(member.id);
    const last = this.#list.pop()!;
    if (last === member) return;
    this.#list[member.index] = last;
    last.index = member.index;
  }

  /** The only way in which a member changes its state. */
  setState(member: Member, state: MemberState, nowMs: number): void {
    this.#count(member, -1);
    if (member.state !== state) member.sinceMs = nowMs;
    member.state = state;
    this.#count(member, 1);
  }

  /** Those that are failed or left since `beforeMs` or longer. */
  *goneSince(beforeMs: number): Iterable<Member> {
    for (const member of this.#gone) {
      if (member.sinceMs > beforeMs) return;
      yield member;
    }
  }

  /** One of the failed, at random. */
  anyFailed(): Member | undefined {
    let skipped = Math.floor(this.random() * this.#failed);
    for (const member of this.#gone) if (member.state === "failed" && skipped-- === 0) return member;
    return undefined;
  }

  /** Up to `count` different ones that `fits`, at random. Among many that do not fit it may find fewer than there are. */
  draw(count: number, fits: (member: Member) => boolean): Member[] {
    const drawn: Member[] = [];
    const list = this.#list;
    if (list.length <= count * DRAWS) return this.#drawFromAll(count, fits);
    for (let draws = count * DRAWS; draws > 0 && drawn.length < count; draws--) {
      const member = list[Math.floor(this.random() * list.length)]!;
      if (fits(member) && !drawn.includes(member)) drawn.push(member);
    }
    return drawn.length < count && this.live < list.length / 2 ? this.#drawFromAll(count, fits) : drawn;
  }

  /** Where there are few, or most do not fit, all are looked at. */
  #drawFromAll(count: number, fits: (member: Member) => boolean): Member[] {
    const fitting = this.#list.filter(fits);
    const wanted = Math.min(count, fitting.length);
    for (let index = 0; index < wanted; index++) {
      const other = index + Math.floor(this.random() * (fitting.length - index));
      [fitting[index], fitting[other]] = [fitting[other]!, fitting[index]!];
    }
    return fitting.slice(0, wanted);
  }

  /** The set of those that are gone is in the order of their going. */
  #count(member: Member, sign: 1 | -1): void {
    if (member.state === "failed") this.#failed += sign;
    if (isLive(member)) return;
    if (sign === 1) this.#gone.add(member);
    else this.#gone.delete(member);
  }
}
