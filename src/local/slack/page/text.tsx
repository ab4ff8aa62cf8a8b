import { createContext, type ReactNode, useContext } from 'react';
import { isObject } from '../json.ts';
import { slackDate } from './date.ts';
import { groupName } from './flat-text.ts';
import { type Inline, type Passage, parseMrkdwn, plainText } from './mrkdwn.ts';
import type { Directory } from './protocol.ts';

/** Who and what the ids in texts stand for. */
export const Names = createContext<Directory | undefined>(undefined);

/** The time of the messages: simulated where the practice has its own. */
export interface PageTime {
  /** Midnight of the day that it is. What says "today" is drawn again when it changes. */
  day: number;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** What time it is for those who read. */
export const Now = createContext<PageTime>({ day: 0, now: Date.now });

/** Shows what a permalink of this workspace leads to; false for an address that leads elsewhere. */
export const Follow = createContext<(href: string) => boolean>(() => false);

function Mention({ children }: { children: ReactNode }) {
  return <span className="mention">{children}</span>;
}

/** Only what cannot run anything is made a link. */
function Link({ href, children }: { href: string; children: ReactNode }) {
  const follow = useContext(Follow);
  if (!/^(https?|mailto):/i.test(href)) return children;
  return (
    <a
      href={href}
      target="_blank"
      rel="noopener noreferrer"
      onClick={(event) => {
        const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey;
        if (isPlain && follow(href)) event.preventDefault();
      }}
    >
      {children}
    </a>
  );
}

function UserName({ id }: { id: string }) {
  const names = useContext(Names);
  const person = names?.people.find(({ userId }) => userId === id);
  return <Mention>@{person?.name ?? (names?.bot.userId === id ? names.bot.name : id)}</Mention>;
}

function ChannelName({ id }: { id: string }) {
  const channel = useContext(Names)?.channels.find((candidate) => candidate.id === id);
  return <Mention>#{channel?.name ?? id}</Mention>;
}

function GroupName({ id, label }: { id: string; label: string | undefined }) {
  const names = useContext(Names);
  return <Mention>{groupName(id, label, names?.userGroups ?? [])}</Mention>;
}

function Time({ at, format, href }: { at: number; format: string; href: string | undefined }) {
  const { now } = useContext(Now);
  const time = <time dateTime={new Date(at).toISOString()}>{slackDate(format, at, now())}</time>;
  return href === undefined ? time : <Link href={href}>{time}</Link>;
}

function Piece({ piece }: { piece: Inline }): ReactNode {
  switch (piece.kind) {
    case 'text':
      return piece.text;
    case 'bold':
      return (
        <strong>
          <Pieces pieces={piece.inside} />
        </strong>
      );
    case 'italic':
      return (
        <em>
          <Pieces pieces={piece.inside} />
        </em>
      );
    case 'strike':
      return (
        <s>
          <Pieces pieces={piece.inside} />
        </s>
      );
    case 'code':
      return <code>{piece.text}</code>;
    case 'user':
      return <UserName id={piece.id} />;
    case 'channel':
      return <ChannelName id={piece.id} />;
    case 'group':
      return <GroupName id={piece.id} label={piece.label} />;
    case 'mention':
      return <Mention>{piece.text}</Mention>;
    case 'link':
      return <Link href={piece.href}>{piece.label}</Link>;
    case 'date':
      return <Time at={piece.at} format={piece.format} href={piece.href} />;
  }
}

function Pieces({ pieces }: { pieces: readonly Inline[] }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: a text is drawn whole, its pieces change places only with it.
  return pieces.map((piece, place) => <Piece key={`${place} ${piece.kind}`} piece={piece} />);
}

function OnePassage({ passage }: { passage: Passage }) {
  if (passage.kind === 'pre') return <pre>{passage.text}</pre>;
  const pieces = <Pieces pieces={passage.inside} />;
  return passage.kind === 'quote' ? <blockquote>{pieces}</blockquote> : <p>{pieces}</p>;
}

/** Text with Slack's formatting. */
export function Mrkdwn({ text }: { text: string }) {
  return (
    <div className="mrkdwn">
      {parseMrkdwn(text).map((passage, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a text is drawn whole, its passages change places only with it.
        <OnePassage key={`${place} ${passage.kind}`} passage={passage} />
      ))}
    </div>
  );
}

/** A text object: `mrkdwn` is formatted, `plain_text` is not. */
export function TextObject({ value }: { value: unknown }) {
  if (!isObject(value) || typeof value.text !== 'string') return null;
  return value.type === 'mrkdwn' ? <Mrkdwn text={value.text} /> : <div className="mrkdwn">{plainText(value.text)}</div>;
}

/** The text of a text object where only text can stand. */
export function textOf(value: unknown): string {
  return isObject(value) && typeof value.text === 'string' ? plainText(value.text) : '';
}
