import { DrError } from '../domain/errors.ts';

/** The environment variables that functions read, each set by the stack that deploys the function. */
export type Setting =
  | 'AWS_REGION'
  /** The account in which the central functions run: where actions are done that name no other. */
  | 'CENTRAL_ACCOUNT'
  | 'EXECUTION_TABLE'
  /** Hash of the executor's definition with which this was deployed. */
  | 'EXECUTOR_DEFINITION'
  | 'PROTECTION_GROUP_TABLE'
  | 'RECOVERY_PLAN_TABLE'
  | 'RESULT_BUCKET'
  /** Name of the bucket whose objects nobody can change. */
  | 'AUDIT_BUCKET'
  /** ARN of the central event bus, to which executors report. */
  | 'EVENT_BUS_ARN'
  /** Prefix of the SSM parameters, e.g. `/dr-chatops/prod`. */
  | 'CONFIG_PATH'
  /** ARN of the state machine dr-execution. */
  | 'DR_EXECUTION_ARN'
  /** Name or ARN of the secret `{"botToken": …, "signingSecret": …}`. */
  | 'SLACK_SECRET_ID';

/**
 * The named settings, all present.
 * @throws {DrError} ConfigurationError that names every one that is missing.
 */
export function readSettings<Name extends Setting>(
  environment: Readonly<Record<string, string | undefined>>,
  ...names: Name[]
): Record<Name, string> {
  const missing = names.filter((name) => !environment[name]);
  if (missing.length > 0) {
    throw new DrError(
      'ConfigurationError',
      `This function's environment lacks ${missing.join(', ')}. Deploy the stack again.`,
    );
  }
  return Object.fromEntries(names.map((name) => [name, environment[name]])) as Record<Name, string>;
}
