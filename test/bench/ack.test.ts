import { expect, test } from 'vitest';
import { type Compared, type Measured, reportOf } from './ack.ts';

const measured = (name: string, cold: number, warm: number, bytes = 1_000_000): Measured => ({
  ...{ name, bytes },
  ...{ load: [cold / 2], cold: [cold], warm: [warm] },
});

function compared(...answers: Measured[]): Compared {
  return {
    baseline: measured('an empty handler', 50, 0.1),
    answers,
    wholeBolt: measured('unstubbed', 600, 15, 4_000_000),
    minimal: {
      stubbedBolt: measured('minimal, stubbed', 150, 1, 500_000),
      wholeBolt: measured('minimal, unstubbed', 400, 1, 2_000_000),
      slackEdge: measured('minimal, slack-edge', 75, 1, 250_000),
    },
  };
}

test('what is in time breaks no limit, and is told as a share of Slack’s 3 s and of the baseline', () => {
  const { broken, markdown } = reportOf(compared(measured('`/dr help`', 300, 15)));
  expect(broken).toEqual([]);
  expect(markdown).toContain('| `/dr help` | 300 ms | 10.0 % | 6.0 × | 15.0 ms | 15.0 ms | 0.5 % |');
});

test('what takes too long is named', () => {
  expect(reportOf(compared(measured('a press', 1_501, 301))).broken).toEqual([
    'a press took 1501 ms cold; 1500 ms is the most.',
    'a press took 301 ms warm; 300 ms is the most.',
  ]);
});

test('the bundle is compared with others by its size, its load and its first answer', () => {
  const { markdown, ratios } = reportOf(compared(measured('`/dr help`', 300, 15)));
  expect(markdown).toContain('| `slack-ingress`, as deployed | 1,000 kB | 150 ms | 300 ms | 15.0 ms | 15.0 ms |');
  expect(ratios).toMatchObject({
    'slack-ingress against the same with Bolt unstubbed: bundle': 0.25,
    'slack-ingress against the same with Bolt unstubbed: load': 0.5,
    'slack-ingress against a minimal bot on slack-edge: cold': 4,
    'minimal bot, Bolt as we stub it against slack-edge: bundle': 2,
  });
});
