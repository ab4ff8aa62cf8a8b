import { memo, useState } from 'react';
import { SLACKBOT_USER_ID } from '../model.ts';
import { sendClick } from './actions.ts';
import { Blocks, type OnClick } from './blocks.tsx';
import { postedAt } from './date.ts';
import { anchorOf, type Thread } from './feed-state.ts';
import type { Directory, PageMessage } from './protocol.ts';
import { Mrkdwn } from './text.tsx';

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
}

/** One message: who, when, what, and its files. */
const OneMessage = memo(function OneMessage({ message, directory, onProblem }: MessageProps) {
  const author = authorOf(message, directory);
  const onClick: OnClick = async (blockId, actionId) => {
    onProblem(await sendClick({ as: directory.me, ts: message.ts, blockId, actionId }));
  };
  return (
    <article
      id={anchorOf(message.ts)}
      className={message.ephemeral_user === undefined ? 'message' : 'message ephemeral'}
      aria-label={`${author.name}: ${message.text}`}
    >
      <div className="avatar" data-app={author.isApp} aria-hidden="true">
        {author.name.slice(0, 2)}
      </div>
      <div className="content">
        {message.ephemeral_user !== undefined && <p className="only-you">Only visible to you</p>}
        <p className="author">
          <strong>{author.name}</strong> {author.isApp && <span className="badge">APP</span>}{' '}
          <time dateTime={new Date(Number(message.ts) * 1_000).toISOString()}>{postedAt(message.ts)}</time>
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

/** Of a longer thread only the newest replies are shown until somebody opens it. */
const NEWEST_REPLIES = 3;

function Replies({
  replies,
  directory,
  onProblem,
}: Omit<MessageProps, 'message'> & { replies: readonly PageMessage[] }) {
  const [isOpen, setOpen] = useState(false);
  if (replies.length === 0) return null;
  const earlier = replies.length - NEWEST_REPLIES;
  const visible = isOpen ? replies : replies.slice(-NEWEST_REPLIES);
  return (
    <section className="thread" aria-label={`Thread of ${replies.length}`}>
      {earlier > 0 && (
        <button type="button" className="thread-toggle" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <span aria-hidden="true">{isOpen ? '▾' : '▸'}</span>{' '}
          {isOpen ? 'Show only the newest replies' : `Show ${earlier} earlier ${earlier === 1 ? 'reply' : 'replies'}`}
        </button>
      )}
      {visible.map((reply) => (
        <OneMessage key={reply.ts} message={reply} directory={directory} onProblem={onProblem} />
      ))}
    </section>
  );
}

/** A message of the channel with the replies below it. */
export function ThreadView({ thread, ...rest }: Omit<MessageProps, 'message'> & { thread: Thread }) {
  return (
    <div className="thread-group">
      <OneMessage message={thread.first} {...rest} />
      <Replies replies={thread.replies} {...rest} />
    </div>
  );
}
