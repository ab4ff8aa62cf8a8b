import type { Person } from '../domain/access.ts';

/** Whom a machine's request is from: nobody of Slack, so that it can never vote and everybody else can. */
export const NOBODY: Person = { userId: 'service', teamId: '' };
