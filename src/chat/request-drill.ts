import { acceptedText } from '../../blocks/answers.ts';
import { scope, shortId } from '../../blocks/execution-card.ts';
import { escapeText, moment, name } from '../../blocks/message.ts';
import { askedBy } from '../../blocks/verbs.ts';
import { type Access, ASK_PERMISSION, grantees, may, type Person } from '../domain/access.ts';
import { parseComponentInput } from '../domain/contract.ts';
import type { Catalogue } from '../domain/records.ts';
import { executionIdOf } from '../domain/request.ts';
import { type ChatVerb, TAG } from '../domain/vocabulary.ts';
import type { ChatTools } from './tools.ts';

export interface DrillRequest {
  asker: Person;
  verb: ChatVerb;
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

async function busyText(tools: ChatTools, application: string, owner: string): Promise<string> {
  const other = await tools.store.getExecution(owner);
  const what =
    other === undefined
      ? 'another request'
      : `${other.verb} ${escapeText(scope(other))} (${other.status}, asked by ${askedBy(other)} at ${moment(other.startTime)}, ${shortId(owner)})`;
  return `${name(application)} is busy with ${what}. Nothing was started: one execution at a time runs for an application.`;
}
