/** What the stack can say about the other side once the handshake is done. */
export interface Shown {
  /** DER of the peer's own certificate, of which it has proved to hold the key; undefined when it showed none. */
  readonly leaf: Uint8Array | undefined;
  /** The protocol that both sides agreed on. */
  readonly protocol: string | false | null;
  /** DER of the last certificate behind the peer's: the authority's, when the peer sent that as well. */
  readonly last: () => Uint8Array | undefined;
}

/** One link of the chain that the runtime puts together. */
interface ChainLink {
  readonly raw?: Uint8Array;
  readonly issuerCertificate?: ChainLink;
}

/** Certificates of a chain that are looked at. Ours have three; the last one of a whole chain is its own issuer. */
const CHAIN_LENGTH_MAX = 4;

/** What a socket of the runtime has been shown. */
export function shownTo(socket: Bun.Socket<unknown>): Shown {
  return {
    leaf: socket.getPeerX509Certificate()?.raw,
    protocol: socket.alpnProtocol,
    // The declared type has no parameter; false asks for the whole chain, as node:tls does.
    last: () => lastOf((socket.getPeerCertificate as (leafOnly: boolean) => ChainLink | undefined).call(socket, false)),
  };
}

/** DER of the last certificate of a chain. */
export function lastOf(leaf: ChainLink | undefined): Uint8Array | undefined {
  let last = leaf;
  for (let count = 1; count < CHAIN_LENGTH_MAX && last?.issuerCertificate?.raw !== undefined; count++) {
    last = last.issuerCertificate;
  }
  return last?.raw;
}
