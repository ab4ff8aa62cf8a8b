import { Fn } from 'aws-cdk-lib';

/**
 * A definition without what only its readers need, white space and comments. Each state has a line of its own: as a text of
 * several lines it needs no escapes in the YAML that the CDK sends to CloudFormation.
 */
export function compact(definition: string): string {
  const { States, ...machine } = JSON.parse(definition, (key, value: unknown) =>
    key === 'Comment' ? undefined : value,
  ) as { States: Record<string, unknown> };
  const states = Object.entries(States).map(([name, state]) => `${JSON.stringify(name)}:${JSON.stringify(state)}`);
  return `${JSON.stringify(machine).slice(0, -1)},"States":{\n${states.join(',\n')}\n}}`;
}

/** A text in which `${A0}` and the like stand for `parts.A0`, as `Fn::Sub` fills them in. */
export interface Folded {
  text: string;
  parts: Record<string, string>;
}

/** Shorter parts save nothing. */
const SHORTEST_PART = 24;
/** What a part costs besides its own text: its name, and what stands around it in the template. */
const COST_OF_PART = 40;

/**
 * A compact definition with each part that it repeats, such as its states' Retry and Catch, written only once: Amazon
 * States Language has no way to say that. Only CloudFormation sees the difference; Step Functions gets the whole text.
 */
export function fold(definition: string): Folded {
  if (definition.includes('${')) throw new Error('A definition with placeholders cannot be folded');
  let text = definition;
  const parts: Record<string, string> = {};
  // The longest first: what is within it, too, is then written once with it.
  for (const part of repeatedParts(JSON.parse(definition)).sort((a, b) => b.length - a.length)) {
    const pieces = text.split(part);
    const name = `A${Object.keys(parts).length}`;
    const saved = (pieces.length - 2) * part.length - (pieces.length - 1) * (name.length + 3);
    if (saved <= COST_OF_PART) continue;
    parts[name] = part;
    text = pieces.join(`\${${name}}`);
  }
  return { text, parts };
}

const known = new Map<string, Folded>();

/** What CloudFormation is given for a definition where the template has to be small: every account has the same. */
export function foldedDefinition(definition: string): string {
  const folded = known.get(definition) ?? fold(compact(definition));
  known.set(definition, folded);
  return Fn.sub(folded.text, folded.parts);
}

/** Values and fields of a JSON document that occur more than once, as they stand in its text. */
function repeatedParts(document: unknown): string[] {
  const counts = new Map<string, number>();
  const count = (part: string): void => {
    if (part.length >= SHORTEST_PART) counts.set(part, (counts.get(part) ?? 0) + 1);
  };
  const look = (value: unknown): void => {
    count(JSON.stringify(value));
    if (typeof value !== 'object' || value === null) return;
    for (const [key, member] of Object.entries(value)) {
      if (!Array.isArray(value)) count(`${JSON.stringify(key)}:${JSON.stringify(member)}`);
      look(member);
    }
  };
  look(document);
  return [...counts].filter(([, times]) => times > 1).map(([part]) => part);
}
