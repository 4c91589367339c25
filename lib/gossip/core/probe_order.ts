import { isLive, type Member } from "./member.ts";

/**
 * Whom to probe next: everybody once in a random order, then in another. So a crash is met by one node after 2n - 1 probes
 * at the latest, which drawing at random would not promise (SWIM, section 4.3).
 */
export class ProbeOrder {
  #order: Member[] = [];
  #position = 0;

  constructor(
    private readonly membersMax: number,
    private readonly random: () => number,
    private readonly isMember: (member: Member) => boolean,
  ) {}

  /** A new member comes somewhere in the order: at its end, all nodes would probe it at once and then for long not. */
  add(member: Member): void {
    if (this.#order.length >= 2 * this.membersMax) this.#shuffle();
    const place = Math.floor(this.random() * (this.#order.length + 1));
    const moved = this.#order[place];
    this.#order[place] = member;
    if (moved !== undefined) this.#order.push(moved);
  }

  /** The next live member; undefined when there is none. */
  next(): Member | undefined {
    for (let rounds = 0; rounds < 2; rounds++) {
      while (this.#position < this.#order.length) {
        const member = this.#order[this.#position++]!;
        if (isLive(member) && this.isMember(member)) return member;
      }
      this.#shuffle();
    }
    return undefined;
  }

  /** Forgets who is not a member any more, too. */
  #shuffle(): void {
    const order = this.#order.filter(this.isMember);
    for (let index = order.length - 1; index > 0; index--) {
      const other = Math.floor(this.random() * (index + 1));
      [order[index], order[other]] = [order[other]!, order[index]!];
    }
    this.#order = order;
    this.#position = 0;
  }
}
