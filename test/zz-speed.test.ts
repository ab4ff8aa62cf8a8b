import { test } from 'vitest';
import { startWorld } from './end-to-end/world.ts';
for (const n of [1, 2, 3]) {
  test(`drill ${n}`, async () => {
    const lap = (() => { let c = process.cpuUsage(); return (w: string) => { const d = process.cpuUsage(c); process.stderr.write(`${w} ${((d.user + d.system) / 1e6).toFixed(2)} (sys ${(d.system / 1e6).toFixed(2)})\n`); c = process.cpuUsage(); }; })();
    const world = await startWorld();
    lap('start');
    await world.says('requester', 'drill HRP wave 1');
    await world.untilAsked();
    lap('asked');
    await world.presses('approver', 'approve', world.openGateCards()[0]);
    await world.untilStatus('completed');
    await world.drawn();
    lap('done');
    if (n === 3) {
      const m = new Map<string, number>();
      for (const c of world.calls) { const k = `${c.service}:${c.action} ${JSON.stringify(c.identity).replace(/.*role\//, '').slice(0, 60)}`; m.set(k, (m.get(k) ?? 0) + 1); }
      process.stderr.write(`${world.calls.length} calls\n` + [...m].sort((a, b) => b[1] - a[1]).map(([k, v]) => `${v} ${k}`).join('\n') + '\n');
    }
  });
}
