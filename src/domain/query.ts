import type { Person } from './access.ts';
import type { ComponentOptions } from './contract.ts';
import type { PlannedVerb } from './vocabulary.ts';

/** What people can look at, and what they prepare. Nothing of it changes anything that is stored of plans or executions. */
export const QUERY_KINDS = [
  'plan',
  'status',
  'executions',
  'readiness',
  'server',
  'logs',
  'audit',
  'export',
  'accounts',
  'account validation',
  'home',
  'recovery plans',
  'recovery plan',
  'protection groups',
  'protection group',
  'plan export',
  'plan import',
  'draft',
  'group preview',
] as const;
export type QueryKind = (typeof QUERY_KINDS)[number];

/** What each kind of query is about. Names and ids are as somebody typed them: who answers looks for what is meant. */
export interface QueryArgs {
  /** What would a request do? `waves`: as in a request, at least one, in order; `options` of the verb, where it has some. */
  plan: { verb: PlannedVerb; application: string; waves: number[]; options?: ComponentOptions };
  /** What is going on? At most one of the two; an execution by its whole id or its first characters. */
  status: { application?: string; execution?: string };
  /** What ran? `archived`: of what is listed no more. */
  executions: { application?: string; archived?: true };
  /** Could the application be recovered now? Left out: all that the asker may see. */
  readiness: { application?: string };
  /** A hostname, whole or its first part, or a source server's id. */
  server: { hostname: string };
  /** What DRS noted of an execution's jobs; `server` as above. */
  logs: { execution: string; server?: string };
  /** Who did what in an execution. */
  audit: { execution: string };
  /** An execution as other programs read it. */
  export: { execution: string };
  /** Which accounts are there, and when were they validated? */
  accounts: Record<string, never>;
  /** Is everything there that the accounts need, or one of them? */
  'account validation': { accountId?: string };
  /** App Home of the asker. */
  home: Record<string, never>;
  /** Which recovery plans are there? */
  'recovery plans': Record<string, never>;
  /** A recovery plan by its name or id, as it is or as it was in a version. */
  'recovery plan': { plan: string; version?: number };
  /** Which protection groups are there? */
  'protection groups': Record<string, never>;
  /** A protection group by its name or id. */
  'protection group': { group: string };
  /** A recovery plan and its groups as our own file. */
  'plan export': { plan: string };
  /** What a file of Slack's, or else a text, would change. */
  'plan import': { fileId?: string; text?: string };
  /** What a draft would change, and what is wrong with it. */
  draft: { draftId: string };
  /** Which servers a group would have, shown in its form: `hash` as Slack gave it with the form, `state` what that carries. */
  'group preview': { viewId: string; hash: string; draftId: string; state: string };
}

/** Where a query stands. It leaves `waiting` once. `failed`: the answer said, or would have said, why there is none. */
export const QUERY_STATUSES = ['waiting', 'answered', 'failed'] as const;
export type QueryStatus = (typeof QUERY_STATUSES)[number];

interface QueryBase {
  /** One id for one query, however often it is delivered. */
  queryId: string;
  /** Who asked. The answer is for this person alone. */
  asker: Person;
  /** Where it was asked; left out for App Home. */
  channelId?: string;
  /** The thread in which it was asked, where it was asked in one. */
  threadTs?: string;
  /**
   * Slack's address for answers to a slash command: it works where the bot is not a member, five times within 30
   * minutes. Whoever knows it can post with it: it is not logged.
   */
  responseUrl?: string;
  /** Milliseconds since the epoch. */
  askedAt: number;
  status: QueryStatus;
}

/** A query of one kind. */
export type QueryOf<Kind extends QueryKind> = QueryBase & { kind: Kind; args: QueryArgs[Kind] };

/** `QUERY` under `QUERY#<queryId>`: something to look at, stored within Slack's 3 s and answered by a worker. */
export type QueryRecord = { [Kind in QueryKind]: QueryOf<Kind> }[QueryKind];
