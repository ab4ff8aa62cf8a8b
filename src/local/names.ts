/** The name under which a function of the product is deployed and hosted, e.g. `dr-chatops-prepare`. */
export function deployedName(name: string): string {
  return `dr-chatops-${name}`;
}
