import { StepFunctionsError } from './errors.ts';

/** Longest name of a state machine or an execution. Source: API reference, StartExecution, name. */
const LONGEST_NAME = 80;
/** White space, brackets, wildcards, special and control characters. Source: API reference, StartExecution, name. */
const FORBIDDEN = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}\uFFFE\uFFFF]/u;

/** @throws {StepFunctionsError} InvalidName */
export function checkName(name: string): void {
  if (name.length >= 1 && name.length <= LONGEST_NAME && !FORBIDDEN.test(name)) return;
  throw new StepFunctionsError('InvalidName', `Invalid Name: '${name.slice(0, 200)}'`);
}

/** The parts of an ARN of Step Functions that say whose it is. */
export interface StatesArn {
  accountId: string;
  name: string;
}

/**
 * Reads the ARN of a state machine or an execution.
 * @throws {StepFunctionsError} InvalidArn for a text that is not an ARN of that kind of thing
 */
export function parseArn(kind: 'stateMachine' | 'execution', arn: string): StatesArn {
  if (!arn.startsWith('arn:')) throw invalidArn(`Invalid ARN prefix: ${arn.slice(0, 200)}`);
  const [, partition, service, region, accountId, resource, ...names] = arn.split(':');
  if (!partition || service !== 'states' || !region || !/^\d{12}$/.test(accountId ?? '')) {
    throw invalidArn(`Invalid ARN: ${arn.slice(0, 200)}`);
  }
  if (resource !== kind) throw invalidArn(`Resource type not valid in this context: ${resource}`);
  const expectedNames = kind === 'execution' ? 2 : 1;
  if (names.length < expectedNames || names.includes('')) throw invalidArn(`Invalid ARN: ${arn.slice(0, 200)}`);
  return { accountId: accountId ?? '', name: names.join(':') };
}

function invalidArn(problem: string): StepFunctionsError {
  return new StepFunctionsError('InvalidArn', `Invalid Arn: '${problem}'`);
}
