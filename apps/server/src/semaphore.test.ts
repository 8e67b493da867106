import { expect, test } from 'vitest'
import { PermitRefused, PermitTimeout, Semaphore } from './semaphore.ts'

/** Lets callers arrive while the only permit is taken, then gives it on, one by one; answers the order of service. */
async function order(arrivals: readonly string[]): Promise<string> {
  const semaphore = new Semaphore(1)
  const release = await semaphore.acquire()
  const served: string[] = []
  const all = arrivals.map(async (name) => {
    const done = await semaphore.acquire({ first: name === name.toUpperCase() })
    served.push(name)
    done()
  })
  release()
  await Promise.all(all)
  return served.join('')
}

test.each([
  ['abc', 'abc'],
  ['abcF', 'Fabc'],
  ['aFbG', 'FGab'],
  ['abFGHIJK', 'FGHIaJKb'],
  ['FGHIJ', 'FGHIJ'],
])('serves %s in the order %s: capitals first, and each fifth turn is for the others', async (arrivals, served) => {
  expect(await order([...arrivals])).toBe(served)
})

test('hands out no more permits than it has, and a second release of one frees nothing', async () => {
  const semaphore = new Semaphore(2)
  const [one] = [await semaphore.acquire(), await semaphore.acquire()]
  const [third, fourth] = [semaphore.acquire(), semaphore.acquire()]
  expect(semaphore.waiting).toBe(2)
  one()
  one()
  await third
  expect(semaphore.waiting).toBe(1)
  ;(await third)()
  await fourth
  expect(semaphore.waiting).toBe(0)
})

test('refuses who would wait behind too many, and whoever waited too long no longer waits', async () => {
  const semaphore = new Semaphore(1, 1)
  const release = await semaphore.acquire()
  const late = semaphore.acquire({ timeoutMs: 1 })
  await expect(semaphore.acquire()).rejects.toBeInstanceOf(PermitRefused)
  await expect(late).rejects.toBeInstanceOf(PermitTimeout)
  expect(semaphore.waiting).toBe(0)
  const next = semaphore.acquire()
  release()
  await next
})
