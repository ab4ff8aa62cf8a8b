import type { KnownBlock } from '@slack/types';
import type { ExecutionRto, WaveRto } from '../src/domain/rto.ts';
import type { Verb } from '../src/domain/vocabulary.ts';
import { executionLine, type ListedExecution } from './executions-list.ts';
import { dotted, listing } from './listing.ts';
import { context, count, header, type Message, message, name } from './message.ts';
import { attemptsText, executionRtoText, rtoText, waveLabel } from './recovery-time.ts';
import { spokenMinutes } from './words.ts';

/** A run with its recovery times. */
export interface HistoryRun extends ListedExecution {
  rto: ExecutionRto;
}

/** How long a wave takes. */
export interface WaveHistory {
  wave: number;
  waveName?: string;
  /** By verb: how it went last, and how long it takes when it succeeds; verbs by which it never ran are left out. */
  byVerb: { verb: Verb; last: WaveRto; usual?: { medianMs: number; runs: number } }[];
}

/** The runs of one recovery plan, or those of none: whose waves the tags say, and what was ended of drills. */
export interface PlanHistory {
  /** Absent for the runs of none. */
  planName?: string;
  /** Newest first. */
  runs: HistoryRun[];
  /** How many more there are, as far as it was looked. */
  older: number;
  /** In the order in which they run. */
  waves: WaveHistory[];
}

/** Ours: characters of all lists of the message together. */
const ALL_CHARACTERS = 9_500;
const MOST_RUNS = 20;
const MOST_WAVES = 40;

/** The answer to `/dr executions <application>`: by recovery plan what ran, and how long its waves took. */
export function executionsHistory({ application, plans }: { application: string; plans: PlanHistory[] }): Message {
  const runs = plans.reduce((sum, plan) => sum + plan.runs.length, 0);
  const characters = Math.floor(ALL_CHARACTERS / Math.max(1, plans.length * 2));
  return message(`${count(runs, 'execution')} of ${name(application)}, newest first.`, [
    header(`Executions: ${application}`),
    ...plans.flatMap((plan) => planBlocks(plan, characters)),
    context(
      'Newest first. A time is from the first wave to the last, with what people were waited for; a wave’s is that of its servers, with every attempt. `/dr status &lt;execution&gt;` says more of one.',
    ),
  ]);
}

function planBlocks({ planName, runs, older, waves }: PlanHistory, characters: number): KnownBlock[] {
  const title = planName === undefined ? '*Without a recovery plan*' : `*Recovery plan ${name(planName)}*`;
  const more = older === 0 ? [] : [`… and ${count(older, 'older execution')}`];
  return [
    ...listing([title, ...runs.map(runLine), ...more], MOST_RUNS + 2, characters),
    ...(waves.length === 0
      ? []
      : listing(['*How long its waves take*', ...waves.map(waveLine)], MOST_WAVES, characters)),
  ];
}

function runLine(run: HistoryRun): string {
  return executionLine({ ...run, time: executionRtoText(run.rto) });
}

function waveLine({ byVerb, ...wave }: WaveHistory): string {
  const parts = byVerb.map(({ verb, last, usual }) => {
    const attempts = attemptsText(last);
    const median =
      usual === undefined
        ? ''
        : `, usually ${spokenMinutes(usual.medianMs)} (median of ${count(usual.runs, `successful ${verb}`)})`;
    return `last ${verb} ${rtoText(last)}${attempts === '' ? '' : ` in ${attempts}`}${median}`;
  });
  return dotted(`• *${name(waveLabel(wave))}*`, ...parts);
}
