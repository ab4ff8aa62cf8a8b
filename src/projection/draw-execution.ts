import { executionStore } from '../platform/execution-store.ts';
import type { Platform } from '../platform/platform.ts';
import { resultStore } from '../platform/result-store.ts';
import { slackClient, slackSecrets } from '../platform/slack.ts';
import { delivery } from './delivery.ts';
import { CARD, drawingsOf, resultFileOf } from './drawing.ts';

/**
 * Draws everything of an execution from what is stored now. It may be called at any time and any number of times: what
 * stands in Slack already is left alone. What Slack does not take now is stored as dirty and swept later.
 */
export function executionDrawer(platform: Platform): (executionId: string) => Promise<void> {
  const store = executionStore(platform);
  const secrets = slackSecrets(platform);
  const results = resultStore(platform);

  return async (executionId) => {
    const stored = await store.view(executionId);
    if (stored === undefined) return;
    const { view, messages } = stored;
    const slack = await slackClient(secrets, platform.log);
    const { deliver, deliverFile } = delivery({
      store,
      slack,
      messages,
      now: platform.now,
      sleep: platform.sleep,
      log: platform.log,
    });
    let cardTs: string | undefined;
    for (const drawing of drawingsOf(view)) {
      if (drawing.place === 'thread' && cardTs === undefined) continue;
      const result = await deliver(view.execution, drawing, drawing.place === 'thread' ? cardTs : undefined);
      if (drawing.key === CARD && result.status === 'shown') cardTs = result.ts;
    }
    const file = resultFileOf(view);
    if (file !== undefined && cardTs !== undefined) {
      await deliverFile(view.execution, { ...file, read: () => results.read(file.location) }, cardTs);
    }
  };
}
