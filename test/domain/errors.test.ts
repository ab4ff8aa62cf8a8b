import { describe, expect, it } from 'vitest';
import { DrError, messageOf, nameOf } from '../../src/domain/errors.ts';

describe('an error of the product', () => {
  it('is named by its code, which state machines branch on', () => {
    const error = new DrError('PlanChanged', 'The fleet has changed.');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'PlanChanged', code: 'PlanChanged', message: 'The fleet has changed.' });
  });

  it('keeps its cause', () => {
    const cause = new Error('socket hang up');
    expect(new DrError('ConfigurationError', 'No answer.', { cause }).cause).toBe(cause);
  });
});

describe('anything thrown', () => {
  it.each<{ thrown: unknown; name: string; message: string }>([
    { thrown: new DrError('NotFound', 'Gone.'), name: 'NotFound', message: 'Gone.' },
    { thrown: new TypeError('not a function'), name: 'TypeError', message: 'not a function' },
    { thrown: 'just text', name: 'Error', message: 'just text' },
    { thrown: undefined, name: 'Error', message: 'undefined' },
  ])('has a name and a message: $message', ({ thrown, name, message }) => {
    expect([nameOf(thrown), messageOf(thrown)]).toEqual([name, message]);
  });
});
