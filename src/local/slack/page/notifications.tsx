import { firstLine } from './feed-state.ts';
import { flatText } from './flat-text.ts';
import type { Directory, PageMessage } from './protocol.ts';

interface NotificationsProps {
  /** The newest last. */
  pushes: readonly PageMessage[];
  directory: Directory;
  onShow: (message: PageMessage) => void;
  onDismiss: (ts: string) => void;
}

/** What this person's phone would show: the `text` of a message and nothing of its blocks, the newest first. */
export function Notifications({ pushes, directory, onShow, onDismiss }: NotificationsProps) {
  return (
    <section className="pushes" aria-label={`Notifications on the phone of ${directory.me}`}>
      <h2>On your phone</h2>
      {pushes.length === 0 && <p className="no-pushes">No new notifications</p>}
      <ul aria-live="polite" aria-relevant="additions">
        {pushes.toReversed().map((push) => {
          const text = flatText(push.text, directory);
          return (
            <li key={push.ts}>
              <button type="button" className="push" onClick={() => onShow(push)}>
                <span className="unseen">Notification: </span>
                {text.trim() === '' ? 'This message has no text for a notification.' : text}
              </button>
              <button
                type="button"
                className="close"
                aria-label={`Dismiss: ${firstLine(text)}`}
                onClick={() => onDismiss(push.ts)}
              >
                ×
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
