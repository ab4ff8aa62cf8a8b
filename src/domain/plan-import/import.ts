import type { z } from 'zod';
import { type GroupServer, type ProtectionGroup, protectionGroupSchema } from '../protection-group.ts';
import { type RecoveryPlan, type RecoveryPlanInput, recoveryPlanSchema } from '../recovery-plan.ts';

/** What every importer gives and is given: a parsed document in, plans and groups out, and nothing dropped in silence. */

/** A place in a document, e.g. `['waves', 0, 'name']`. */
export type Path = readonly (string | number)[];

/** Something of a document that our plans have no place for. */
export interface NotRunnable {
  /** It and everything below it. */
  where: Path;
  /** What stands there, short. */
  what: string;
  /** Why it is not run, and what to do instead, as a sentence. */
  why: string;
}

/** Something that has to be put right before the document can be imported. */
export interface ImportProblem {
  where: Path;
  message: string;
}

/** Where a plan, one of its waves, or a group stands in its document. */
export interface Place {
  planId?: string;
  wave?: number;
  groupId?: string;
  where: Path;
}

/** What an importer made of a document. */
export interface Imported {
  plans: RecoveryPlan[];
  groups: ProtectionGroup[];
  notRunnable: NotRunnable[];
  problems: ImportProblem[];
  places: Place[];
  /** What the file wants removed; only our own can say so. */
  removed?: Removed;
}

/** Plans and groups that a file wants removed, by their ids. */
export interface Removed {
  recoveryPlans: string[];
  protectionGroups: string[];
}

/** What a document does not say itself. */
export interface ImportContext {
  /** How a plan is called whose format gives it no name, e.g. the file's name. */
  name: string;
  /** The DR Region of groups whose format names none. */
  region: string;
  /** The source servers, by which host names are found; left out: none are known. */
  servers?: readonly GroupServer[];
  /** What `Tags` in a DR Orchestrator manifest mean: the public examples label recoveries with them, seed 1 perhaps selects. */
  manifestTags?: 'select' | 'label';
}

/** `['waves', 0, 'name']` as `waves[0].name`. */
export function pathText(path: Path): string {
  return path.map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${part}`)).join('');
}

/** An id made of a name: `Web Servers` as `web-servers`. */
export function idOf(...names: string[]): string {
  const words = names
    .join(' ')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-');
  return (
    words
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 64)
      .replace(/-+$/, '') || 'unnamed'
  );
}

/** True for what a document writes in braces. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Collects what an importer finds. */
export class Import {
  readonly #imported: Imported = { plans: [], groups: [], notRunnable: [], problems: [], places: [] };

  get result(): Imported {
    return this.#imported;
  }

  /** Names something that is not run. */
  leave(where: Path, value: unknown, why: string): void {
    this.#imported.notRunnable.push({ where, what: short(value), why });
  }

  problem(where: Path, message: string): void {
    this.#imported.problems.push({ where, message });
  }

  /** The fields of an object; undefined, and a problem, for anything else. */
  fields(value: unknown, where: Path): Fields | undefined {
    if (isRecord(value)) return new Fields(this, value, where);
    this.problem(where, `An object was expected, not ${short(value)}.`);
    return undefined;
  }

  /** Takes a group over when it is one. */
  group(candidate: z.input<typeof protectionGroupSchema>, where: Path): void {
    this.#imported.places.push({ groupId: candidate.groupId, where });
    const parsed = protectionGroupSchema.safeParse(candidate);
    if (parsed.success) this.#imported.groups.push(parsed.data);
    else for (const issue of parsed.error.issues) this.problem(where, inWords(issue));
  }

  /** Takes a plan over when it is one. `waves`: where each of its waves stands. */
  plan(candidate: RecoveryPlanInput, where: Path, waves: readonly Path[]): void {
    const { planId } = candidate;
    this.#imported.places.push(
      { planId, where },
      ...candidate.waves.map(({ waveNumber }, at) => ({ planId, wave: waveNumber, where: waves[at] ?? where })),
    );
    const parsed = recoveryPlanSchema.safeParse(candidate);
    if (parsed.success) {
      this.#imported.plans.push(parsed.data);
      return;
    }
    for (const issue of parsed.error.issues) {
      const [first, at] = issue.path;
      const ofWave = first === 'waves' && typeof at === 'number' ? waves[at] : undefined;
      this.problem(ofWave ?? where, inWords(issue));
    }
  }
}

/**
 * The fields of one object of a document. Every field is read or left by name; `end()` names those that were neither, so
 * that no field is dropped in silence.
 */
export class Fields {
  readonly where: Path;
  readonly #import: Import;
  readonly #value: Record<string, unknown>;
  readonly #unread: Set<string>;

  constructor(into: Import, value: Record<string, unknown>, where: Path) {
    this.#import = into;
    this.#value = value;
    this.where = where;
    this.#unread = new Set(Object.keys(value));
  }

  /** The names of all fields, in their order. */
  get names(): string[] {
    return Object.keys(this.#value);
  }

  /** Where a field stands. */
  at(name: string): Path {
    return [...this.where, name];
  }

  has(name: string): boolean {
    return this.#value[name] !== undefined && this.#value[name] !== null;
  }

  /** What stands there, whatever it is; null counts as nothing. */
  any(name: string): unknown {
    this.#unread.delete(name);
    return this.#value[name] ?? undefined;
  }

  text(name: string): string | undefined {
    return this.#read(name, 'text', (value) => typeof value === 'string');
  }

  /** Text that has to be there; a problem and `otherwise` where it is not. */
  neededText(name: string, otherwise: string): string {
    if (!this.has(name)) this.problem(name, `${name} is missing.`);
    return this.text(name) ?? otherwise;
  }

  number(name: string): number | undefined {
    return this.#read(name, 'a number', (value) => typeof value === 'number');
  }

  neededNumber(name: string, otherwise: number): number {
    if (!this.has(name)) this.problem(name, `${name} is missing.`);
    return this.number(name) ?? otherwise;
  }

  flag(name: string): boolean | undefined {
    return this.#read(name, 'true or false', (value) => typeof value === 'boolean');
  }

  texts(name: string): string[] | undefined {
    return this.#read(name, 'a list of text', (value): value is string[] => isListOf(value, 'string'));
  }

  numbers(name: string): number[] | undefined {
    return this.#read(name, 'a list of numbers', (value): value is number[] => isListOf(value, 'number'));
  }

  /** Tags; an object without any counts as nothing. */
  tags(name: string): Record<string, string> | undefined {
    const tags = this.#read(
      name,
      'names with texts',
      (value): value is Record<string, string> => isRecord(value) && isListOf(Object.values(value), 'string'),
    );
    return tags === undefined || Object.keys(tags).length === 0 ? undefined : tags;
  }

  /** The objects of a list, each with its place; none when the list is left out. */
  list(name: string): Fields[] {
    const items = this.#read(name, 'a list', (value): value is unknown[] => Array.isArray(value)) ?? [];
    return items.flatMap((item, at) => this.#import.fields(item, [...this.at(name), at]) ?? []);
  }

  /** The fields of the object that stands there; undefined when it is left out. */
  inner(name: string): Fields | undefined {
    const value = this.any(name);
    return value === undefined ? undefined : this.#import.fields(value, this.at(name));
  }

  problem(name: string, message: string): void {
    this.#import.problem(this.at(name), message);
  }

  /** Names fields, where they are there, as not run. */
  leave(names: readonly string[], why: string): void {
    for (const name of names) {
      if (this.#unread.has(name)) this.#import.leave(this.at(name), this.#value[name], why);
      this.#unread.delete(name);
    }
  }

  /** Names a field that has been read as not run. */
  leaveRead(name: string, why: string): void {
    if (this.has(name)) this.#import.leave(this.at(name), this.#value[name], why);
  }

  /** Names the whole object as not run. */
  leaveAll(why: string): void {
    this.#import.leave(this.where, this.#value, why);
    this.#unread.clear();
  }

  /** Names every field that nobody asked for. */
  end(): void {
    this.leave([...this.#unread], 'The format is not known to have this field.');
  }

  #read<T>(name: string, expected: string, is: (value: unknown) => value is T): T | undefined {
    const value = this.any(name);
    if (value === undefined || is(value)) return value;
    this.problem(name, `${name} is to be ${expected}, not ${short(value)}.`);
    return undefined;
  }
}

function isListOf(value: unknown, type: 'string' | 'number'): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === type);
}

/** A schema's finding as a sentence: `waveName: a name is one line.` */
export function inWords({ path, message }: z.core.$ZodIssue): string {
  const field = pathText(path.filter((part) => typeof part !== 'symbol'));
  return `${field === '' ? '' : `${field}: `}${message}.`;
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
