import { describe, expect, it } from 'vitest';
import { callback, codeOf, only, World } from './world.ts';

/** A machine that answers `word` after a minute, or after its task token was answered. */
const saying = (word: string) => ({
  StartAt: 'Wait',
  States: { Wait: { Type: 'Wait', Seconds: 60, Next: 'Say' }, Say: { Type: 'Pass', Output: word, End: true } },
});

const text = (definition: object) => JSON.stringify({ QueryLanguage: 'JSONata', ...definition });

describe('UpdateStateMachine (API reference: running executions keep their definition)', () => {
  it('is for executions that start after it; the one that runs ends as it began', async () => {
    const world = new World();
    const machine = world.machine(saying('old'));
    const before = world.startMachine(machine);
    world.engine.updateStateMachine({ stateMachineArn: machine, definition: text(saying('new')) });
    const after = world.startMachine(machine);
    await world.ended(after);
    expect([before, after].map((arn) => world.outputOf(arn))).toEqual(['old', 'new']);
    expect(world.engine.describeStateMachine(machine).definition).toContain('"new"');
  });

  it('does not change what a redrive runs (API reference, RedriveExecution)', async () => {
    const world = new World();
    const failing = { StartAt: 'Fail', States: { Fail: { Type: 'Fail', Error: 'Old' } } };
    const machine = world.machine(failing);
    const arn = world.startMachine(machine);
    await world.ended(arn);
    world.engine.updateStateMachine({ stateMachineArn: machine, definition: text(saying('new')) });
    world.engine.redriveExecution(arn);
    await world.ended(arn);
    expect(world.engine.describeExecution(arn)).toMatchObject({ status: 'FAILED', error: 'Old', redriveCount: 1 });
  });
});

describe('a version (developer guide, State machine versions)', () => {
  it('runs what was published, whatever the machine has become, and says so', async () => {
    const world = new World();
    const machine = world.machine(saying('old'));
    const { stateMachineVersionArn: first } = world.engine.publishStateMachineVersion(machine);
    expect(world.engine.publishStateMachineVersion(machine).stateMachineVersionArn).toBe(first);
    world.engine.updateStateMachine({ stateMachineArn: machine, definition: text(saying('new')) });
    const { stateMachineVersionArn: second } = world.engine.publishStateMachineVersion(machine);
    expect([first, second]).toEqual([`${machine}:1`, `${machine}:2`]);
    const [old, latest] = [world.startMachine(first), world.startMachine(machine)];
    await world.ended(latest);
    expect([old, latest].map((arn) => world.outputOf(arn))).toEqual(['old', 'new']);
    expect(world.engine.describeExecution(old)).toMatchObject({
      stateMachineArn: machine,
      stateMachineVersionArn: first,
    });
    expect(world.engine.describeExecution(latest)).not.toHaveProperty('stateMachineVersionArn');
    expect(world.changes.map(({ detail }) => detail.stateMachineVersionArn)).toContain(first);
    expect(world.engine.listExecutions({ stateMachineArn: first })).toHaveLength(1);
    expect(world.engine.listExecutions({ stateMachineArn: machine })).toHaveLength(2);
  });

  it('that was not published does not exist', () => {
    const world = new World();
    const machine = world.machine(only(callback({ End: true })));
    expect(codeOf(() => world.startMachine(`${machine}:1`))).toBe('StateMachineDoesNotExist');
  });

  it('is started by a Task under the right to the machine', async () => {
    const world = new World();
    const machine = world.machine(saying('old'), 'child');
    const { stateMachineVersionArn } = world.engine.publishStateMachineVersion(machine);
    world.engine.updateStateMachine({ stateMachineArn: machine, definition: text(saying('new')) });
    const output = await world.output(
      only({
        Type: 'Task',
        Resource: 'arn:aws:states:::states:startExecution.sync:2',
        Arguments: { StateMachineArn: stateMachineVersionArn, Input: {} },
        Output: '{% $states.result.Output %}',
        End: true,
      }),
    );
    expect(output).toBe('old');
    expect(world.calls.find(({ action }) => action === 'StartExecution')?.resource).toBe(machine);
  });
});
