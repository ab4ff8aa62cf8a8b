import { memo, useEffect, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Composer } from './composer.tsx';
import { afterEvent, anchorOf, isPushed, type Thread, threadOf, threadsOf } from './feed-state.ts';
import { ThreadView, threadButtonId } from './messages.tsx';
import { Modal } from './modal.tsx';
import { Notifications } from './notifications.tsx';
import { People } from './people.tsx';
import { PracticeBar } from './practice-bar.tsx';
import type { Directory, PageEvent, PageMessage, Snapshot } from './protocol.ts';
import { useStickyEnd } from './scrolling.ts';
import { Names } from './text.tsx';
import { ThreadPane } from './thread-pane.tsx';

const FIRST_PERSON = 'requester';

/** Who this tab is: kept in the address, so that two tabs can be two people and a reload changes nothing. */
function personInAddress(): string {
  return new URLSearchParams(location.search).get('as') ?? FIRST_PERSON;
}

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

interface Feed extends Received {
  isConnected: boolean;
  dismiss: (ts: string) => void;
}

/** What `me` sees, kept up to date; the browser connects again by itself, and then gets everything anew. */
function useFeed(me: string): Feed {
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
      setReceived((before) => afterReceiving(before, event));
    };
    return () => events.close();
  }, [me]);
  const dismiss = (ts: string) =>
    setReceived((before) => ({ ...before, pushes: before.pushes.filter((push) => push.ts !== ts) }));
  return { ...received, isConnected, dismiss };
}

interface ChannelProps {
  directory: Directory;
  messages: readonly PageMessage[];
  threads: readonly Thread[];
  newest: PageMessage | undefined;
  openThread: string | undefined;
  onOpenThread: (ts: string) => void;
  onProblem: (problem: string | undefined) => void;
}

/** Drawn only when a message changes: the time, which is told every second, is no reason. */
const Channel = memo(function Channel(props: ChannelProps) {
  const { directory, messages, threads, newest, openThread, onOpenThread, onProblem } = props;
  const { list, isAtEnd, onScroll } = useStickyEnd(messages);

  useEffect(() => {
    // What only this person sees is the answer to what they have just done, and their own words are theirs to see.
    const me = directory.people.find(({ name }) => name === directory.me)?.userId;
    if (newest === undefined || (newest.ephemeral_user !== me && newest.user !== me)) return;
    document.getElementById(anchorOf(newest.ts))?.scrollIntoView({ block: 'nearest' });
  }, [newest, directory]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the address leads somewhere once, when the page opens.
  useEffect(() => {
    const linked = /\/archives\/[^/]+\/(p\d+)/.exec(location.pathname)?.[1];
    const message = messages.find(({ ts }) => anchorOf(ts) === linked);
    if (message === undefined) return;
    const thread = threadOf(message);
    if (thread !== undefined) onOpenThread(thread);
    document.getElementById(anchorOf(thread ?? message.ts))?.scrollIntoView();
  }, []);

  return (
    <section ref={list} className="messages" aria-label={`Messages in #${directory.channel.name}`} onScroll={onScroll}>
      {threads.length === 0 && (
        <p className="empty">
          Nothing has happened here yet. Ask for a drill below as <strong>requester</strong>, then switch to{' '}
          <strong>approver</strong> to decide.
        </p>
      )}
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

const NO_MESSAGES: PageMessage[] = [];

function App() {
  const [me, setMe] = useState(personInAddress);
  const [problem, setProblem] = useState<string>();
  const [openTs, setOpenTs] = useState<string>();
  const { screen, isConnected, newest, pushes, dismiss } = useFeed(me);
  const messages = screen?.messages ?? NO_MESSAGES;
  const threads = useMemo(() => threadsOf(messages), [messages]);
  const open = threads.find(({ first }) => first.ts === openTs);

  function switchTo(name: string) {
    const address = new URL(location.href);
    address.searchParams.set('as', name);
    history.replaceState(null, '', address);
    setProblem(undefined);
    setMe(name);
  }

  function closeThread() {
    const button = threadButtonId(openTs ?? '');
    setOpenTs(undefined);
    // Where the thread has covered the channel, its button can take the focus only when it is seen again.
    requestAnimationFrame(() => document.getElementById(button)?.focus());
  }

  function showPushed(message: PageMessage) {
    dismiss(message.ts);
    const thread = threadOf(message);
    setOpenTs(thread);
    requestAnimationFrame(() => document.getElementById(anchorOf(message.ts))?.scrollIntoView({ block: 'nearest' }));
  }

  if (screen === undefined) {
    return <p className="empty">{isConnected ? 'Loading …' : `Nobody here is called ${me}, or the server is gone.`}</p>;
  }
  const { directory, practice } = screen;
  const banner = practice === undefined ? screen.banner : '';
  return (
    <Names value={directory}>
      <div className="page" data-thread={open !== undefined}>
        <header>
          <People people={directory.people} me={me} onSwitch={switchTo} />
          <p className="banner">{isConnected ? banner : 'The practice server is gone. Trying again …'}</p>
        </header>
        {practice !== undefined && <PracticeBar practice={practice} onProblem={setProblem} />}
        <nav aria-label="Channels and notifications">
          <h1>Practice Slack</h1>
          <p className="channel-name" aria-current="page">
            # {directory.channel.name}
          </p>
          <Notifications pushes={pushes} directory={directory} onShow={showPushed} onDismiss={dismiss} />
          {practice !== undefined && <p className="in-memory">Practice state is in memory.</p>}
        </nav>
        <main>
          <Channel
            key={directory.me}
            directory={directory}
            messages={messages}
            threads={threads}
            newest={newest}
            openThread={open?.first.ts}
            onOpenThread={setOpenTs}
            onProblem={setProblem}
          />
          <Composer
            me={me}
            hints={screen.hints}
            problem={open === undefined ? problem : undefined}
            onProblem={setProblem}
          />
        </main>
        {open !== undefined && (
          <ThreadPane
            key={open.first.ts}
            thread={open}
            directory={directory}
            problem={problem}
            onProblem={setProblem}
            onClose={closeThread}
          />
        )}
        {screen.directory.me === me &&
          screen.modals.map((modal) => <Modal key={modal.id} modal={modal} me={me} onProblem={setProblem} />)}
      </div>
    </Names>
  );
}

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App />);
