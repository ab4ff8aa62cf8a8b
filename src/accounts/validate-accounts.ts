import { z } from 'zod';
import type { AccountReports } from '../domain/account-check.ts';
import { describeIssues } from '../domain/contract.ts';
import { DrError } from '../domain/errors.ts';
import { accountIdSchema } from '../domain/vocabulary.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { accountValidation } from './validation.ts';

/** `accountId`: one account alone. @default - all */
const eventSchema = z.strictObject({ accountId: accountIdSchema.optional() });

/**
 * Looks at the accounts of the deployment, for somebody at a terminal: they trust functions of the central account and
 * nobody else. What `/dr accounts validate` answers is found by the same code. Nothing is changed but when it was done.
 */
export const create: CreateHandler<unknown, AccountReports> = (platform) => {
  const { validate } = accountValidation(platform, executionStore(platform));
  return async (event) => {
    const parsed = eventSchema.safeParse(event ?? {});
    if (!parsed.success) throw new DrError('ValidationError', describeIssues('The event', parsed.error));
    return await validate(parsed.data.accountId);
  };
};

export const handler = onLambda(create);
