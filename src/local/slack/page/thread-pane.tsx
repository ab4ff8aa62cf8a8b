import { useEffect, useRef } from 'react';
import { Composer } from './composer.tsx';
import type { Thread } from './feed-state.ts';
import { OneMessage } from './messages.tsx';
import type { CommandUsage, Directory, PageChannel, PageShortcut } from './protocol.ts';
import { useStickyEnd } from './scrolling.ts';

interface ThreadPaneProps {
  thread: Thread;
  channel: PageChannel;
  directory: Directory;
  commands: readonly CommandUsage[];
  problem: string | undefined;
  onProblem: (problem: string | undefined) => void;
  onClose: () => void;
}

const NO_HINTS: string[] = [];
const NO_SHORTCUTS: PageShortcut[] = [];

/** A thread beside the channel, or instead of it where there is no room for both. */
export function ThreadPane({ thread, channel, directory, commands, problem, onProblem, onClose }: ThreadPaneProps) {
  const closeButton = useRef<HTMLButtonElement>(null);
  const { first, replies } = thread;
  const { list, onScroll } = useStickyEnd(thread);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another thread is another pane.
  useEffect(() => closeButton.current?.focus(), [first.ts]);

  return (
    <aside
      className="thread-pane"
      aria-label="Thread"
      onKeyDown={({ key, target }) => {
        // Escape in a button's question belongs to the question.
        const isInDialog = target instanceof Element && target.closest('dialog') !== null;
        if (key === 'Escape' && !isInDialog) onClose();
      }}
    >
      <div className="pane-head">
        <h2>
          Thread <span className="quiet">#{channel.name}</span>
        </h2>
        <button ref={closeButton} type="button" className="close" aria-label="Close thread" onClick={onClose}>
          ×
        </button>
      </div>
      {problem !== undefined && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <section ref={list} className="thread-messages" aria-label="Messages of the thread" onScroll={onScroll}>
        <OneMessage message={first} directory={directory} onProblem={onProblem} isCopy />
        <p className="reply-count">{replies.length === 1 ? '1 reply' : `${replies.length} replies`}</p>
        {replies.map((reply) => (
          <OneMessage key={reply.ts} message={reply} directory={directory} onProblem={onProblem} />
        ))}
      </section>
      {first.ephemeral_user === undefined && (
        <Composer
          key={directory.me}
          me={directory.me}
          channel={channel}
          threadTs={first.ts}
          hints={NO_HINTS}
          commands={commands}
          shortcuts={NO_SHORTCUTS}
          problem={undefined}
          onProblem={onProblem}
        />
      )}
    </aside>
  );
}
