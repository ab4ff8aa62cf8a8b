import { useEffect, useMemo, useRef, useState } from 'react';
import { newestIn, type ReadUpTo, unreadIn } from './feed-state.ts';
import type { Place } from './place.ts';
import type { Directory, PageMessage } from './protocol.ts';

const NONE: Record<string, number> = {};

/** Unread messages by channel. What was there when somebody's screen was first opened is read, and so is the place shown. */
export function useUnread(
  messages: readonly PageMessage[],
  directory: Directory | undefined,
  place: Place | undefined,
): Record<string, number> {
  const [read, setRead] = useState<Readonly<Record<string, ReadUpTo>>>({});
  const latest = useRef(messages);
  const me = directory?.me;

  useEffect(() => {
    latest.current = messages;
  }, [messages]);

  useEffect(() => {
    if (me === undefined || place === undefined) return;
    setRead((before) => (before[me] === undefined ? { ...before, [me]: newestIn(latest.current) } : before));
    return () => {
      const newest = newestIn(latest.current)[place];
      if (newest === undefined) return;
      setRead((before) => ({ ...before, [me]: { ...before[me], [place]: newest } }));
    };
  }, [me, place]);

  return useMemo(() => {
    const readUpTo = me === undefined ? undefined : read[me];
    if (directory === undefined || readUpTo === undefined) return NONE;
    const elsewhere = messages.filter(({ channel }) => channel !== place);
    return unreadIn(elsewhere, readUpTo, directory);
  }, [messages, read, me, place, directory]);
}
