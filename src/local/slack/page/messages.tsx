import { memo, useContext } from 'react';
import { SLACKBOT_USER_ID } from '../model.ts';
import { sendClick } from './actions.ts';
import { Blocks, type OnClick } from './blocks.tsx';
import { postedAt } from './date.ts';
import { anchorOf, firstLine, isSameThread, type Thread } from './feed-state.ts';
import { flatText } from './flat-text.ts';
import type { Directory, PageMessage } from './protocol.ts';
import { Mrkdwn, Now } from './text.tsx';

interface Author {
  name: string;
  isApp: boolean;
}

function authorOf(message: PageMessage, directory: Directory): Author {
  if (message.user === directory.bot.userId) return { name: directory.bot.name, isApp: true };
  if (message.user === SLACKBOT_USER_ID) return { name: 'Slackbot', isApp: false };
  return { name: directory.people.find(({ userId }) => userId === message.user)?.name ?? message.user, isApp: false };
}

function sizeOf(bytes: number): string {
  return bytes < 1_000 ? `${bytes} bytes` : `${Math.round(bytes / 1_000)} kB`;
}

interface MessageProps {
  message: PageMessage;
  directory: Directory;
  onProblem: (problem: string | undefined) => void;
  /** Whether the message stands elsewhere on the page too, where its permalink leads. */
  isCopy?: boolean;
}

/** One message: who, when, what, and its files. */
export const OneMessage = memo(function OneMessage({ message, directory, onProblem, isCopy = false }: MessageProps) {
  const author = authorOf(message, directory);
  const { now } = useContext(Now);
  const onClick: OnClick = async (blockId, actionId) => {
    onProblem(await sendClick({ as: directory.me, channel: message.channel, ts: message.ts, blockId, actionId }));
  };
  return (
    <article
      id={isCopy ? undefined : anchorOf(message.ts)}
      // A permalink gives it the focus.
      tabIndex={-1}
      className={message.ephemeral_user === undefined ? 'message' : 'message ephemeral'}
      aria-label={`${author.name}: ${firstLine(flatText(message.text, directory, now()))}`}
    >
      <div className="avatar" data-app={author.isApp} aria-hidden="true">
        {author.name.slice(0, 2)}
      </div>
      <div className="content">
        {message.ephemeral_user !== undefined && <p className="only-you">Only visible to you</p>}
        <p className="author">
          <strong>{author.name}</strong> {author.isApp && <span className="badge">APP</span>}{' '}
          <time dateTime={new Date(Number(message.ts) * 1_000).toISOString()}>{postedAt(message.ts, now())}</time>
        </p>
        {message.blocks === undefined ? (
          message.text !== '' && <Mrkdwn text={message.text} />
        ) : (
          <Blocks blocks={message.blocks} onClick={onClick} />
        )}
        {message.edited !== undefined && <p className="quiet">(edited)</p>}
        {message.files?.map((file) => (
          <p key={file.id} className="file">
            <a href={file.url_private} target="_blank" rel="noopener noreferrer">
              {file.title}
            </a>{' '}
            <span className="quiet">
              {file.name}, {sizeOf(file.size)}
            </span>
          </p>
        ))}
      </div>
    </article>
  );
});

/** The element id of the button that opens a thread. */
export function threadButtonId(ts: string): string {
  return `thread-${anchorOf(ts)}`;
}

interface ThreadViewProps extends Omit<MessageProps, 'message' | 'isCopy'> {
  thread: Thread;
  isOpen: boolean;
  onOpen: (ts: string) => void;
}

/**
 * A message of the channel, or a reply that was also sent there, with what it replies to; of a message's replies their number and the first line of the last. A message without replies has a
 * button that starts the thread, unless only one person sees it.
 */
export const ThreadView = memo(function ThreadView(props: ThreadViewProps) {
  const { isOpen, onOpen, directory, onProblem } = props;
  const { first, replies, repliesTo } = props.thread;
  const last = replies.at(-1);
  const { now } = useContext(Now);
  if (repliesTo !== undefined) {
    return (
      <div className="thread-group">
        <button type="button" className="thread-summary broadcast" onClick={() => onOpen(repliesTo.ts)}>
          <strong>Replied to a thread</strong> <span>{summaryOf(repliesTo, directory, now())}</span>
        </button>
        <OneMessage message={first} directory={directory} onProblem={onProblem} isCopy />
      </div>
    );
  }
  return (
    <div className="thread-group">
      <OneMessage message={first} directory={directory} onProblem={onProblem} />
      {(last !== undefined || first.ephemeral_user === undefined) && (
        <button
          id={threadButtonId(first.ts)}
          type="button"
          className={last === undefined ? 'thread-start' : 'thread-summary'}
          aria-expanded={isOpen}
          onClick={() => onOpen(first.ts)}
        >
          <strong>{replyCount(replies.length)}</strong>{' '}
          {last !== undefined && (
            <span>
              {authorOf(last, directory).name}: {summaryOf(last, directory, now())}
            </span>
          )}
        </button>
      )}
    </div>
  );
}, isDrawnAlike);

function isDrawnAlike(
  { thread, ...props }: ThreadViewProps,
  { thread: otherThread, ...others }: ThreadViewProps,
): boolean {
  const isSame =
    props.isOpen === others.isOpen &&
    props.directory === others.directory &&
    props.onOpen === others.onOpen &&
    props.onProblem === others.onProblem;
  return isSame && isSameThread(thread, otherThread);
}

/** The first line of a message; of one that only brings a file, the file. */
function summaryOf(message: PageMessage, directory: Directory, now: number): string {
  return firstLine(flatText(message.text, directory, now)) || (message.files?.[0]?.title ?? '');
}

function replyCount(count: number): string {
  if (count === 0) return 'Reply';
  return count === 1 ? '1 reply' : `${count} replies`;
}
