import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { tolerateClosedOutput } from '../../../../src/cli/process/output.ts';

const failed = (code: string) => Object.assign(new Error(`${code}: it failed`), { code });

const outputs = () => {
  const stdout = new EventEmitter();
  const stderr = new EventEmitter();
  const failure = tolerateClosedOutput({ stdout, stderr } as never);
  return { stdout, stderr, failure };
};

test.each(['EPIPE', 'EIO'])('%s: nobody reads any more, and the command goes on', (code) => {
  const { stdout, stderr, failure } = outputs();
  stderr.emit('error', failed(code));
  stdout.emit('error', failed(code));
  stdout.emit('error', failed(code));
  expect(failure()).toBeUndefined();
});

test('a full disk behind stdout is a failure, behind stderr it is not', () => {
  const { stdout, stderr, failure } = outputs();
  stderr.emit('error', failed('ENOSPC'));
  expect(failure()).toBeUndefined();
  stdout.emit('error', failed('ENOSPC'));
  stdout.emit('error', failed('EPIPE'));
  expect(failure()?.message).toBe('ENOSPC: it failed');
});
