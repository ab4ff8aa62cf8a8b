import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take long, the longest first. The run is over when its last file is, so these begin first: vitest takes the files
 * in the order of how long they took before, but a fresh clone does not know that.
 */
export const LONG_FILES = [
  'browser/drills',
  'simulation/simulation',
  'infra/iam/recorded-calls',
  'browser/failovers-and-plans',
  'end-to-end/gate-race',
  'local/drill',
  'inputs/inputs',
  'local/start',
  'end-to-end/component',
  'infra/stacks',
  'infra/bundle',
  'end-to-end/entrances',
  'end-to-end/recovery-plan',
  'end-to-end/rehearsal',
].map((name) => `test/${name}.test.ts`);

/** Vitest's own order, but for {@link LONG_FILES}. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = LONG_FILES.findIndex((name) => moduleId.endsWith(`/${name}`));
      return found < 0 ? LONG_FILES.length : found;
    };
    return (await super.sort(files)).sort((one, other) => place(one) - place(other));
  }
}
