/** Tells which services have changed, each once after many changes at a time. */
export class ServiceNews {
  readonly #changed = new Set<string>();
  #isStopped = false;

  constructor(private readonly tell: (service: string) => void) {}

  /** Told a moment later, outside of the catalogue's own functions, so that who is told may ask it. */
  note(service: string): void {
    if (this.#changed.size === 0) queueMicrotask(() => this.#tellAll());
    this.#changed.add(service);
  }

  /** Nothing is told any more. */
  stop(): void {
    this.#isStopped = true;
  }

  #tellAll(): void {
    const services = [...this.#changed];
    this.#changed.clear();
    for (const service of services) if (!this.#isStopped) this.tell(service);
  }
}
