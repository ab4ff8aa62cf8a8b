import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { KEEP_INSTANCES, TERMINATE_DRILL } from '../../../blocks/action-ids.ts';
import { UNKNOWN_QUESTION_TEXT } from '../../../blocks/answers.ts';
import { type DrillPress, endDrill, keepInstances } from '../after-drill.ts';
import { personOf } from '../asked.ts';
import { type ChatTools, explain } from '../tools.ts';
import { answerPress } from './press.ts';

/** Terminate Drill Instances and Keep, on the card of a drill that is over. Every press is answered, only visible to who pressed. */
export function drillButtons(app: App, tools: ChatTools): void {
  const listen = (actionId: string, act: (tools: ChatTools, press: DrillPress) => Promise<string>) =>
    app.action<BlockAction<ButtonAction>>(actionId, async ({ ack, action, body, client, respond }) => {
      const press = async (): Promise<string> => {
        const drill = await tools.store.getExecution(action.value ?? '-');
        if (drill === undefined) return UNKNOWN_QUESTION_TEXT;
        return await act(tools, { person: personOf(body), drill });
      };
      const text = await press().catch((error: unknown) => explain(error, tools.log));
      await ack();
      await answerPress({ body, client, respond }, text, tools);
    });
  listen(TERMINATE_DRILL, endDrill);
  listen(KEEP_INSTANCES, keepInstances);
}
