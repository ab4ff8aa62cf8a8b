import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../domain/errors.ts';
import { type Inventory, InventoryError, loadInventory } from './inventory.ts';
import { FAULT_IDS, type FaultId } from './rehearsal.ts';

/** Wrong usage: said to the person, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const DEFAULT_INVENTORY = fileURLToPath(new URL('../../practice/inventory.json', import.meta.url));

/** @throws {UsageError} when `text` is no number greater than 0 and at most 10,000. */
export function parseSpeed(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const speed = Number(text);
  if (!Number.isFinite(speed) || speed <= 0 || speed > 10_000) {
    throw new UsageError(
      `--speed takes simulated seconds per real second, more than 0 and at most 10000, not "${text}".`,
    );
  }
  return speed;
}

/** @throws {UsageError} that names the ids that are none, and those that exist. */
export function parseFaults(ids: string[] | undefined): FaultId[] {
  const unknown = (ids ?? []).filter((id) => !(FAULT_IDS as readonly string[]).includes(id));
  if (unknown.length > 0) {
    throw new UsageError(`--fault does not know ${unknown.join(', ')}. It knows: ${FAULT_IDS.join(', ')}.`);
  }
  return (ids ?? []) as FaultId[];
}

/** @throws {UsageError} that names every line and field of the inventory that is wrong. */
export function readInventory(file: string | undefined): Inventory {
  const path = file ?? DEFAULT_INVENTORY;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`The inventory cannot be read: ${messageOf(error)}`);
  }
  try {
    return loadInventory(text, path);
  } catch (error) {
    if (error instanceof InventoryError) throw new UsageError(error.message);
    throw error;
  }
}
