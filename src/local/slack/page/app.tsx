import { useCallback, useEffect, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { sendHomeOpened } from './actions.ts';
import { Channel } from './channel.tsx';
import { Channels } from './channels.tsx';
import { Composer } from './composer.tsx';
import { startOfDay } from './date.ts';
import { anchorOf, announcementOf, messagesIn, threadOf, threadsOf } from './feed-state.ts';
import { Home } from './home.tsx';
import { threadButtonId } from './messages.tsx';
import { Modal } from './modal.tsx';
import { Notifications } from './notifications.tsx';
import { pageNow } from './page-time.ts';
import { People } from './people.tsx';
import { HOME, placeIn } from './place.ts';
import { PracticeBar } from './practice-bar.tsx';
import type { PageMessage, Snapshot } from './protocol.ts';
import { Follow, Names, Now } from './text.tsx';
import { ThreadPane } from './thread-pane.tsx';
import { type Feed, useFeed } from './use-feed.ts';
import { type UsedPlace, usePlace } from './use-place.ts';
import { useUnread } from './use-unread.ts';

const NOT_HERE = 'That message is not here: it was deleted, it is too old, or this person is not in its channel.';

interface ScreenProps extends UsedPlace, Omit<Feed, 'screen'> {
  screen: Snapshot;
}

function Screen({ screen, me, asked, goal, become, go, follow, reach, ...feed }: ScreenProps) {
  const { newest, pushes, isConnected, dismiss } = feed;
  const { directory, messages, practice } = screen;
  const [problem, setProblem] = useState<string>();
  const [openTs, setOpenTs] = useState<string>();
  const [marked, setMarked] = useState<string>();
  const place = placeIn(directory, asked);
  const channel = directory.channels.find(({ id }) => id === place);
  const threads = useMemo(() => threadsOf(messagesIn(messages, place)), [messages, place]);
  const open = threads.find(({ first }) => first.ts === openTs);
  const unread = useUnread(messages, directory, place);
  const day = startOfDay(pageNow());
  const time = useMemo(() => ({ day, now: pageNow }), [day]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: what is open and what went wrong belong to a place of a person.
  useEffect(() => {
    setProblem(undefined);
    setOpenTs(undefined);
  }, [me, place]);

  useEffect(() => {
    if (place === HOME) void sendHomeOpened({ as: me }).then(setProblem);
  }, [me, place]);

  useEffect(() => {
    if (goal === undefined || directory.me !== me) return;
    reach();
    const message = messagesIn(messages, goal.channelId).find(({ ts }) => anchorOf(ts) === goal.anchor);
    if (message === undefined || message.channel !== place) {
      setProblem(NOT_HERE);
      return;
    }
    setOpenTs(threadOf(message));
    setMarked(goal.anchor);
  }, [goal, me, directory, messages, place, reach]);

  useEffect(() => {
    if (marked === undefined) return;
    setMarked(undefined);
    const shown = document.getElementById(marked);
    shown?.scrollIntoView({ block: 'nearest' });
    // The focus marks the message; a thread that opens for it has taken its own before.
    shown?.focus({ preventScroll: true });
  }, [marked]);

  const closeThread = useCallback(() => {
    const button = threadButtonId(openTs ?? '');
    setOpenTs(undefined);
    // Where the thread has covered the channel, its button can take the focus only when it is seen again.
    requestAnimationFrame(() => {
      const back = document.getElementById(button) ?? document.querySelector<HTMLElement>('main .composer input');
      back?.focus();
    });
  }, [openTs]);

  function showPushed(message: PageMessage) {
    dismiss(message.ts);
    if (message.channel !== place) {
      follow(`/archives/${message.channel}/${anchorOf(message.ts)}`);
      return;
    }
    setOpenTs(threadOf(message));
    setMarked(anchorOf(message.ts));
  }

  const banner = practice === undefined ? screen.banner : '';
  return (
    <Names value={directory}>
      <Now value={time}>
        <Follow value={follow}>
          <div className="page" data-thread={open !== undefined}>
            <header>
              <People people={directory.people} me={me} onSwitch={become} />
              <p className="banner" role="status">
                {isConnected ? banner : 'The practice server is gone. Trying again …'}
              </p>
            </header>
            {practice !== undefined && (
              <PracticeBar practice={practice} behindTheScenes={screen.behindTheScenes} onProblem={setProblem} />
            )}
            <nav aria-label="Channels and notifications">
              <h1>Practice Slack</h1>
              <Channels directory={directory} place={place} unread={unread} onGo={go} />
              <Notifications pushes={pushes} directory={directory} onShow={showPushed} onDismiss={dismiss} />
              {practice !== undefined && <p className="in-memory">Practice state is in memory.</p>}
            </nav>
            <main>
              {channel === undefined ? (
                <Home
                  key={directory.me}
                  home={screen.home}
                  directory={directory}
                  problem={problem}
                  onProblem={setProblem}
                />
              ) : (
                <>
                  <Channel
                    key={`${directory.me} ${channel.id}`}
                    channel={channel}
                    directory={directory}
                    threads={threads}
                    newest={newest}
                    openThread={open?.first.ts}
                    onOpenThread={setOpenTs}
                    onProblem={setProblem}
                  />
                  <Composer
                    key={`${me} ${channel.id} composer`}
                    me={me}
                    channel={channel}
                    hints={screen.hints}
                    commands={screen.commands}
                    shortcuts={screen.shortcuts}
                    problem={open === undefined ? problem : undefined}
                    onProblem={setProblem}
                  />
                </>
              )}
            </main>
            {open !== undefined && channel !== undefined && (
              <ThreadPane
                key={open.first.ts}
                thread={open}
                channel={channel}
                directory={directory}
                commands={screen.commands}
                problem={problem}
                onProblem={setProblem}
                onClose={closeThread}
              />
            )}
            <p className="unseen" role="status">
              {announcementOf(newest, directory, { place, openThread: open?.first.ts })}
            </p>
            {directory.me === me &&
              screen.modals.map((modal) => (
                <Modal key={modal.id} modal={modal} me={me} channelId={channel?.id} onProblem={setProblem} />
              ))}
          </div>
        </Follow>
      </Now>
    </Names>
  );
}

function App() {
  const used = usePlace();
  const { screen, ...feed } = useFeed(used.me);
  if (screen !== undefined) return <Screen {...used} {...feed} screen={screen} />;
  return (
    <p className="empty">
      {feed.isConnected ? 'Loading …' : `Nobody here is called ${used.me}, or the server is gone.`}
    </p>
  );
}

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App />);
