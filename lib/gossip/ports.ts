/** Where gossip is listened for unless told otherwise: UDP. */
export const GOSSIP_PORT = 9044;
/** Where the agent of a node is that gossips at GOSSIP_PORT and did not say: UDP and TCP. */
export const NODE_PORT = 9043;
