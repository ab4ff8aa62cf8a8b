import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Composer } from './composer.tsx';
import { afterEvent, anchorOf, threadsOf } from './feed-state.ts';
import { ThreadView } from './messages.tsx';
import { People } from './people.tsx';
import type { PageEvent, PageMessage, Snapshot } from './protocol.ts';
import { Names } from './text.tsx';

const FIRST_PERSON = 'requester';

/** Who this tab is: kept in the address, so that two tabs can be two people and a reload changes nothing. */
function personInAddress(): string {
  return new URLSearchParams(location.search).get('as') ?? FIRST_PERSON;
}

interface Feed {
  screen: Snapshot | undefined;
  isConnected: boolean;
  /** The newest message that came while the page was open. */
  newest: PageMessage | undefined;
}

/** What `me` sees, kept up to date; the browser connects again by itself, and then gets everything anew. */
function useFeed(me: string, onNotice: (text: string) => void): Feed {
  const [screen, setScreen] = useState<Snapshot>();
  const [isConnected, setConnected] = useState(true);
  const [newest, setNewest] = useState<PageMessage>();
  useEffect(() => {
    const events = new EventSource(`/page/events?as=${encodeURIComponent(me)}`);
    events.onopen = () => setConnected(true);
    events.onerror = () => setConnected(false);
    events.onmessage = ({ data }: MessageEvent<string>) => {
      const event = JSON.parse(data) as PageEvent;
      setScreen((before) => afterEvent(before, event));
      if (event.kind === 'message' && event.isNew) setNewest(event.message);
      if (event.kind === 'notice') onNotice(event.text);
    };
    return () => events.close();
  }, [me, onNotice]);
  return { screen, isConnected, newest };
}

/** Nearer to the end than this, in pixels, somebody is reading the newest message and wants the next one in view. */
const AT_END_PX = 80;

interface ChannelProps {
  screen: Snapshot;
  newest: PageMessage | undefined;
  onProblem: (problem: string | undefined) => void;
}

function Channel({ screen, newest, onProblem }: ChannelProps) {
  const list = useRef<HTMLElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const threads = threadsOf(screen.messages);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is as long as its messages make it.
  useLayoutEffect(() => {
    if (isAtEnd && list.current !== null) list.current.scrollTop = list.current.scrollHeight;
  }, [screen.messages]);

  useEffect(() => {
    // What only this person sees is the answer to what they have just done, and their own words are theirs to see.
    const me = screen.directory.people.find(({ name }) => name === screen.directory.me)?.userId;
    if (newest === undefined || (newest.ephemeral_user !== me && newest.user !== me)) return;
    document.getElementById(anchorOf(newest.ts))?.scrollIntoView({ block: 'nearest' });
  }, [newest, screen.directory]);

  useEffect(() => {
    const linked = /\/archives\/[^/]+\/(p\d+)/.exec(location.pathname)?.[1];
    if (linked !== undefined) document.getElementById(linked)?.scrollIntoView();
  }, []);

  return (
    <section
      ref={list}
      className="messages"
      aria-label={`Messages in #${screen.directory.channel.name}`}
      onScroll={({ currentTarget }) => {
        const { scrollHeight, scrollTop, clientHeight } = currentTarget;
        setAtEnd(scrollHeight - scrollTop - clientHeight < AT_END_PX);
      }}
    >
      {threads.length === 0 && (
        <p className="empty">
          Nothing has happened here yet. Ask for a drill below as <strong>requester</strong>, then switch to{' '}
          <strong>approver</strong> to decide.
        </p>
      )}
      {threads.map((thread) => (
        <ThreadView key={thread.first.ts} thread={thread} directory={screen.directory} onProblem={onProblem} />
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
}

function App() {
  const [me, setMe] = useState(personInAddress);
  const [problem, setProblem] = useState<string>();
  const { screen, isConnected, newest } = useFeed(me, setProblem);

  function switchTo(name: string) {
    const address = new URL(location.href);
    address.searchParams.set('as', name);
    history.replaceState(null, '', address);
    setProblem(undefined);
    setMe(name);
  }

  if (screen === undefined) {
    return <p className="empty">{isConnected ? 'Loading …' : `Nobody here is called ${me}, or the server is gone.`}</p>;
  }
  return (
    <div className="page">
      <header>
        <People people={screen.directory.people} me={me} onSwitch={switchTo} />
        <p className="banner">{isConnected ? screen.banner : 'The practice server is gone. Trying again …'}</p>
      </header>
      <nav aria-label="Channels">
        <h1>Practice Slack</h1>
        <p className="channel-name" aria-current="page">
          # {screen.directory.channel.name}
        </p>
      </nav>
      <main>
        <Names value={screen.directory}>
          <Channel key={screen.directory.me} screen={screen} newest={newest} onProblem={setProblem} />
        </Names>
        <Composer me={me} hints={screen.hints} problem={problem} onProblem={setProblem} />
      </main>
      <div className="unseen" aria-live="polite">
        {newest?.text}
      </div>
    </div>
  );
}

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App />);
