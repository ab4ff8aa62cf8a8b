import { beforeAll, describe, expect, test } from 'vitest';
import { type FunctionName, placeholderOf } from '../../src/functions.ts';
import type { Invocation } from '../../src/local/lambda/function-host.ts';
import { deployedName } from '../../src/local/names.ts';
import type { Release } from '../../src/local/practice.ts';
import { executionIdOf, startWorld, type World } from './world.ts';

/** What the later release calls its states: a definition that was mixed up would show in the history. */
const LATER = ' (later)';
/** What the later release's states say to its functions, and what its functions ask for. */
const SPEECH = { release: 'later' };

type Fields = Record<string, unknown>;

/**
 * A release whose machines and functions do not understand those of today: each Payload has a field more, which today's
 * functions refuse, and its functions refuse a Payload without it.
 */
function laterRelease(): Release {
  const spokenTo = new Set<string>();
  return {
    definition: (machine, text) => (machine === 'drs-staging-account-executor' ? text : renamed(text)),
    handler: (name, handler) => async (event) => {
      if (!spokenTo.has(placeholderOf(name))) return handler(event);
      const { release, ...rest } = event as Fields;
      if (release !== SPEECH.release) throw new Error(`${name} was called by an earlier release`);
      return handler(rest);
    },
  };

  function renamed(text: string): string {
    const change = (value: unknown, key = ''): unknown => {
      if (typeof value === 'string') return ['Next', 'Default', 'StartAt'].includes(key) ? value + LATER : value;
      if (Array.isArray(value)) return value.map((member) => change(member));
      if (typeof value !== 'object' || value === null) return value;
      const { FunctionName: called, Payload } = value as { FunctionName?: string; Payload?: unknown };
      // Rules call close-execution, too, with events of their own.
      const isSpoken = typeof Payload === 'object' && called !== `\${${placeholderOf('close-execution')}}`;
      if (isSpoken) spokenTo.add(String(called).replace(/[${}]/g, ''));
      const changed = Object.entries(value).map(([field, member]) => [
        key === 'States' ? field + LATER : field,
        field === 'Payload' && isSpoken ? { ...(member as Fields), ...SPEECH } : change(member, field),
      ]);
      return Object.fromEntries(changed);
    };
    return JSON.stringify(change(JSON.parse(text)));
  }
}

const MAIN = 'arn:aws:states:us-east-2:900000000000:stateMachine:drs-orchestration-main';
const OF_MACHINES: readonly FunctionName[] = ['prepare', 'open-gate', 'begin-wave', 'validate-input', 'finish'];

describe('a release that is deployed while an execution waits for approval', () => {
  let world: World;
  let executionId: string;
  const invocations: Invocation[] = [];

  beforeAll(async () => {
    world = await startWorld({ shared: true, lookedAfter: false, launchPace: 100 });
    world.practice.host.onInvoke((invocation) => invocations.push(invocation));
    await world.says('requester', 'drill HealthEdge waves 1-2');
    await world.untilAsked();
    executionId = executionIdOf(world.cards()[0]);
    await world.practice.deploy(laterRelease());
    addToEveryAccount({ addedLater: 'what the code of then does not know' });
    await world.presses('approver', 'approve', world.openGateCards()[0]);
    await world.untilStatus('completed', 'partial', 'failed');
    await world.drawn();
    return () => world.practice.close();
  });

  /** Names of the states that the runs of an execution went through: its own, and those of its waves. */
  function statesOf(id: string): string[] {
    const { engine } = world.practice;
    const own = `arn:aws:states:us-east-2:900000000000:execution:dr-execution:${id}`;
    const waves = engine
      .listExecutions({ stateMachineArn: MAIN })
      .flatMap(({ executionArn }) => executionArn ?? [])
      .filter((arn) => engine.parentOf(arn) === own);
    return [own, ...waves].flatMap((arn) =>
      engine.getExecutionHistory(arn).flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []),
    );
  }

  /** A later deployment writes more into the documents that it keeps of staging accounts. */
  function addToEveryAccount(fields: Fields): void {
    const { ssm, configPath } = world.practice;
    for (const { accountId } of world.inventory.stagingAccounts) {
      const path = `${configPath}/staging-accounts/${accountId}`;
      ssm.put(path, JSON.stringify({ ...(JSON.parse(ssm.get(path) ?? '{}') as Fields), ...fields }));
    }
  }

  const versionsOf = (names: readonly FunctionName[]) =>
    new Set(
      invocations
        .filter(({ functionName }) => names.some((name) => deployedName(name) === functionName))
        .map(({ functionVersion }) => functionVersion),
    );

  test('does not touch it: both waves end on the definitions and functions that it began with', () => {
    expect(world.cardStatus()).toBe('completed');
    const states = statesOf(executionId);
    expect(states.filter((name) => name === 'Aggregate the results')).toHaveLength(2);
    expect(states.filter((name) => name.endsWith(LATER))).toEqual([]);
    expect(versionsOf(OF_MACHINES)).toEqual(new Set(['1']));
    expect(invocations.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
  });

  test("takes the table's changes and Slack over at once", () => {
    expect(versionsOf(['slack-ingress', 'effects', 'projector', 'audit'])).toEqual(new Set(['$LATEST']));
  });

  test('is what the next execution runs on', async () => {
    invocations.length = 0;
    await world.says('requester', 'drill Connectors wave 2');
    await world.untilAsked();
    const card = world.cards().at(-1);
    await world.presses('approver', 'approve', world.openGateCards().at(-1));
    await world.untilStatus('completed', 'partial', 'failed');
    expect(world.cardStatus()).toBe('completed');
    const states = statesOf(executionIdOf(card));
    expect(states.length).toBeGreaterThan(10);
    expect(states.filter((name) => !name.endsWith(LATER))).toEqual([]);
    expect(versionsOf(OF_MACHINES)).toEqual(new Set(['2']));
  });
});
