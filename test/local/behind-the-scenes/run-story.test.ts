import { describe, expect, test } from 'vitest';
import type { StepView, TrackView } from '../../../src/local/behind-the-scenes/protocol.ts';
import { RunStory } from '../../../src/local/behind-the-scenes/run-story.ts';
import { IntegrationError } from '../../../src/local/step-functions/errors.ts';
import { FUNCTION, only, World } from '../step-functions/world.ts';

const DESCRIBE_JOBS = 'arn:aws:states:::aws-sdk:drs:describeJobs';

function storyOf(world: World, arn: string): RunStory {
  const story = new RunStory();
  story.follow(world.engine.getExecutionHistory(arn));
  return story;
}

/** Each state and how often it was visited; a loop is a list of its own. */
function outline({ items }: TrackView): unknown[] {
  const named = ({ name, visits }: StepView) => `${name} × ${visits}`;
  return items.map((item) => (item.kind === 'step' ? named(item.step) : [item.rounds, ...item.steps.map(named)]));
}

function stepOf(story: RunStory, name: string): StepView | undefined {
  return story
    .view()
    .items.flatMap((item) => (item.kind === 'step' ? [item.step] : item.steps))
    .find((step) => step.name === name);
}

/** A machine that looks at the jobs and waits `rounds` times. */
const polling = (rounds: number) => ({
  StartAt: 'Begin',
  States: {
    Begin: { Type: 'Pass', Assign: { round: 0 }, Next: 'Look' },
    Look: {
      Type: 'Task',
      Resource: DESCRIBE_JOBS,
      Arguments: {},
      Assign: { round: '{% $round + 1 %}' },
      Next: 'Over?',
    },
    'Over?': { Type: 'Choice', Choices: [{ Condition: `{% $round >= ${rounds} %}`, Next: 'End' }], Default: 'Rest' },
    Rest: { Type: 'Wait', Seconds: 30, Next: 'Look' },
    End: { Type: 'Pass', End: true },
  },
});

describe('The states of a run', () => {
  test('tell a poll loop once, with its rounds', async () => {
    const world = new World();
    const story = storyOf(world, await world.run(polling(37)));
    expect(outline(story.view())).toEqual(['Begin × 1', [37, 'Look × 37', 'Over? × 37', 'Rest × 36'], 'End × 1']);
    expect(stepOf(story, 'Rest')).toMatchObject({ type: 'Wait', durationMs: 36 * 30_000 });
    expect(stepOf(story, 'Rest')?.openSince).toBeUndefined();
    expect(story.inputBytes).toBe(2);
    expect(story.outputBytes).toBe(2);
  });

  test('are as few for thousands of events, which are read once', async () => {
    const world = new World();
    const arn = await world.run(polling(2_000));
    const events = world.engine.getExecutionHistory(arn);
    expect(events.length).toBeGreaterThan(15_000);
    const story = new RunStory();
    story.follow(events.slice(0, 9_000));
    story.follow(events);
    story.follow(events);
    expect(story.events).toBe(events.length);
    expect(stepOf(story, 'Look')?.visits).toBe(2_000);
    expect(JSON.stringify(story.view()).length).toBeLessThan(2_000);
  });

  test('say what they wait for, and never a token', async () => {
    const world = new World();
    const tokens: string[] = [];
    world.lambda = (payload) => {
      tokens.push(JSON.stringify(payload));
      return {};
    };
    const arn = world.start(
      only({
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
        Arguments: { FunctionName: FUNCTION, Payload: { token: '{% $states.context.Task.Token %}' } },
        End: true,
      }),
    );
    await world.clock.advance(5_000);
    const view = storyOf(world, arn).view();
    expect(JSON.stringify(view)).toContain('"waitsFor":"a task token"');
    expect(view.items[0]).toMatchObject({ step: { openSince: world.clock.now() - 5_000 } });
    const token = /[A-Za-z0-9_-]{64,}/.exec(tokens[0] ?? '')?.[0] ?? 'none';
    expect(token).not.toBe('none');
    expect(JSON.stringify(view)).not.toContain(token);
  });

  test('have the attempts that failed: tried again, caught, or the end', async () => {
    const world = new World();
    let left = 3;
    world.sdk = async () => {
      left -= 1;
      if (left >= 0) throw new IntegrationError({ error: 'Drs.ThrottlingException', cause: 'Rate exceeded' });
      return {};
    };
    const task = {
      Type: 'Task',
      Resource: DESCRIBE_JOBS,
      Arguments: {},
      Retry: [{ ErrorEquals: ['Drs.ThrottlingException'], IntervalSeconds: 1, MaxAttempts: 1 }],
    };
    const arn = await world.run({
      StartAt: 'One',
      States: {
        One: { ...task, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Two' }], End: true },
        Two: { ...task, Retry: [], End: true },
      },
    });
    const story = storyOf(world, arn);
    expect(story.troubles).toMatchObject([
      { state: 'One', error: 'Drs.ThrottlingException', cause: 'Rate exceeded', outcome: 'retried' },
      { state: 'One', outcome: 'caught' },
      { state: 'Two', outcome: 'failed' },
    ]);
    expect(stepOf(story, 'One')).toMatchObject({ retries: 1, visits: 1 });
    expect(stepOf(story, 'Two')?.openSince).toBeUndefined();
  });

  test('have the iterations of a Map apart, and go on after it', async () => {
    const world = new World();
    const arn = await world.run(
      {
        StartAt: 'Each',
        States: {
          Each: {
            Type: 'Map',
            Items: '{% $states.input %}',
            ItemProcessor: {
              StartAt: 'Rest',
              States: {
                Rest: { Type: 'Wait', Seconds: '{% $states.input %}', Next: 'Done' },
                Done: { Type: 'Succeed' },
              },
            },
            Next: 'After',
          },
          After: { Type: 'Pass', End: true },
        },
      },
      [10, 20],
    );
    const story = storyOf(world, arn);
    expect(outline(story.view())).toEqual(['Each × 1', 'After × 1']);
    const each = stepOf(story, 'Each');
    expect(each?.durationMs).toBe(20_000);
    expect(each?.tracks.map((track) => [track.label, ...outline(track)])).toEqual([
      ['Iteration 1', 'Rest × 1', 'Done × 1'],
      ['Iteration 2', 'Rest × 1', 'Done × 1'],
    ]);
  });

  test('name the executions that they started', async () => {
    const world = new World();
    const machine = world.machine(only({ Type: 'Wait', Seconds: 5, End: true }), 'child');
    const arn = await world.run(
      only({
        Type: 'Task',
        Resource: 'arn:aws:states:::states:startExecution.sync:2',
        Arguments: { StateMachineArn: machine, Name: 'child-1' },
        End: true,
      }),
    );
    const [started] = world.engine.listExecutions({ stateMachineArn: machine });
    expect(storyOf(world, arn).children).toEqual([started?.executionArn]);
    expect(world.engine.parentOf(started?.executionArn ?? '')).toBe(arn);
    expect(world.engine.parentOf(arn)).toBeUndefined();
  });
});
