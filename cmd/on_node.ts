/** What `--on NODE` says in a command's help. */
export const ON_NODE = "do it on another node of the cluster: its name or id";

/** ` --on NODE` behind a command that is recommended, where what it is about is not here. */
export function onOption(node: string | undefined): string {
  return node === undefined ? "" : ` --on ${node}`;
}

/** ` on NODE` behind what was done, where it was not done here. */
export function onNode(node: string | undefined): string {
  return node === undefined ? "" : ` on ${node}`;
}
