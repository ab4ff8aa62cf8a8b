import { HOME, type Place } from './place.ts';
import type { Directory } from './protocol.ts';

interface ChannelsProps {
  directory: Directory;
  place: Place;
  /** Messages that have not been read, by channel id. */
  unread: Readonly<Record<string, number>>;
  onGo: (place: Place) => void;
}

interface Entry {
  place: Place;
  label: string;
  unread: number;
}

function entriesOf({ directory, unread }: ChannelsProps): Entry[] {
  return [
    ...directory.channels.map(({ id, name, isDirect }) => ({
      place: id,
      label: isDirect === true ? `${name} (messages)` : `# ${name}`,
      unread: unread[id] ?? 0,
    })),
    { place: HOME, label: `${directory.bot.name} (app)`, unread: 0 },
  ];
}

/** The places that one can go to: a list where there is room, a menu on a phone. */
export function Channels(props: ChannelsProps) {
  const { place: current, onGo } = props;
  const entries = entriesOf(props);
  const elsewhere = entries.reduce((sum, { unread }) => sum + unread, 0);
  return (
    <>
      <ul className="channel-list">
        {entries.map(({ place, label, unread }) => (
          <li key={place}>
            <button
              type="button"
              className="channel-name"
              aria-current={place === current ? 'page' : undefined}
              data-unread={unread > 0}
              onClick={() => onGo(place)}
            >
              <span>{label}</span>
              {unread > 0 && (
                <span className="unread">
                  {unread}
                  <span className="unseen"> unread</span>
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
      <div className="channel-menu">
        <select aria-label="Channel or app" value={current} onChange={({ target }) => onGo(target.value)}>
          {entries.map(({ place, label, unread }) => (
            <option key={place} value={place}>
              {unread > 0 ? `${label} – ${unread} unread` : label}
            </option>
          ))}
        </select>
        {elsewhere > 0 && (
          <span className="unread">
            {elsewhere}
            <span className="unseen"> unread in other channels</span>
          </span>
        )}
      </div>
    </>
  );
}
