import { COMMAND_WORDS, type CommandWord } from '../../blocks/commands.ts';
import {
  type Access,
  APPROVE_PERMISSION,
  ASK_PERMISSION,
  grantees,
  grantsOf,
  type Permission,
  type Person,
  ROLE_PERMISSIONS,
  VIEW_PERMISSION,
} from '../domain/access.ts';

/** What each command needs. Who has asked for an execution may also pause and cancel it. */
export const NEEDS: Record<CommandWord, readonly Permission[]> = {
  drill: [ASK_PERMISSION],
  failover: [ASK_PERMISSION],
  failback: [ASK_PERMISSION],
  terminate: [ASK_PERMISSION, 'drs:TerminateInstances'],
  plan: [ASK_PERMISSION],
  schedule: [ASK_PERMISSION],
  plans: [VIEW_PERMISSION],
  groups: [VIEW_PERMISSION],
  group: [VIEW_PERMISSION],
  status: [VIEW_PERMISSION],
  readiness: [VIEW_PERMISSION],
  executions: [VIEW_PERMISSION],
  server: [VIEW_PERMISSION],
  logs: [VIEW_PERMISSION],
  audit: [VIEW_PERMISSION],
  export: [VIEW_PERMISSION],
  accounts: [VIEW_PERMISSION],
  archive: [APPROVE_PERMISSION],
  approve: [APPROVE_PERMISSION],
  reject: [APPROVE_PERMISSION],
  resume: [APPROVE_PERMISSION],
  pause: [APPROVE_PERMISSION],
  cancel: [APPROVE_PERMISSION],
  access: [],
  help: [],
};

/** True for somebody who has a role. */
export function hasAnyRole(access: Access, person: Person): boolean {
  return grantsOf(access, person).length > 0;
}

/** True when somebody has a permission for at least one application. */
export function maySomewhere(access: Access, person: Person, permission: Permission): boolean {
  return grantsOf(access, person).some(({ role }) =>
    (ROLE_PERMISSIONS[role] as readonly Permission[]).includes(permission),
  );
}

/** The commands that somebody may use for at least one application. */
export function commandsOf(access: Access, person: Person): CommandWord[] {
  const may = (word: CommandWord) => NEEDS[word].every((permission) => maySomewhere(access, person, permission));
  const mayAsk = maySomewhere(access, person, ASK_PERMISSION);
  return COMMAND_WORDS.filter((word) => may(word) || (mayAsk && (word === 'pause' || word === 'cancel')));
}

/** Who can give access, and who knows whom to ask: the administrators first. */
export function managersOf(access: Access): string[] {
  const everywhere = (permission: Permission) =>
    access.grants
      .filter(({ role }) => (ROLE_PERMISSIONS[role] as readonly Permission[]).includes(permission))
      .flatMap(({ users }) => users);
  return [...new Set([...everywhere('drs:ManageAccounts'), ...everywhere(APPROVE_PERMISSION)])];
}

/** Who has every one of these permissions for an application. */
export function granteesOfAll(access: Access, permissions: readonly Permission[], application: string): string[] {
  const [first, ...more] = permissions.map((permission) => grantees(access, permission, application));
  return (first ?? []).filter((userId) => more.every((users) => users.includes(userId)));
}
