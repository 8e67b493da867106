/** The Redis that the tests use; `npm test` starts it. */
export function testRedis(): string {
  const url = process.env.TEST_REDIS_URL
  if (!url) throw new Error('TEST_REDIS_URL names no Redis; `npm test` starts one')
  return url
}
