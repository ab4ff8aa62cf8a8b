import type { PagePerson } from './protocol.ts';

interface PeopleProps {
  people: readonly PagePerson[];
  me: string;
  onSwitch: (name: string) => void;
}

/** The switch between people: buttons where there is room, a menu on a phone. */
export function People({ people, me, onSwitch }: PeopleProps) {
  return (
    <>
      <fieldset className="people-buttons">
        <legend>You are</legend>
        {people.map(({ name, may }) => (
          <button key={name} type="button" aria-pressed={name === me} onClick={() => onSwitch(name)}>
            <strong>{name}</strong>
            <span>{may}</span>
          </button>
        ))}
      </fieldset>
      <label className="people-menu side-menu">
        You are{' '}
        <select value={me} onChange={(event) => onSwitch(event.target.value)}>
          {people.map(({ name, may }) => (
            <option key={name} value={name}>
              {may === '' ? name : `${name} – ${may}`}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}
