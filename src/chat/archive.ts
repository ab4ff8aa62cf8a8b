import { archivedText, mayNotText, notArchivedText, notMemberText } from '../../blocks/answers.ts';
import { name } from '../../blocks/message.ts';
import { APPROVE_PERMISSION, grantees, may } from '../domain/access.ts';
import type { Asked } from './asked.ts';
import type { Command } from './command.ts';
import { cardOf, findMeant } from './executions.ts';
import { checked, refused } from './refusal.ts';
import type { ChatTools } from './tools.ts';

/**
 * `/dr archive <execution> [undo]`: takes an execution that is over off the lists, or puts it back. Who may decide about
 * its applications may do it. Nothing else of it changes: its audit, its card and its result stay.
 */
export async function archive(
  tools: ChatTools,
  { asker: person, text }: Asked,
  { execution: typed, undo: isUndone }: Extract<Command, { kind: 'archive' }>,
): Promise<string> {
  const undo = isUndone === true;
  const meant = await findMeant(tools, typed);
  if ('problem' in meant) return meant.problem;
  const { execution } = meant;
  const { executionId, application, otherApplications = [], requester, startTime } = execution;
  const wanted = { person, executionId, what: '/dr archive', text };
  const [standing, access] = await checked(tools, wanted, () =>
    Promise.all([tools.directory.standingOf(person), tools.directory.access({ requester, startTime })]),
  );
  if (standing !== 'member') return await refused(tools, { ...wanted, why: standing }, notMemberText(standing));
  const notTheirs = [application, ...otherApplications].find((one) => !may(access, person, APPROVE_PERMISSION, one));
  if (notTheirs !== undefined) {
    const others = grantees(access, APPROVE_PERMISSION, notTheirs);
    const told = mayNotText(`archive executions of ${name(notTheirs)}`, others);
    return await refused(tools, { ...wanted, why: 'no permission' }, told);
  }
  const by = { userId: person.userId, teamId: person.teamId, at: tools.now() };
  const [done, card] = await Promise.all([
    undo ? tools.store.unarchive(executionId, by) : tools.store.archive(executionId, by),
    cardOf(tools, executionId),
  ]);
  tools.log.info('An execution was to be archived', { executionId, userId: person.userId, undo, done });
  return done ? archivedText(execution, { undo }, card) : notArchivedText(execution, { undo }, card);
}
