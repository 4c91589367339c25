/** What can be ended when nobody holds it. */
interface Closable {
  close(): void;
}

/** A link that may be closed for the process to end. */
interface Released {
  readonly lingerMs: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Lets a process end although it has connections: the runtime's QUIC sockets have no `unref`, so whoever is released is
 * closed a little later, unless it is held again or the process lives on anyway. A listener makes it live on; from when the
 * last one is gone the time counts.
 */
class UnrefLinger {
  private readonly released = new Map<Closable, Released>();
  private listenerCount = 0;

  hold(link: Closable): void {
    this.forget(link);
  }

  release(link: Closable, lingerMs: number): void {
    if (this.released.has(link)) return;
    const entry: Released = { lingerMs, timer: undefined };
    this.released.set(link, entry);
    if (this.listenerCount === 0) this.startTimer(link, entry);
  }

  /** It is closed. */
  forget(link: Closable): void {
    clearTimeout(this.released.get(link)?.timer);
    this.released.delete(link);
  }

  onListen(): void {
    if (this.listenerCount++ > 0) return;
    for (const { timer } of this.released.values()) clearTimeout(timer);
  }

  onListenEnd(): void {
    if (--this.listenerCount > 0) return;
    for (const [link, entry] of this.released) this.startTimer(link, entry);
  }

  private startTimer(link: Closable, entry: Released): void {
    entry.timer = setTimeout(() => {
      this.released.delete(link);
      link.close();
    }, entry.lingerMs);
    entry.timer.unref();
  }
}

/** The one of this process. */
export const unrefLinger: UnrefLinger = new UnrefLinger();
