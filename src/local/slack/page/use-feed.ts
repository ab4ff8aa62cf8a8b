import { useCallback, useEffect, useState } from 'react';
import { afterEvent, isPushed } from './feed-state.ts';
import { setPageTime } from './page-time.ts';
import type { PageEvent, PageMessage, PracticeState, Snapshot } from './protocol.ts';

/** Older notifications are gone, as on a phone that shows only so many. */
const SHOWN_PUSHES = 5;

interface Received {
  screen: Snapshot | undefined;
  /** The newest message that came while the page was open. */
  newest: PageMessage | undefined;
  /** What the person's phone shows, the newest last. */
  pushes: readonly PageMessage[];
}

const NOTHING_YET: Received = { screen: undefined, newest: undefined, pushes: [] };

function afterReceiving(before: Received, event: PageEvent): Received {
  const screen = afterEvent(before.screen, event);
  if (event.kind === 'removed') return { ...before, screen, pushes: before.pushes.filter(({ ts }) => ts !== event.ts) };
  if (event.kind !== 'message' || !event.isNew || screen === undefined) return { ...before, screen };
  const { message } = event;
  const isNews = isPushed(message, screen.directory);
  const pushes = isNews ? [...before.pushes, message].slice(-SHOWN_PUSHES) : before.pushes;
  return { screen, newest: message, pushes };
}

function practiceOf(event: PageEvent): PracticeState | undefined {
  if (event.kind === 'snapshot') return event.snapshot.practice;
  return event.kind === 'practice' ? event.practice : undefined;
}

export interface Feed extends Received {
  isConnected: boolean;
  dismiss: (ts: string) => void;
}

/** What `me` sees, kept up to date; the browser connects again by itself, and then gets everything anew. */
export function useFeed(me: string): Feed {
  const [received, setReceived] = useState(NOTHING_YET);
  const [isConnected, setConnected] = useState(true);
  useEffect(() => {
    // The screen stays until the next person's has come; their phone is another one.
    setReceived(({ screen }) => ({ ...NOTHING_YET, screen }));
    const events = new EventSource(`/page/events?as=${encodeURIComponent(me)}`);
    events.onopen = () => setConnected(true);
    events.onerror = () => setConnected(false);
    events.onmessage = ({ data }: MessageEvent<string>) => {
      const event = JSON.parse(data) as PageEvent;
      const practice = practiceOf(event);
      if (practice !== undefined) setPageTime(practice.time.now);
      setReceived((before) => afterReceiving(before, event));
    };
    return () => events.close();
  }, [me]);
  const dismiss = useCallback((ts: string) => {
    setReceived((before) => ({ ...before, pushes: before.pushes.filter((push) => push.ts !== ts) }));
  }, []);
  return { ...received, isConnected, dismiss };
}
