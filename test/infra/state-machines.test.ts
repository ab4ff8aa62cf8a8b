import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { definitionText, placeholdersIn } from '../../infra/constructs/state-machine-from-file.ts';
import { FUNCTIONS, type FunctionName, placeholderOf } from '../../src/functions.ts';
import { loadDefinition } from '../../src/local/step-functions/load-definition.ts';

type Validate = (definition: unknown, options: { checkPaths: boolean; checkArn: boolean }) => { errors: unknown[] };
const validate: Validate = createRequire(import.meta.url)('asl-validator');

/** A value for every placeholder that a definition may have. */
const SUBSTITUTIONS: Record<string, string> = {
  ...Object.fromEntries(
    (Object.keys(FUNCTIONS) as FunctionName[]).map((name) => [
      placeholderOf(name),
      `arn:aws:lambda:us-east-2:900000000000:function:dr-chatops-${name}:1`,
    ]),
  ),
  DrsOrchestrationMain: 'arn:aws:states:us-east-2:900000000000:stateMachine:drs-orchestration-main',
};

describe.each(['dr-execution', 'drs-orchestration-main', 'drs-staging-account-executor'])('%s', (machine) => {
  const text = definitionText(machine);

  it('is a valid definition', () => {
    const filled = text.replace(/\$\{(\w+)\}/g, (placeholder, name: string) => SUBSTITUTIONS[name] ?? placeholder);
    expect(validate(JSON.parse(filled), { checkPaths: true, checkArn: true }).errors).toEqual([]);
  });

  it('runs in practice mode', () => {
    expect(() => loadDefinition(machine, text, SUBSTITUTIONS)).not.toThrow();
  });

  it('has no placeholder that nothing fills', () => {
    expect(placeholdersIn(text).filter((name) => !(name in SUBSTITUTIONS))).toEqual([]);
  });
});

describe('the executor', () => {
  const executor = definitionText('drs-staging-account-executor');

  it('has no placeholders: its template is the same for every account', () => {
    expect(placeholdersIn(executor)).toEqual([]);
  });

  it('says whether it drills literally, in one state for each', () => {
    const { States: states } = JSON.parse(executor) as {
      States: Record<string, { Resource?: string; Arguments?: { IsDrill?: unknown } }>;
    };
    const starts = Object.entries(states).filter(([, { Resource }]) => Resource?.endsWith(':startRecovery'));
    expect(starts.map(([name, state]) => [name, state.Arguments?.IsDrill])).toEqual([
      ['Start the drill', true],
      ['Start the recovery', false],
    ]);
  });

  it('calls nothing but DRS, EC2 and the bus', () => {
    const { States: states } = JSON.parse(executor) as { States: Record<string, { Resource?: string }> };
    const resources = Object.values(states).flatMap(({ Resource }) => Resource ?? []);
    expect([...new Set(resources.map((resource) => resource.replace('arn:aws:states:::', '')))].sort()).toEqual([
      'aws-sdk:drs:describeJobs',
      'aws-sdk:drs:describeRecoveryInstances',
      'aws-sdk:drs:describeSourceServers',
      'aws-sdk:drs:startFailbackLaunch',
      'aws-sdk:drs:startRecovery',
      'aws-sdk:drs:terminateRecoveryInstances',
      'aws-sdk:ec2:describeInstances',
      'events:putEvents',
    ]);
  });
});
