import { MS } from "../base/mod.ts";
import {
  helloDelayMs,
  type MulticastOptions,
  MulticastReceiver,
  MulticastSender,
  SeekAnswerer,
  type SeekKnowledge,
} from "./discovery/mod.ts";
import { formatAddress } from "./socket_address.ts";

/** The shortest time from one hello to the next, however many reasons there are to hurry. */
export const HURRIED_HELLO_MS = 250 * MS;

/** What happens on the local network. */
export interface LanOptions extends SeekKnowledge {
  readonly multicast: MulticastOptions;
  /** A datagram to the group; false when it is no hello of this cluster. */
  onDatagram(datagram: Uint8Array, from: string): boolean;
  /** Once, when nothing can be sent or heard. */
  onProblem(problem: string): void;
  random(): number;
  nowMs(): number;
}

/** This node on the local network: says hello to all, and hears and answers others. Where there is no multicast it does nothing. */
export class Lan {
  nextHelloAtMs: number;
  #sender: MulticastSender | undefined;
  #receiver: MulticastReceiver | undefined;
  #sent = 0;
  #saidAtMs = -Infinity;
  #isClosed = false;
  #hasProblem = false;
  readonly #answerer: SeekAnswerer;

  private constructor(private readonly options: LanOptions) {
    this.nextHelloAtMs = options.nowMs();
    this.#answerer = new SeekAnswerer(options, options.nowMs());
  }

  static async open(options: LanOptions): Promise<Lan> {
    const lan = new Lan(options);
    const { group, port } = options.multicast;
    try {
      lan.#receiver = await MulticastReceiver.open(
        options.multicast,
        (datagram, from) => lan.#onDatagram(datagram, from),
      );
      lan.#sender = await MulticastSender.open(options.multicast, () => {});
      lan.#receiver.unref();
      lan.#sender.unref();
    } catch (error) {
      lan.#receiver?.close();
      lan.#receiver = undefined;
      lan.nextHelloAtMs = Infinity;
      lan.#report(`listening to ${formatAddress({ host: group, port })}: ${(error as Error).message}`);
    }
    return lan;
  }

  /** Says a hello to everybody, and plans the next. `hello` is undefined while there is no key. */
  sayHello(hello: Uint8Array | undefined, isAlone: boolean): void {
    if (this.#sender === undefined) return;
    this.#saidAtMs = this.options.nowMs();
    this.nextHelloAtMs = this.#saidAtMs + helloDelayMs(++this.#sent, isAlone, this.options.random());
    this.#receiver?.join();
    if (hello !== undefined && this.#sender.send(hello) === 0) this.#report(`sending: ${this.#sender.problem}`);
  }

  /** Nobody else is there any more: begins anew. */
  hurry(): void {
    if (this.#sender === undefined) return;
    this.#sent = 0;
    this.nextHelloAtMs = Math.max(this.options.nowMs(), this.#saidAtMs + HURRIED_HELLO_MS);
  }

  close(): void {
    this.#isClosed = true;
    this.nextHelloAtMs = Infinity;
    this.#receiver?.close();
    this.#sender?.close();
  }

  #onDatagram(datagram: Uint8Array, from: string): void {
    if (this.#isClosed || this.options.onDatagram(datagram, from)) return;
    const answer = this.#answerer.answer(datagram, this.options.nowMs());
    if (answer !== undefined) this.#sender?.answer(from, answer);
  }

  #report(problem: string): void {
    if (!this.#hasProblem) this.options.onProblem(problem);
    this.#hasProblem = true;
  }
}
