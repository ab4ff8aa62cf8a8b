import { LOOKING_TEXT, mayNotText } from '../../blocks/answers.ts';
import { name } from '../../blocks/message.ts';
import { type Access, grantees, may, type Permission } from '../domain/access.ts';
import { parseComponentInput } from '../domain/contract.ts';
import type { QueryRecord } from '../domain/query.ts';
import { executionIdOf } from '../domain/request.ts';
import { TAG } from '../domain/vocabulary.ts';
import type { Asked } from './asked.ts';
import type { Command, Wanted } from './command.ts';
import { findMeant } from './executions.ts';
import { refused } from './refusal.ts';
import { managersOf, maySomewhere, NEEDS } from './rights.ts';
import type { ChatTools } from './tools.ts';

/** A command that only looks. */
export type Look = Extract<
  Command,
  { kind: 'plan' | 'status' | 'executions' | 'readiness' | 'server' | 'logs' | 'audit' | 'export' | 'accounts' }
>;

/** What is to be looked at, as it is stored. */
type Question = {
  [Kind in QueryRecord['kind']]: Pick<Extract<QueryRecord, { kind: Kind }>, 'kind' | 'args'>;
}[QueryRecord['kind']];

/** What is looked at, and of which application, as far as that is known now. */
type Understood = { question: Question; application?: string } | { problem: string };

/** Stores what somebody wants to look at; a worker answers it. The answer here says so, or why there will be none. */
export async function look(tools: ChatTools, asked: Asked, command: Look, access: Access): Promise<string> {
  const understood = await understand(tools, command);
  if ('problem' in understood) return understood.problem;
  const { question, application } = understood;
  const [permission] = NEEDS[command.kind];
  if (permission !== undefined && !mayLook(access, asked, permission, application)) {
    const others = application === undefined ? managersOf(access) : grantees(access, permission, application);
    const what = `use \`${command.kind}\`${application === undefined ? '' : ` for ${name(application)}`}`;
    const refusal = { person: asked.asker, what: `/dr ${command.kind}`, why: 'no permission', text: asked.text };
    return await refused(tools, refusal, mayNotText(what, others));
  }
  await tools.store.createQuery({
    ...question,
    queryId: executionIdOf('query', asked.asker.teamId, asked.key),
    asker: asked.asker,
    channelId: asked.channelId,
    ...(asked.threadTs === undefined ? {} : { threadTs: asked.threadTs }),
    ...(asked.responseUrl === undefined ? {} : { responseUrl: asked.responseUrl }),
    askedAt: tools.now(),
    status: 'waiting',
  });
  return LOOKING_TEXT;
}

function mayLook(access: Access, { asker }: Asked, permission: Permission, application: string | undefined): boolean {
  return application === undefined || application === ''
    ? maySomewhere(access, asker, permission)
    : may(access, asker, permission, application);
}

async function understand(tools: ChatTools, command: Look): Promise<Understood> {
  switch (command.kind) {
    case 'plan':
      return { question: { kind: 'plan', args: planOf(command.wanted) }, application: command.wanted.application };
    case 'executions': {
      const { application, archived } = command;
      const which = archived === undefined ? {} : { archived };
      return application === undefined
        ? { question: { kind: 'executions', args: which } }
        : { question: { kind: 'executions', args: { application, ...which } }, application };
    }
    case 'readiness': {
      const { application } = command;
      const args = application === undefined ? {} : { application };
      return { question: { kind: 'readiness', args }, ...args };
    }
    case 'server':
      return { question: { kind: 'server', args: { hostname: command.hostname } } };
    case 'accounts': {
      const { accountId } = command;
      if (command.what === 'list') return { question: { kind: 'accounts', args: {} } };
      return { question: { kind: 'account validation', args: accountId === undefined ? {} : { accountId } } };
    }
    case 'status':
      return await understandStatus(tools, command);
    case 'logs':
    case 'audit':
    case 'export': {
      const meant = await findMeant(tools, command.execution);
      if ('problem' in meant) return meant;
      const { executionId: execution, application } = meant.execution;
      if (command.kind !== 'logs') return { question: { kind: command.kind, args: { execution } }, application };
      const { server } = command;
      const args = { execution, ...(server === undefined ? {} : { server }) };
      return { question: { kind: 'logs', args }, application };
    }
  }
}

/** What was typed may be both an application and an execution: then it is asked, not guessed. */
async function understandStatus(
  tools: ChatTools,
  { application, execution }: Extract<Command, { kind: 'status' }>,
): Promise<Understood> {
  if (execution === undefined) {
    return application === undefined
      ? { question: { kind: 'status', args: {} } }
      : { question: { kind: 'status', args: { application } }, application };
  }
  const meant = await findMeant(tools, execution);
  if (application === undefined) {
    return 'problem' in meant
      ? meant
      : {
          question: { kind: 'status', args: { execution: meant.execution.executionId } },
          application: meant.execution.application,
        };
  }
  const isExecution = 'execution' in meant || (await tools.store.findExecution(execution)).length > 0;
  if (!isExecution) return { question: { kind: 'status', args: { application } }, application };
  return {
    problem: `${name(execution)} may be an application or an execution. Put it in quotation marks if the application is meant; else give more of the execution’s id.`,
  };
}

function planOf({ verb, application, waves, terminateLive, replaceLive }: Wanted) {
  const { options } = parseComponentInput({
    action: verb,
    tags: { [TAG.application]: application },
    options: {
      minServers: 1,
      ...(terminateLive === undefined ? {} : { terminateLive }),
      ...(replaceLive === undefined ? {} : { replaceLive }),
    },
  });
  return { verb, application, waves, options };
}
