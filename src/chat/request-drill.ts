import { createHash } from 'node:crypto';
import { acceptedText } from '../../blocks/answers.ts';
import { scope, shortId } from '../../blocks/execution-card.ts';
import { escapeText, moment, name } from '../../blocks/message.ts';
import { type Access, ASK_PERMISSION, grantees, may, type Person } from '../domain/access.ts';
import { parseComponentInput } from '../domain/contract.ts';
import type { Catalogue } from '../domain/records.ts';
import { type AvailableVerb, TAG } from '../domain/vocabulary.ts';
import type { ChatTools } from './tools.ts';

export interface DrillRequest {
  asker: Person;
  verb: AvailableVerb;
  application: string;
  wave: number;
  reason?: string;
  channelId: string;
  /** Slack's trigger id: unique for each command that is typed. */
  triggerId: string;
  access: Access;
  catalogue: Catalogue | undefined;
}

/**
 * Stores a drill request as an execution, if the asker may and the application is free; everything else follows from
 * the stored item. The answer is for the asker alone.
 */
export async function requestDrill(tools: ChatTools, request: DrillRequest): Promise<string> {
  const { asker, verb, application, wave, access } = request;
  if (!may(access, asker, ASK_PERMISSION, application)) {
    const others = grantees(access, ASK_PERMISSION, application)
      .slice(0, 5)
      .map((userId) => `<@${userId}>`);
    return `You may not ask for drills of ${name(application)}.${others.length > 0 ? ` These people may: ${others.join(', ')}.` : ''}`;
  }
  const tags = { [TAG.application]: application, [TAG.wave]: String(wave) };
  // At least one server: a drill of nothing is a mistake that must show (design: zero matches).
  const { options } = parseComponentInput({ action: verb, tags, options: { minServers: 1 } });
  const executionId = executionIdOf(asker.teamId, request.triggerId);

  const lock = await tools.store.lockApplication(application, executionId);
  if (!lock.locked) return await busyText(tools, application, lock.owner);
  await tools.store.createExecution({
    executionId,
    status: 'planning',
    startTime: tools.now(),
    verb,
    application,
    wave,
    tags,
    options,
    reason: request.reason,
    requester: asker,
    channelId: request.channelId,
    correlationId: executionId,
    planRevision: 0,
  });
  const expected = request.catalogue?.applications
    .find((known) => known.name === application)
    ?.waves.find((known) => known.wave === wave)?.servers;
  return acceptedText(scope({ application, wave }), expected);
}

/**
 * One id for one typed command, however often it is delivered: a UUID (version 8, RFC 9562) of the team and the trigger.
 */
function executionIdOf(teamId: string, triggerId: string): string {
  const hex = createHash('sha256').update(`${teamId}/${triggerId}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

async function busyText(tools: ChatTools, application: string, owner: string): Promise<string> {
  const other = await tools.store.getExecution(owner);
  const what =
    other === undefined
      ? 'another request'
      : `${other.verb} ${escapeText(scope(other))} (${other.status}, asked by <@${other.requester.userId}> at ${moment(other.startTime)}, ${shortId(owner)})`;
  return `${name(application)} is busy with ${what}. Nothing was started: one execution at a time runs for an application.`;
}
