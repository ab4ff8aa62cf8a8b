import {
  acceptedText,
  frozenText,
  mayNotText,
  NO_CHANNEL_TEXT,
  NOT_IN_CHANNEL_TEXT,
  noRunText,
  notMemberText,
  reasonNeededText,
  ticketNeededText,
} from '../../blocks/answers.ts';
import { name } from '../../blocks/message.ts';
import { type Access, mayAll, type Person, type Standing } from '../domain/access.ts';
import { type ComponentInput, parseComponentInput } from '../domain/contract.ts';
import { type ApprovalPolicy, policyOfRequest } from '../domain/policy.ts';
import type { Catalogue, ExecutionRecord } from '../domain/records.ts';
import { executionIdOf } from '../domain/request.ts';
import { knownWavesIn, type RequestedRun, requestedRun } from '../domain/requested-run.ts';
import type { Membership } from './channel.ts';
import type { Wanted } from './command.ts';
import { refused } from './refusal.ts';
import { granteesOfAll, NEEDS } from './rights.ts';
import { storeRequest } from './store-request.ts';
import type { ChatTools } from './tools.ts';

/** Somebody wants something done, by whatever entrance. */
export interface RecoveryRequest {
  asker: Person;
  wanted: Wanted;
  /** Where the cards are shown. */
  channelId: string;
  /** Whether cards can be shown there. */
  membership: Membership;
  /** By which Slack's deliveries of one and the same request are known. */
  key: string;
  /** What was typed, for the audit. */
  text: string;
  standing: Standing;
  access: Access;
  catalogue: Catalogue | undefined;
}

/** What a refusal is about: where a form shows it. */
export type About = 'asker' | 'verb' | 'application' | 'reason' | 'ticket' | 'channel';

/** Accepted, or not, with what the asker is told in mrkdwn. */
export type RequestAnswer = { kind: 'accepted'; text: string } | { kind: 'refused'; about: About; text: string };

/**
 * Stores a request as an execution, if the asker may, the policy lets such requests in now and the application is free;
 * everything else follows from the stored item. Delivered twice, it is one execution.
 * @throws {DrError} ConfigurationError when a policy cannot be read; ValidationError for options that contradict the verb.
 */
export async function requestRecovery(tools: ChatTools, request: RecoveryRequest): Promise<RequestAnswer> {
  const { asker, wanted, access, key } = request;
  const { verb, application } = wanted;
  const refuse = async (about: About, why: string, text: string): Promise<RequestAnswer> => ({
    kind: 'refused',
    about,
    text: await refused(tools, { person: asker, what: `/dr ${verb}`, why, text: request.text }, text),
  });

  if (request.standing !== 'member') return await refuse('asker', request.standing, notMemberText(request.standing));
  if (!mayAll(access, asker, NEEDS[verb], application)) {
    const others = granteesOfAll(access, NEEDS[verb], application);
    return await refuse('asker', 'no permission', mayNotText(`ask for a ${verb} of ${name(application)}`, others));
  }
  if (request.membership === 'no channel') return await refuse('channel', 'no channel', NO_CHANNEL_TEXT);
  if (request.membership === 'not a member') return await refuse('channel', 'bot not in channel', NOT_IN_CHANNEL_TEXT);

  const [policies, settings, library] = await Promise.all([
    tools.configuration.policies(),
    tools.configuration.requests(),
    tools.library.read(),
  ]);
  const run = requestedRun(wanted, library, knownWavesIn(request.catalogue, application));
  if ('problem' in run) return await refuse('application', run.problem, noRunText(application, run));
  const { otherApplications = [] } = run.ofPlan;
  const notTheirs = otherApplications.find((other) => !mayAll(access, asker, NEEDS[verb], other));
  if (notTheirs !== undefined) {
    const others = granteesOfAll(access, NEEDS[verb], notTheirs);
    const what = `ask for a ${verb} of ${name(notTheirs)}, which the recovery plan of ${name(application)} recovers, too`;
    return await refuse('asker', 'no permission', mayNotText(what, others));
  }
  const input = inputOf(wanted, run, settings.notificationTopicArn);
  const executionId = executionIdOf(asker.teamId, key);
  const execution = executionOf(request, { input, run, executionId, now: tools.now() });
  const policy = policyOfRequest(policies, { ...execution, verb });
  const broken = brokenPolicy(policy, wanted);
  if (broken !== undefined) return await refuse(broken.about, broken.why, broken.text);

  const busy = await storeRequest(tools, {
    execution,
    ...(run.record === undefined ? {} : { recoveryPlan: run.record }),
  });
  if (busy !== undefined) return await refuse('application', 'busy', busy);
  const { quorum, selfApproval } = policy;
  const { recoveryPlan } = run.ofPlan;
  const servers = recoveryPlan === undefined ? expectedServers(request.catalogue, application, run.waves) : undefined;
  return {
    kind: 'accepted',
    text: acceptedText({
      verb,
      application,
      waves: run.waves,
      ...(recoveryPlan === undefined ? {} : { planName: recoveryPlan.planName }),
      servers,
      quorum,
      selfApproval,
      executionId,
      channelId: request.channelId,
    }),
  };
}

/** What the component is asked for: the contract has the last word about what was typed. */
function inputOf(
  { verb, ticket, terminateLive, replaceLive }: Wanted,
  { tags }: RequestedRun,
  notificationArn: string | undefined,
): ComponentInput {
  return parseComponentInput({
    action: verb,
    tags,
    options: {
      // At least one server: a request for nothing is a mistake that must show (design: zero matches).
      minServers: 1,
      ...(terminateLive === undefined ? {} : { terminateLive }),
      ...(replaceLive === undefined ? {} : { replaceLive }),
      ...(notificationArn === undefined ? {} : { notificationArn }),
    },
    metadata: ticket === undefined ? {} : { ticketId: ticket },
  });
}

/** What a policy asks of a request that it does not have, or why it lets none in now; undefined for neither. */
export function brokenPolicy(
  { freeze, requireReason, requireTicket }: ApprovalPolicy,
  { verb, application, reason, ticket }: Pick<Wanted, 'verb' | 'application' | 'reason' | 'ticket'>,
): { about: About; why: string; text: string } | undefined {
  if (freeze !== undefined) {
    return { about: 'verb', why: `frozen: ${freeze}`, text: frozenText(verb, application, freeze) };
  }
  if (requireReason && reason === undefined) {
    return { about: 'reason', why: 'no reason', text: reasonNeededText(verb, application) };
  }
  if (requireTicket && ticket === undefined) {
    return { about: 'ticket', why: 'no ticket', text: ticketNeededText(verb, application) };
  }
  return undefined;
}

function executionOf(
  { asker, wanted, channelId }: RecoveryRequest,
  of: { input: ComponentInput; run: RequestedRun; executionId: string; now: number },
): ExecutionRecord {
  const { input, run, executionId, now } = of;
  const { tags, options, metadata } = input;
  const { verb, application, reason } = wanted;
  const { cleanUpAfterHours: planned, ...ofPlan } = run.ofPlan;
  const afterHours = wanted.cleanUpAfterHours ?? planned;
  return {
    executionId,
    status: 'planning',
    startTime: now,
    verb,
    application,
    ...ofPlan,
    waves: run.waves,
    tags,
    options,
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(reason === undefined ? {} : { reason }),
    ...(afterHours === undefined ? {} : { cleanUp: { afterHours } }),
    requester: asker,
    channelId,
    correlationId: executionId,
    planRevision: 0,
  };
}

function expectedServers(
  catalogue: Catalogue | undefined,
  application: string,
  waves: readonly number[],
): number | undefined {
  const known = catalogue?.applications.find((candidate) => candidate.name === application)?.waves;
  return known
    ?.filter(({ wave }) => waves.includes(wave))
    .reduce<number | undefined>((sum, { servers }) => (sum ?? 0) + servers, undefined);
}
