import { describe, expect, test } from 'vitest';
import { GATE_KINDS } from '../../src/domain/gate.ts';
import {
  actionGateIdOf,
  decisionGateIdOf,
  gateIdOf,
  gateNameOf,
  nextTickSeconds,
  pauseAfterGateIdOf,
  pauseGateIdOf,
} from '../../src/gates/gate-timing.ts';
import { aGate } from '../blocks/views.ts';

const DAY_MS = 86_400_000;
/** Events that one tick costs the machine: two tasks and a choice. */
const EVENTS_A_TICK = 16;

describe('the ticks of a gate', () => {
  test.each(GATE_KINDS)('that stands for two weeks fit into a history many times: %s', (kind) => {
    const openedAt = 0;
    const gate = aGate({ kind, openedAt, expiresAt: 14 * DAY_MS, remindAfterMinutes: 20_160, status: 'pending' });
    let ticks = 0;
    for (let now = openedAt; now < gate.expiresAt; ticks += 1) now += nextTickSeconds(gate, now) * 1_000;
    expect(ticks * EVENTS_A_TICK).toBeLessThan(25_000 / 10);
  });

  test('come at once when something is due', () => {
    const gate = aGate({
      kind: 'approval',
      openedAt: 0,
      expiresAt: DAY_MS,
      remindAfterMinutes: 20_160,
      status: 'pending',
    });
    expect(nextTickSeconds(gate, 0)).toBe(300);
    expect(nextTickSeconds(gate, DAY_MS / 2)).toBe(4_320);
    expect(nextTickSeconds(gate, DAY_MS - 1_500)).toBe(2);
  });
});

test('every kind of question is known by its gate’s id', () => {
  const key = { wave: 2, phase: 'post', index: 3, attempt: 4 } as const;
  expect(gateNameOf(gateIdOf(2))).toEqual({ kind: 'approval', revision: 2 });
  expect(gateNameOf(pauseGateIdOf(3))).toEqual({ kind: 'pause', wave: 3 });
  expect(gateNameOf(pauseAfterGateIdOf(3))).toEqual({ kind: 'pause', wave: 3, afterWave: true });
  expect(gateNameOf(decisionGateIdOf(1, 2))).toEqual({ kind: 'decision', wave: 1, attempt: 2 });
  const { wave, ...action } = key;
  expect(gateNameOf(actionGateIdOf(key))).toEqual({ kind: 'decision', wave, action });
  for (const none of ['approval', 'pause-after-', 'action-1-mid-1-1', 'decision-1', '']) {
    expect(gateNameOf(none)).toBeUndefined();
  }
});
