import { memo, useEffect } from 'react';
import { anchorOf, type Thread } from './feed-state.ts';
import { ThreadView } from './messages.tsx';
import type { Directory, PageChannel, PageMessage } from './protocol.ts';
import { useStickyEnd } from './scrolling.ts';

interface ChannelProps {
  channel: PageChannel;
  directory: Directory;
  threads: readonly Thread[];
  newest: PageMessage | undefined;
  openThread: string | undefined;
  onOpenThread: (ts: string) => void;
  onProblem: (problem: string | undefined) => void;
}

/** What there is to do where nothing has happened yet. */
function Empty({ channel, directory }: { channel: PageChannel; directory: Directory }) {
  return (
    <p className="empty">
      Nothing has happened in <strong>#{channel.name}</strong> yet.{' '}
      {channel.hasBot ? (
        <>
          Ask for a drill below as <strong>requester</strong>, then switch to <strong>approver</strong> to decide.
        </>
      ) : (
        <>
          <strong>{directory.bot.name}</strong> was not invited to this channel: it hears its commands here, and cannot
          post here.
        </>
      )}
    </p>
  );
}

/** Drawn only when a message changes: the time, which is told every second, is no reason. */
export const Channel = memo(function Channel(props: ChannelProps) {
  const { channel, directory, threads, newest, openThread, onOpenThread, onProblem } = props;
  const { list, isAtEnd, onScroll } = useStickyEnd(threads);

  useEffect(() => {
    // What only this person sees is the answer to what they have just done, and their own words are theirs to see.
    const me = directory.people.find(({ name }) => name === directory.me)?.userId;
    if (newest === undefined || (newest.ephemeral_user !== me && newest.user !== me)) return;
    document.getElementById(anchorOf(newest.ts))?.scrollIntoView({ block: 'nearest' });
  }, [newest, directory]);

  return (
    <section ref={list} className="messages" aria-label={`Messages in #${channel.name}`} onScroll={onScroll}>
      {threads.length === 0 && <Empty channel={channel} directory={directory} />}
      {threads.map((thread) => (
        <ThreadView
          key={thread.first.ts}
          thread={thread}
          directory={directory}
          isOpen={thread.first.ts === openThread}
          onOpen={onOpenThread}
          onProblem={onProblem}
        />
      ))}
      {!isAtEnd && (
        <button
          type="button"
          className="to-end"
          onClick={() => list.current?.scrollTo({ top: list.current.scrollHeight })}
        >
          ↓ Newest
        </button>
      )}
    </section>
  );
});
