import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { isHostAllowed, isLoopback, isOriginAllowed, isTokenRight } from './access.js';

const request = (headers: { host?: string; origin?: string }) => ({ headers }) as IncomingMessage;

it('tells addresses of this machine from others', () => {
  expect(['localhost', '127.0.0.1', '127.8.0.1', '::1'].every(isLoopback)).toBe(true);
  expect(['0.0.0.0', '::', '192.168.0.4', 'localhost.evil.example', '127.evil.example', ''].some(isLoopback)).toBe(
    false,
  );
});

it('answers to names of this machine only, where only this machine can reach it', () => {
  const hosts = ['127.0.0.1:80', 'localhost', '[::1]:80'];
  expect(hosts.every((host) => isHostAllowed(request({ host }), '127.0.0.1'))).toBe(true);
  for (const host of ['evil.example', '127.0.0.1.evil.example:80', '', 'a b']) {
    expect(isHostAllowed(request({ host }), 'localhost'), host).toBe(false);
  }
  expect(isHostAllowed(request({ host: 'lab.example' }), '0.0.0.0')).toBe(true);
});

it('lets the own page connect, and no page of another origin', () => {
  const host = '127.0.0.1:7000';
  expect(isOriginAllowed(request({ host, origin: 'http://127.0.0.1:7000' }))).toBe(true);
  for (const origin of [
    'http://127.0.0.1:7001',
    'http://evil.example',
    'http://127.0.0.1:7000.evil.example',
    'null',
    '',
  ]) {
    expect(isOriginAllowed(request({ host, origin })), origin).toBe(false);
  }
});

it('takes the right token and no other', () => {
  expect(isTokenRight('0123456789abcdef', '0123456789abcdef')).toBe(true);
  for (const wrong of [null, '', '0123456789abcdeF', '0123456789abcdef0']) {
    expect(isTokenRight(wrong, '0123456789abcdef')).toBe(false);
  }
});
