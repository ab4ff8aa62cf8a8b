import { createHash } from 'node:crypto';
import { canonicalJson } from './audit-chain.ts';

/**
 * What two definitions of a state machine have in common that do the same: the order of fields, white space and comments
 * change nothing. Sixteen hexadecimal digits.
 * @throws {SyntaxError} for a text that is not JSON
 */
export function definitionHash(definition: string): string {
  const content: unknown = JSON.parse(definition, (key, value: unknown) => (key === 'Comment' ? undefined : value));
  return createHash('sha256').update(canonicalJson(content)).digest('hex').slice(0, 16);
}
