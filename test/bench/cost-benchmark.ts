import type { Benchmark, Report } from './benchmark.ts';
import { type Counted, costSummary, monthOf, SEED_MONTH } from './cost/document.ts';

/** The section of what drills cost. */
export function costReport(counted: Counted): Report {
  const ratios = counted.fleets.map((fleet) => [
    `a month with ${SEED_MONTH.executions} drills of ${fleet.accounts * fleet.serversEach} servers against the seed's $${SEED_MONTH.from}`,
    monthOf(counted, fleet) / SEED_MONTH.from,
  ]);
  return {
    title: 'Cost',
    markdown: [
      `US dollars, from counted operations by AWS's list prices, against the $${SEED_MONTH.from} to $${SEED_MONTH.to} a month that seed 5 estimates for ${SEED_MONTH.executions} executions (with a web front end that is
not here). Every operation, every price and how they were counted: [what it costs](cost.md), which the same command writes (\`npm run cost\` makes it alone).`,
      costSummary(counted),
      'No limit is checked; `--check` compares the months.',
    ].join('\n\n'),
    broken: [],
    ratios: Object.fromEntries(ratios),
  };
}

/** "Cost": drills of 10, 150 and 1,000 servers, from counted operations; writes docs/cost.md. */
export const cost: Benchmark = {
  name: 'cost',
  summary: 'what drills of 10, 150 and 1,000 servers cost by counted operations; writes docs/cost.md, too',
  isTimed: true,
  async run({ say, writes }): Promise<Report> {
    // The CDK takes seconds to load.
    const { countCosts, writeCosts } = await import('./cost.ts');
    const counted = await countCosts(say);
    if (writes) writeCosts(counted);
    return costReport(counted);
  },
};
