import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { CANCEL_ACTION, CLOSE_EXECUTION, PAUSE_ACTION, RESUME_MACHINE, RUN_REST } from '../../../blocks/action-ids.ts';
import { UNKNOWN_QUESTION_TEXT } from '../../../blocks/answers.ts';
import { personOf } from '../asked.ts';
import { runRest } from '../rest.ts';
import { cancel, pause, resumeMachine, type Steering } from '../steer.ts';
import { type ChatTools, explain } from '../tools.ts';
import { answerPress } from './press.ts';

/** Cancel and Pause, on an execution's card and in App Home; Resume and Close where its machine has died,
 * and what it has left once it is over. Every press is answered, only visible to who pressed. */
export function executionButtons(app: App, tools: ChatTools): void {
  const listen = (actionId: string, steer: (tools: ChatTools, steering: Steering) => Promise<string>) =>
    app.action<BlockAction<ButtonAction>>(actionId, async ({ ack, action, body, client, respond }) => {
      const press = async (): Promise<string> => {
        const execution = await tools.store.getExecution(action.value ?? '-');
        if (execution === undefined) return UNKNOWN_QUESTION_TEXT;
        return await steer(tools, { person: personOf(body), execution });
      };
      const text = await press().catch((error: unknown) => explain(error, tools.log));
      await ack();
      await answerPress({ body, client, respond }, text, tools);
    });
  listen(CANCEL_ACTION, cancel);
  listen(PAUSE_ACTION, pause);
  listen(RESUME_MACHINE, resumeMachine);
  // Of a dead machine a cancel is followed by the close of its execution.
  listen(CLOSE_EXECUTION, cancel);
  listen(RUN_REST, runRest);
}
