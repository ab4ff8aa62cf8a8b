import type { KnownBlock } from '@slack/types';
import type { ExecutionRecord } from '../src/domain/records.ts';
import { RUN_REST } from './action-ids.ts';
import { actions, button, confirmation, count } from './message.ts';
import { verbWord } from './words.ts';

/** The button of an execution that is over for what it has left. `left`: servers that it did not launch. */
export function restButtons(execution: ExecutionRecord, left: number): KnownBlock[] {
  if (left === 0) return [];
  const verb = verbWord(execution);
  return [
    actions(`rest:${execution.executionId}`, [
      button(RUN_REST, `${verb} What Is Left (${left})`, execution.executionId, {
        confirm: confirmation({
          title: `${verb} what is left?`,
          text: `A ${execution.verb} of the ${count(left, 'server')} that this one did not launch, and of nothing else, is asked for. Nothing begins before it is approved like any other.`,
          yes: 'Ask for It',
          no: 'Leave Them',
        }),
      }),
    ]),
  ];
}
