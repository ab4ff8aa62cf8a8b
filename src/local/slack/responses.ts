import { messageBlocks } from './blocks.ts';
import { SlackRefusal } from './errors.ts';
import type { ResponseTarget } from './interactions.ts';
import type { JsonObject } from './json.ts';
import type { SlackBlock, SlackMessage } from './model.ts';
import { WORKSPACE } from './people.ts';
import type { SlackWorkspace } from './workspace.ts';

interface AnswerContent {
  text: string;
  blocks: SlackBlock[] | undefined;
}

function contentOf(answer: JsonObject): AnswerContent {
  const text = typeof answer.text === 'string' ? answer.text : '';
  const blocks = answer.blocks === undefined ? undefined : messageBlocks(answer.blocks);
  if (text === '' && (blocks === undefined || blocks.length === 0)) throw new SlackRefusal('no_text');
  return { text, blocks };
}

function originalOf(workspace: SlackWorkspace, target: ResponseTarget): SlackMessage | undefined {
  if (target.originalTs === undefined) return undefined;
  const { messages } = workspace.stored;
  return (
    messages.find(target.channelId, target.originalTs) ?? messages.findEphemeral(target.channelId, target.originalTs)
  );
}

/**
 * Shows the app's answer to a command or click, given in the HTTP response or sent to a response_url: by default to the
 * person alone, with `response_type: in_channel` to everybody; `replace_original` changes and `delete_original` removes
 * the message that the answer is about.
 * @throws {SlackRefusal} `no_text` and the refusals of {@link messageBlocks}
 */
export function respond(workspace: SlackWorkspace, target: ResponseTarget, answer: JsonObject): void {
  const original = originalOf(workspace, target);
  if (answer.delete_original === true) {
    if (original !== undefined) workspace.remove(original);
    return;
  }
  const { text, blocks } = contentOf(answer);
  if (answer.replace_original === true && original !== undefined) {
    workspace.update(original, { text, blocks });
    return;
  }
  const posted = workspace.post({
    channel: target.channelId,
    user: WORKSPACE.botUserId,
    text,
    blocks,
    threadTs: typeof answer.thread_ts === 'string' ? answer.thread_ts : target.threadTs,
    visibleTo: answer.response_type === 'in_channel' ? undefined : target.userId,
  });
  target.originalTs ??= posted.ts;
}
