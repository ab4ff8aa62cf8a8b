import { type Access, may, type Permission, type Person, VIEW_PERMISSION } from '../domain/access.ts';
import { DrError } from '../domain/errors.ts';
import type { Directory } from '../platform/directory.ts';

/** Somebody who wants to look at something, with what they may see at this moment. */
export interface Looker {
  person: Person;
  access: Access;
  maySee(application: string): boolean;
}

const STANDING_TEXT = {
  bot: 'Bots',
  guest: 'Guests of the workspace',
  deactivated: 'Deactivated accounts',
  'other workspace': 'People of other workspaces',
} as const;

/**
 * Looks again who asks: a right that was withdrawn since the question was typed is gone.
 * @throws {DrError} AccessDenied for who is no member; DirectoryUnavailable and ConfigurationError as `directory`.
 */
export async function lookerOf(directory: Directory, person: Person): Promise<Looker> {
  const [standing, access] = await Promise.all([directory.standingOf(person), directory.access()]);
  if (standing !== 'member') throw new DrError('AccessDenied', `${STANDING_TEXT[standing]} may not look here.`);
  return { person, access, maySee: (application) => may(access, person, VIEW_PERMISSION, application) };
}

/** @throws {DrError} AccessDenied when somebody may not look at an application. */
export function refuseStranger(looker: Looker, application: string): void {
  if (looker.maySee(application)) return;
  throw new DrError(
    'AccessDenied',
    `You may not look at ${called(application)}. \`/dr access\` shows what you may do.`,
  );
}

/** @throws {DrError} AccessDenied when somebody has none of these permissions for an application. */
export function refuseWithout(
  { access, person }: Looker,
  permissions: readonly Permission[],
  application: string,
  what: string,
): void {
  if (permissions.some((permission) => may(access, person, permission, application))) return;
  throw new DrError(
    'AccessDenied',
    `You may not ${what} of ${called(application)}. Ask somebody who decides about it.`,
  );
}

function called(application: string): string {
  return application === '' ? 'servers of no application' : application;
}
